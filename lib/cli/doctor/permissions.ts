import { type Stats, statSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { type Finding, fail, ok, warn } from './finding.ts';

const OTHERS_WRITE = 0o002;
const GROUP_WRITE = 0o020;
const STICKY = 0o1000;

/**
 * Whether others could exchange what the process runs: whoever may write to the configuration, or to its directory,
 * decides what code that is.
 */
export const lookAtConfigFile = (file: string, uid: number | undefined): readonly Finding[] => {
  if (uid === undefined) return [];
  const path = resolve(file);
  const [stats, around] = [statsOf(path), statsOf(dirname(path))];
  if (stats === undefined || around === undefined) return [];
  const fault = faultOf(stats, uid, file) ?? faultOf(around, uid, dirname(path));
  return [fault ?? ok('permissions', `${file} can be written by nobody else`)];
};

/** `undefined` for what is not there or may not be looked at; reading it says which. */
const statsOf = (path: string): Stats | undefined => {
  try {
    return statSync(path);
  } catch {
    return undefined;
  }
};

const faultOf = (stats: Stats, uid: number, path: string): Finding | undefined => {
  const { mode } = stats;
  const hint = `chmod go-w ${path}`;
  // In a sticky directory, such as /tmp, files can be exchanged by their owners only.
  if ((mode & OTHERS_WRITE) !== 0 && (mode & STICKY) === 0)
    return fail('permissions', `everybody may write to ${path}`, hint);
  if ((mode & GROUP_WRITE) !== 0 && (mode & STICKY) === 0)
    return warn('permissions', `its group may write to ${path}`, hint);
  if (stats.uid === uid || stats.uid === 0) return undefined;
  return warn('permissions', `${path} belongs to user ${stats.uid}`, 'let it belong to root, or to who runs it');
};

/** Whether a private key is private. */
export const lookAtKeyFile = (server: string, path: string): Finding | undefined => {
  const target = statsOf(path);
  if (target === undefined || process.geteuid === undefined) return undefined;
  return (target.mode & 0o007) === 0
    ? ok('permissions', `${server}: the key ${path} is not for everybody`)
    : fail('permissions', `${server}: everybody may read the key ${path}`, `chmod 600 ${path}`);
};
