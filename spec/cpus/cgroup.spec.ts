import fc from 'fast-check';
import { expect, test } from 'vitest';
import { groupDirectories } from '../../lib/cpus/cgroup.ts';

const mount2 = '30 23 0:26 / /sys/fs/cgroup rw,nosuid shared:4 - cgroup2 cgroup2 rw,nsdelegate';
const mount1 = '33 31 0:30 / /sys/fs/cgroup/cpu,cpuacct rw - cgroup cgroup rw,cpu,cpuacct';
const paths = (cgroup: string, mountinfo: string) => groupDirectories(cgroup, mountinfo).map(({ path }) => path);

test('the own group comes first, then all above up to the one that is mounted', () => {
  expect(groupDirectories('0::/system.slice/app.service\n', `${mount2}\n`)).toEqual([
    { version: 2, path: '/sys/fs/cgroup/system.slice/app.service' },
    { version: 2, path: '/sys/fs/cgroup/system.slice' },
    { version: 2, path: '/sys/fs/cgroup' },
  ]);
});

test('of version 1 only the hierarchy that has the CPU counts, and cpuset or cpuacct alone is another', () => {
  const mounts = [
    '34 31 0:31 / /sys/fs/cgroup/cpuset rw - cgroup cgroup rw,cpuset',
    '35 31 0:32 / /sys/fs/cgroup/cpuacct rw - cgroup cgroup rw,cpuacct',
    mount1,
  ].join('\n');
  const cgroup = '9:name=systemd:/\n3:cpuset:/a\n2:cpuacct:/b\n1:cpu:/c\n';
  expect(groupDirectories(cgroup, mounts)).toEqual([
    { version: 1, path: '/sys/fs/cgroup/cpu,cpuacct/c' },
    { version: 1, path: '/sys/fs/cgroup/cpu,cpuacct' },
  ]);
});

test('with both versions mounted, both count', () => {
  const unified = '41 31 0:38 / /sys/fs/cgroup/unified rw - cgroup2 cgroup2 rw';
  expect(paths('4:cpu,cpuacct:/x\n0::/\n', `${mount1}\n${unified}\n`)).toEqual([
    '/sys/fs/cgroup/cpu,cpuacct/x',
    '/sys/fs/cgroup/cpu,cpuacct',
    '/sys/fs/cgroup/unified',
  ]);
});

test('a container whose group is mounted under the name of the host finds its quota at the mount', () => {
  const mounted = '33 31 0:30 /docker/4f2a /sys/fs/cgroup/cpu ro - cgroup cgroup rw,cpu';
  expect(paths('4:cpu:/docker/4f2a\n', mounted)).toEqual(['/sys/fs/cgroup/cpu']);
  expect(paths('4:cpu:/docker/4f2a/inner\n', mounted)).toEqual(['/sys/fs/cgroup/cpu/inner', '/sys/fs/cgroup/cpu']);
  expect(paths('4:cpu:/docker/4f2abc\n', mounted)).toEqual(['/sys/fs/cgroup/cpu']);
});

test('a path outside what is mounted leaves the mount only', () => {
  expect(paths('0::/../other\n', mount2)).toEqual(['/sys/fs/cgroup']);
});

test('blanks in paths are the way the kernel writes them', () => {
  expect(paths('0::/\n', mount2.replace('/sys/fs/cgroup', String.raw`/my\040groups`))).toEqual(['/my groups']);
});

test('without a mount, or without a line of its own, there is none', () => {
  expect(paths('0::/a\n', '')).toEqual([]);
  expect(paths('', mount2)).toEqual([]);
  expect(paths('9:cpu:/a\n', mount2)).toEqual([]);
});

test('no text makes it throw', () => {
  const line = fc.oneof(fc.string(), fc.constantFrom('0::/a', mount2, mount1, ' - ', '1:cpu:', '::', '0::'));
  const text = fc.array(line).map((lines) => lines.join('\n'));
  fc.assert(
    fc.property(text, text, (cgroup, mountinfo) => {
      groupDirectories(cgroup, mountinfo);
    }),
  );
});
