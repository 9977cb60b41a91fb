/** A directory in which the quota of a control group stands. */
export interface GroupDirectory {
  readonly version: 1 | 2;
  readonly path: string;
}

interface Mount {
  readonly version: 1 | 2;
  /** The group that is mounted: another than `/` in a container. */
  readonly root: string;
  readonly point: string;
}

/**
 * The directories of every group whose CPU quota a process is under: its own and all above, in each hierarchy that can
 * limit CPU. Both versions may be there at once.
 *
 * @param cgroup - the text of `/proc/self/cgroup`.
 * @param mountinfo - the text of `/proc/self/mountinfo`.
 * @see cgroups(7), proc_pid_mountinfo(5).
 */
export const groupDirectories = (cgroup: string, mountinfo: string): readonly GroupDirectory[] => {
  const mounts = mountinfo.split('\n').flatMap(mountOf);
  return cgroup.split('\n').flatMap((line) => {
    const [, controllers, own] = /^\d+:([^:]*):(\/.*)$/.exec(line) ?? [];
    if (controllers === undefined || own === undefined) return [];
    const version = versionOf(controllers);
    const mount = mounts.find((candidate) => candidate.version === version);
    if (version === undefined || mount === undefined) return [];
    return upwards(mount.point, within(mount.root, own)).map((path) => ({ version, path }));
  });
};

/** The line of version 2 names no controllers; of those of version 1, one has the CPU. */
const versionOf = (controllers: string): 1 | 2 | undefined => {
  if (controllers === '') return 2;
  return controllers.split(',').includes('cpu') ? 1 : undefined;
};

/** `36 35 98:0 /root /point rw,noatime shared:1 - cgroup name rw,cpu,cpuacct` */
const mountOf = (line: string): readonly Mount[] => {
  const [before = '', after = ''] = line.split(' - ');
  const [, , , root, point] = before.split(' ').map(decoded);
  const [type, , options = ''] = after.split(' ');
  if (root === undefined || point === undefined) return [];
  if (type === 'cgroup2') return [{ version: 2, root, point }];
  return type === 'cgroup' && options.trim().split(',').includes('cpu') ? [{ version: 1, root, point }] : [];
};

/** The kernel writes blanks in paths as `\040`. */
const decoded = (text: string): string =>
  text.replace(/\\([0-7]{3})/g, (_, octal: string) => String.fromCharCode(Number.parseInt(octal, 8)));

/**
 * The names from the mounted group down to the process's own. In a container both may be paths of the host, or a path
 * that is not below what is mounted (`/../other`): then the mounted group is all that can be seen.
 */
const within = (root: string, own: string): readonly string[] => {
  const base = root === '/' ? '' : root;
  const below = own === base || own.startsWith(`${base}/`) ? own.slice(base.length) : '';
  const names = below.split('/').filter((name) => name !== '');
  return names.includes('..') ? [] : names;
};

const upwards = (point: string, names: readonly string[]): readonly string[] =>
  Array.from({ length: names.length + 1 }, (_, up) => [point, ...names.slice(0, names.length - up)].join('/'));
