import type { ReadText } from '../../lib/cpus/read-facts.ts';

/** A machine as its files tell of it: path and text, the way the kernel writes it, with a line break at the end. */
export type FileTree = Readonly<Record<string, string>>;

export const readTree =
  (tree: FileTree): ReadText =>
  (path) =>
    tree[path];

const SYS = '/sys/devices/system/cpu';

/** The files of `topology` for CPUs in a row: what each file of each CPU says. */
export const topology = (cpus: Readonly<Record<number, Readonly<Record<string, string | number>>>>): FileTree =>
  Object.fromEntries(
    Object.entries(cpus).flatMap(([cpu, files]) =>
      Object.entries(files).map(([name, text]) => [`${SYS}/cpu${cpu}/topology/${name}`, `${text}\n`]),
    ),
  );

export const online = (list: string): FileTree => ({ [`${SYS}/online`]: `${list}\n` });

export const allowed = (list: string): FileTree => ({
  '/proc/self/status': `Name:\tnode\nThreads:\t11\nCpus_allowed:\tff\nCpus_allowed_list:\t${list}\nMems_allowed:\t1\n`,
});

/** A control group of version 2 with what stands in `cpu.max` of it and of those above, by their paths. */
export const groupV2 = (own: string, max: Readonly<Record<string, string>>): FileTree => ({
  '/proc/self/cgroup': `0::${own}\n`,
  '/proc/self/mountinfo': '30 23 0:26 / /sys/fs/cgroup rw,nosuid - cgroup2 cgroup2 rw,nsdelegate\n',
  ...Object.fromEntries(Object.entries(max).map(([path, text]) => [`/sys/fs/cgroup${path}/cpu.max`, `${text}\n`])),
});

/** The same of version 1, where the mount has no line of version 2 that says anything. */
export const groupV1 = (
  own: string,
  quotas: Readonly<Record<string, readonly [quotaUs: number, periodUs: number]>>,
): FileTree => ({
  '/proc/self/cgroup': `12:memory:/\n4:cpu,cpuacct:${own}\n1:name=systemd:/\n0::/\n`,
  '/proc/self/mountinfo': [
    '31 23 0:28 / /sys/fs/cgroup ro,nosuid shared:9 - tmpfs tmpfs ro,mode=755',
    '33 31 0:30 / /sys/fs/cgroup/cpu,cpuacct rw,nosuid shared:15 - cgroup cgroup rw,cpu,cpuacct',
    '41 31 0:38 / /sys/fs/cgroup/unified rw - cgroup2 cgroup2 rw',
    '',
  ].join('\n'),
  ...Object.fromEntries(
    Object.entries(quotas).flatMap(([path, [quotaUs, periodUs]]) => [
      [`/sys/fs/cgroup/cpu,cpuacct${path}/cpu.cfs_quota_us`, `${quotaUs}\n`],
      [`/sys/fs/cgroup/cpu,cpuacct${path}/cpu.cfs_period_us`, `${periodUs}\n`],
    ]),
  ),
});

/** Blocks of `/proc/cpuinfo`, each with the fields it has. */
export const cpuinfo = (blocks: readonly Readonly<Record<string, number>>[]): FileTree => ({
  '/proc/cpuinfo': blocks
    .map(
      (fields) =>
        `${Object.entries(fields)
          .map(([name, value]) => `${name}\t: ${value}\n`)
          .join('')}flags\t\t: fpu\n\n`,
    )
    .join(''),
});
