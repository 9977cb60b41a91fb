import { lstatSync, mkdirSync, type Stats } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { ControlDirectoryError } from './errors.ts';

/** Who somebody is to the system, and what it was told. */
export interface Surroundings {
  readonly env: Readonly<Record<string, string | undefined>>;
  /** The effective user id; `undefined` where there are none. */
  readonly uid: number | undefined;
}

export const surroundings = (): Surroundings => ({ env: process.env, uid: process.geteuid?.() });

/**
 * Where control sockets may be, the directory a new one goes to first.
 *
 * `SLUICE_CONTROL_DIR` alone when it is set. Otherwise the directory that systemd made for the unit
 * (`RUNTIME_DIRECTORY`), `$XDG_RUNTIME_DIR/sluice`, `/run/sluice` (new sockets: only of root), `<tmp>/sluice-<uid>`.
 */
export const controlDirectories = ({ env, uid }: Surroundings): readonly [string, ...string[]] => {
  // A socket has a full path, wherever it was said from.
  if (env.SLUICE_CONTROL_DIR) return [resolve(env.SLUICE_CONTROL_DIR)];
  // Several are separated by colons; the first is the unit's main one.
  const [ofUnit] = (env.RUNTIME_DIRECTORY ?? '').split(':');
  const system = '/run/sluice';
  const session = env.XDG_RUNTIME_DIR ? [join(env.XDG_RUNTIME_DIR, 'sluice')] : [];
  const own = join(tmpdir(), `sluice-${uid ?? 'user'}`);
  const ordered = uid === 0 ? [system, ...session, own] : [...session, own, system];
  const [first = own, ...rest] = [...new Set([...(ofUnit ? [ofUnit] : []), ...ordered])];
  return [first, ...rest];
};

const MODE = 0o777;
const PRIVATE = 0o700;

/**
 * Says what is wrong with a directory of control sockets; `undefined` when it is private.
 *
 * @param owners - user ids it may belong to; `undefined` where there are none.
 */
const faultOf = (stats: Stats, owners: readonly number[] | undefined): readonly [string, string] | undefined => {
  if (stats.isSymbolicLink()) return ['is a symbolic link', 'remove it, or name another with SLUICE_CONTROL_DIR'];
  if (!stats.isDirectory()) return ['is no directory', 'remove it, or name another with SLUICE_CONTROL_DIR'];
  if (owners !== undefined && !owners.includes(stats.uid)) {
    return [`belongs to user ${stats.uid}`, 'name a directory of your own with SLUICE_CONTROL_DIR'];
  }
  const mode = stats.mode & MODE;
  if (owners === undefined || mode === PRIVATE) return undefined;
  return [`has mode ${mode.toString(8).padStart(4, '0')}, not 0700`, 'chmod 700 it, after a look at what is in it'];
};

/**
 * Makes the directory for control sockets, or makes sure that the one which is there is private: whoever could write
 * into it could stand in for the cluster.
 *
 * @throws ControlDirectoryError when it is not, and nothing is changed about it then.
 */
export const prepareDirectory = (directory: string, { uid }: Pick<Surroundings, 'uid'>): void => {
  try {
    mkdirSync(directory, { mode: PRIVATE });
  } catch (cause) {
    if (!(cause instanceof Error && 'code' in cause && cause.code === 'EEXIST')) {
      const hint = 'name a directory that can be made with SLUICE_CONTROL_DIR, or run with --no-control';
      throw new ControlDirectoryError(directory, 'cannot be made', hint, { cause });
    }
  }
  // No fault of `mkdir`: a umask can only take away from what was asked for, and then it is refused here.
  const fault = faultOf(lstatSync(directory), uid === undefined ? undefined : [uid]);
  if (fault !== undefined) throw new ControlDirectoryError(directory, ...fault);
};

/**
 * Makes sure that the sockets in a directory are those of its owner: the caller, or anybody when that is root.
 *
 * @returns what is wrong; `undefined` when nothing is. `'absent'` when there is no such directory.
 */
export const inspectDirectory = (
  directory: string,
  { uid }: Pick<Surroundings, 'uid'>,
): ControlDirectoryError | 'absent' | undefined => {
  const stats = lstatSync(directory, { throwIfNoEntry: false });
  if (stats === undefined) return 'absent';
  const fault = faultOf(stats, uid === undefined ? undefined : [uid, ...(uid === 0 ? [stats.uid] : [])]);
  return fault === undefined ? undefined : new ControlDirectoryError(directory, ...fault);
};

/** A directory of control sockets that is there. */
export interface PresentDirectory {
  readonly directory: string;
  /** Why it must not be used; `undefined` when it may be. */
  readonly fault: ControlDirectoryError | undefined;
}

/**
 * The directories of control sockets that are there.
 *
 * One of somebody else is left out, unless it stands where the caller's own would be: that others on the machine run
 * clusters is nothing to complain about.
 */
export const presentDirectories = (where: Surroundings): readonly PresentDirectory[] =>
  controlDirectories(where).flatMap((directory, index) => {
    const fault = inspectDirectory(directory, where);
    if (fault === 'absent' || (fault !== undefined && index > 0 && isOfOthers(directory, where))) return [];
    return [{ directory, fault }];
  });

const isOfOthers = (directory: string, { uid }: Pick<Surroundings, 'uid'>): boolean =>
  lstatSync(directory, { throwIfNoEntry: false })?.uid !== uid;
