import { execFileSync } from 'node:child_process';
import { readdirSync, readFileSync, readlinkSync } from 'node:fs';
import { createServer } from 'node:net';
import { availableParallelism, cpus, release, totalmem } from 'node:os';
import { MissingPeerError } from './bench.ts';

/** Clock ticks of `/proc` per second: 100 on every Linux Node runs on. */
const TICK_MS = 10;

/** The fields of `/proc/<pid>/stat` behind the name, which may itself hold spaces; undefined when it is gone. */
const statOf = (pid: number | string): readonly string[] | undefined => {
  try {
    const text = readFileSync(`/proc/${pid}/stat`, 'latin1');
    return text.slice(text.lastIndexOf(')') + 2).split(' ');
  } catch {
    return undefined;
  }
};

/** Milliseconds of CPU (user and system) a process has used, in steps of 10. */
export const cpuMs = (pid: number): number => {
  const stat = statOf(pid);
  return (Number(stat?.[11] ?? 0) + Number(stat?.[12] ?? 0)) * TICK_MS;
};

/** Resident bytes of a process. */
export const rssBytes = (pid: number): number => {
  const kib = /^VmRSS:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, 'latin1'))?.[1];
  return Number(kib ?? 0) * 1024;
};

const parents = (): ReadonlyMap<number, number> => {
  const map = new Map<number, number>();
  for (const name of readdirSync('/proc')) {
    if (/^\d+$/.test(name)) map.set(Number(name), Number(statOf(name)?.[1] ?? 0));
  }
  return map;
};

/** How many connections a process has accepted on a port of 127.0.0.1 and not closed. */
export const connectionsOf = (pid: number, port: number): number => {
  const local = `0100007F:${port.toString(16).toUpperCase().padStart(4, '0')}`;
  const inodes = new Set(
    readFileSync('/proc/net/tcp', 'latin1')
      .split('\n')
      .map((line) => line.trim().split(/\s+/))
      // 01 is ESTABLISHED.
      .filter(([, address, , state]) => address === local && state === '01')
      .map((fields) => `socket:[${fields[9]}]`),
  );
  const targetOf = (fd: string): string => {
    try {
      return readlinkSync(`/proc/${pid}/fd/${fd}`);
    } catch {
      // Closed since the folder was read.
      return '';
    }
  };
  return readdirSync(`/proc/${pid}/fd`).filter((fd) => inodes.has(targetOf(fd))).length;
};

/** Whether a process is still there, be it as one that nobody has waited for. */
export const isAlive = (pid: number): boolean => {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
};

/** A process and everything it started that still runs. */
export const familyOf = (root: number): readonly number[] => {
  const parentOf = parents();
  const family = [root];
  for (const member of family) {
    for (const [pid, parent] of parentOf) if (parent === member) family.push(pid);
  }
  return family;
};

/** CPU milliseconds of this process, of its living descendants and of those it has waited for. */
const ownCpuMs = (): number => {
  const waited = statOf('self');
  const ended = (Number(waited?.[13] ?? 0) + Number(waited?.[14] ?? 0)) * TICK_MS;
  return familyOf(process.pid).reduce((total, pid) => total + cpuMs(pid), ended);
};

const busyMs = (): number => {
  const [user = 0, nice = 0, system = 0, , , irq = 0, softirq = 0] = readFileSync('/proc/stat', 'latin1')
    .split('\n', 1)[0]
    ?.trim()
    .split(/\s+/)
    .slice(1)
    .map(Number) ?? [0];
  return (user + nice + system + irq + softirq) * TICK_MS;
};

/** Starts to watch the machine; the returned function tells how many CPUs others have kept busy since. */
export const watchOthers = (): (() => number) => {
  const busy = busyMs();
  const own = ownCpuMs();
  const since = performance.now();
  return () => Math.max(0, (busyMs() - busy - (ownCpuMs() - own)) / (performance.now() - since));
};

/** Finds a program or tells how to get it. */
export const need = (program: string, hint: string): string => {
  try {
    return execFileSync('/bin/sh', ['-c', `command -v ${program} || ls /usr/sbin/${program}`], {
      encoding: 'utf8',
    }).trim();
  } catch (cause) {
    throw new MissingPeerError(program, hint, { cause });
  }
};

/** A command prefix that keeps what it starts on one CPU; empty where there is only one, or no `taskset`. */
export const pinnedTo = (cpu: number): readonly string[] => {
  if (availableParallelism() < 2) return [];
  try {
    return [need('taskset', 'apt-get install util-linux'), '-c', String(cpu)];
  } catch {
    return [];
  }
};

const isFree = (port: number): Promise<boolean> =>
  new Promise((resolve) => {
    const server = createServer();
    server.once('error', () => resolve(false));
    server.listen(port, '127.0.0.1', () => server.close(() => resolve(true)));
  });

/** Ports below the range from which clients get theirs, so that no outgoing connection takes one meanwhile. */
export const freePorts = async (amount: number): Promise<readonly number[]> => {
  const ports: number[] = [];
  for (let port = 12_000 + Math.floor(Math.random() * 8000); ports.length < amount && port < 32_000; port += 1) {
    if (await isFree(port)) ports.push(port);
  }
  return ports;
};

/** Where numbers come from: a line under every table. */
export const machineLine = (): string => {
  const model = cpus()[0]?.model.trim() ?? 'unknown CPU';
  const gib = Math.round(totalmem() / 2 ** 30);
  return `${availableParallelism()} × ${model}, ${gib} GiB, Linux ${release()}, Node ${process.version}`;
};
