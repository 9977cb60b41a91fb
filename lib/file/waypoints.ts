import { lstatSync, readlinkSync, statSync } from 'node:fs';
import { dirname, join, parse, resolve, sep } from 'node:path';

/** A directory in which something can change what a path leads to, and the entries that matter there. */
export interface Waypoint {
  readonly directory: string;
  /** Which directory this is now: another one may take its name. */
  readonly identity: string;
  readonly names: ReadonlySet<string>;
}

/** Links followed before a path is given up; Linux stops at the same number. */
const MAX_LINKS = 40;

/**
 * Where to look for changes of a file: the directory it is in, that of every symbolic link on the way to it, and, where
 * the way ends early, the directory in which the next part has to appear.
 *
 * A file that is exchanged by renaming is another file, so watching the file itself goes deaf after one save. And a
 * Kubernetes ConfigMap never touches the file: it exchanges a link (`..data`) in the middle of the path.
 */
export const waypointsOf = (paths: readonly string[]): readonly Waypoint[] => {
  const names = new Map<string, Set<string>>();
  for (const path of paths) {
    for (const entry of entriesOnTheWay(path)) {
      const directory = dirname(entry);
      names.set(directory, (names.get(directory) ?? new Set()).add(entry.slice(directory.length).replace(sep, '')));
    }
  }
  return [...names].map(([directory, entries]) => ({ directory, identity: identityOf(directory), names: entries }));
};

/** Full paths of the links on the way, and of where the way ends. */
const entriesOnTheWay = (path: string): readonly string[] => {
  const start = resolve(path);
  const entries: string[] = [];
  let at = parse(start).root;
  let rest = start.slice(at.length).split(sep);
  for (let links = 0; rest.length > 0; ) {
    const [name, ...next] = rest;
    const entry = join(at, name ?? '');
    const kind = kindOf(entry);
    if (kind === 'link' && links < MAX_LINKS) {
      links += 1;
      entries.push(entry);
      const target = resolve(at, targetOf(entry));
      at = parse(target).root;
      rest = [...target.slice(at.length).split(sep).filter(Boolean), ...next];
      continue;
    }
    if (kind !== 'directory' || next.length === 0) return [...entries, entry];
    at = entry;
    rest = next;
  }
  return entries;
};

/** What cannot be looked at (no permission, gone meanwhile) ends the way like something that is not there. */
const kindOf = (entry: string): 'link' | 'directory' | 'other' => {
  const stats = attempt(() => lstatSync(entry));
  if (stats?.isSymbolicLink() === true) return 'link';
  return stats?.isDirectory() === true ? 'directory' : 'other';
};

const targetOf = (link: string): string => attempt(() => readlinkSync(link)) ?? '.';

const identityOf = (directory: string): string => {
  const stats = attempt(() => statSync(directory));
  return stats === undefined ? '' : `${stats.dev}:${stats.ino}`;
};

const attempt = <T>(look: () => T): T | undefined => {
  try {
    return look();
  } catch {
    // Where to look next follows from the way being cut here; why it is cut shows when the file itself is read.
    return undefined;
  }
};
