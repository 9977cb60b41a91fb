import { spawnSync } from 'node:child_process';

const isThere = (program: string): boolean => spawnSync('which', [program]).status === 0;

/** Another test file may be installing something at the same time. */
const APT = ['-y', '-q', '--no-install-recommends', '-o', 'DPkg::Lock::Timeout=120'];

const install = (packageName: string): boolean => {
  const attempt = (): boolean => spawnSync('apt-get', ['install', ...APT, packageName]).status === 0;
  return attempt() || (spawnSync('apt-get', ['update', '-q']).status === 0 && attempt());
};

/**
 * Sees to it that a program a test needs is there: installs Debian's package where that is possible, and throws one line
 * that says how to get it where it is not. A test that quietly does nothing would be counted as one that passed.
 */
export const need = (program: string, packageName: string): void => {
  if (isThere(program)) return;
  const isRoot = process.getuid?.() === 0;
  if (isRoot && isThere('apt-get') && install(packageName) && isThere(program)) return;
  throw new Error(`this test needs ${program}: apt-get install ${packageName}`);
};
