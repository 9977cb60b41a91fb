import { lstatSync, readdirSync, unlinkSync } from 'node:fs';
import { basename, join } from 'node:path';
import { type Probe, probeSocket } from '../listener/probe.ts';

/** The control socket of one process. */
export interface ControlSocket {
  readonly path: string;
  /** What the cluster is called. */
  readonly name: string;
  readonly pid: number;
}

/** The longest path of a socket on Linux, without its final zero; 103 on macOS. */
const LONGEST_PATH = process.platform === 'darwin' ? 103 : 107;

/** Characters of a name that are left of a longer one: the path of a socket is short. */
const LONGEST_NAME = 32;

/** What a cluster is called in the names of files: letters, digits, `-` and `_`; `cluster` when nothing is left. */
export const socketName = (text: string): string =>
  text
    .replace(/[^\w-]+/g, '-')
    .replace(/^-+/, '')
    .slice(0, LONGEST_NAME)
    .replace(/-+$/, '') || 'cluster';

/** Where the control socket of a process is. */
export const socketIn = (directory: string, name: string, pid: number): ControlSocket => ({
  path: join(directory, `${name}.${pid}.sock`),
  name,
  pid,
});

/** Whether the system can bind a socket to a path at all. */
export const isBindable = (path: string): boolean => Buffer.byteLength(path) <= LONGEST_PATH;

/** The socket that a file is, by its name; `undefined` for what is none of ours. */
export const socketAt = (path: string): ControlSocket | undefined => {
  const [, name, pid] = /^([\w-]+)\.(\d{1,10})\.sock$/.exec(basename(path)) ?? [];
  return name === undefined ? undefined : { path, name, pid: Number(pid) };
};

/** A socket and whether anybody listens there. */
export interface ProbedSocket extends ControlSocket {
  readonly probe: Probe;
}

/** The control sockets in a directory, in the order of their names; none when it cannot be read. Never rejects. */
export const socketsIn = async (directory: string): Promise<readonly ProbedSocket[]> => {
  const sockets = namesIn(directory)
    .map((name) => socketAt(join(directory, name)))
    .filter((socket) => socket !== undefined)
    .filter(({ path }) => lstatSync(path, { throwIfNoEntry: false })?.isSocket() === true);
  return Promise.all(sockets.map(async (socket) => ({ ...socket, probe: await probeSocket(socket.path) })));
};

const namesIn = (directory: string): readonly string[] => {
  try {
    return readdirSync(directory).sort();
  } catch {
    return []; // Absent, or of somebody else: no sockets for us.
  }
};

/**
 * Whether a socket was left behind by a process that has died.
 *
 * A process that starts binds a moment before it listens, and would be refused then: what is of a living process counts
 * as left behind only after some seconds, when its number must have gone to another.
 */
export const isLeftBehind = ({ path, pid, probe }: ProbedSocket): boolean => {
  if (probe !== 'refused') return false;
  if (!isAlive(pid)) return true;
  const stats = lstatSync(path, { throwIfNoEntry: false });
  return stats !== undefined && Date.now() - stats.ctimeMs > YOUNG_MS;
};

/** Milliseconds in which whoever has bound a socket listens on it, on a machine that hardly gets on. */
const YOUNG_MS = 5_000;

const isAlive = (pid: number): boolean => {
  try {
    process.kill(pid, 0);
    return true;
  } catch (cause) {
    // It lives and belongs to somebody else.
    return cause instanceof Error && 'code' in cause && cause.code === 'EPERM';
  }
};

/** Removes the sockets of processes that have died from a directory that was prepared; gives their paths. */
export const sweep = async (directory: string): Promise<readonly string[]> => {
  const left = (await socketsIn(directory)).filter(isLeftBehind);
  return left.flatMap(({ path }) => {
    try {
      unlinkSync(path);
      return [path];
    } catch {
      return []; // Somebody else was faster.
    }
  });
};
