import { statSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import {
  BehaviorSubject,
  catchError,
  concatMap,
  defer,
  EMPTY,
  filter,
  map,
  merge,
  type Observable,
  of,
  Subject,
  switchMap,
  tap,
} from 'rxjs';
import type { Environment } from '../config/interpolate.ts';
import { QUIET_MS, watchFiles } from '../file/watch.ts';
import type { Fault } from './fault.ts';
import { isCutShort } from './file/cut-short.ts';
import { load } from './file/load.ts';
import { type FileRead, hashOf, NOT_A_FILE, readSourceFile } from './file/read.ts';
import { formatOf, NOT_A_PATH, UNKNOWN_FORMAT } from './format.ts';
import { problemOf } from './problem.ts';
import { failed } from './read-config.ts';
import type { Source } from './source.ts';

/** How a file is followed. */
export interface FileSourceOptions {
  /** Follows the file; `true` by default. Without it the file is read once, and again whenever `reload$` emits. */
  readonly watch?: boolean;
  /** Whatever it emits, the file is read and reported again, changed or not (SIGHUP). */
  readonly reload$?: Observable<unknown>;
  /** Milliseconds a module, and the function it exports, may take; 10 000 by default. */
  readonly importTimeoutMs?: number;
  /**
   * What `${NAME}` in the values of a data file stands for; `process.env` by default, `false` leaves such texts as they
   * are. Code reads the environment itself.
   */
  readonly env?: Environment | false;
  /**
   * The servers are to run in workers, even when the file does not ask for them: names may stand for code, and code
   * itself is refused. `false` by default.
   */
  readonly inWorkers?: boolean;
}

/** Long enough for a module that asks a slow service at import, short enough for somebody who waits at a prompt. */
const IMPORT_TIMEOUT_MS = 10_000;

/** Why to look: something may have changed, or somebody wants to be told in any case. */
type Reason = 'changed' | 'asked';

/** The files a configuration was made of, by full path, and what stood in them, as hashes. */
type Contents = ReadonlyMap<string, string>;

/**
 * Configurations from a file: JSON, YAML, or a TypeScript or JavaScript module.
 *
 * Cold: subscribing reads the file at once and then follows it; unsubscribing closes every watch and the stream a
 * module exported. Each new content is one event (a module that exports a stream: one per value), and the same content
 * saved again is none. A file that is missing, unreadable or broken is a `failed` event, and following goes on; one that
 * was good and now stops short is looked at once more after 50 ms, because it may still be being written. Never
 * errors. Completes when nothing can come any more: only with `watch: false`, once `reload$` and the module's own
 * stream have completed.
 *
 * A module is imported anew each time with the project files it imports, and those are followed too. Replacing it
 * unsubscribes from the stream that the previous import gave.
 *
 * @param path - relative to the working directory; events and problems call the file by this name.
 */
export const fileSource = (path: string, options: FileSourceOptions = {}): Source => {
  const {
    watch = true,
    reload$ = EMPTY,
    importTimeoutMs = IMPORT_TIMEOUT_MS,
    env = process.env,
    inWorkers = false,
  } = options;
  const refused = refusedName(path);
  if (refused !== undefined) return of(failed(path, problemOf(path, refused, '')));

  return defer(() => {
    const file = resolve(path);
    const involved$ = new BehaviorSubject<readonly string[]>([file]);
    const imported$ = new Subject<void>();
    let seen: Contents = new Map();
    let isGood = false;

    // Some editors truncate and then write: after a content that was good, one that stops short gets time to go on.
    const readWhole = async (reason: Reason): Promise<FileRead> => {
      const read = await readSourceFile(file);
      if (reason === 'asked' || !isGood || read.hash === seen.get(file) || !isCutShort(path, read)) return read;
      await delay(QUIET_MS, undefined, { ref: false });
      return readSourceFile(file);
    };

    const looks$: Observable<Reason> = merge(
      watch ? merge(watchFiles(involved$), imported$).pipe(map((): Reason => 'changed')) : EMPTY,
      of<Reason>('asked'),
      // An input that fails can only not ask any more; the file is still there.
      reload$.pipe(
        map((): Reason => 'asked'),
        catchError(() => EMPTY),
      ),
    );
    const involve = (sources: ReadonlyMap<string, string | undefined>): void => {
      seen = new Map([...contentsOfSources(sources), ...seen]);
      involved$.next([...seen.keys()]);
      // What was imported may have changed while the import ran, when it was not yet known to matter.
      imported$.next();
    };

    return looks$.pipe(
      // In order, and each is short: what one finds decides whether the next finds anything new.
      concatMap(async (reason) => {
        const read = await readWhole(reason);
        const isNew = reason === 'asked' || read.hash !== seen.get(file) || !(await isUnchanged(file, seen));
        return { read, isNew };
      }),
      tap(({ read, isNew }) => {
        if (isNew) seen = new Map([[file, read.hash]]);
        // Even when nothing is new, links on the way may lead elsewhere now.
        involved$.next([...seen.keys()]);
      }),
      filter(({ isNew }) => isNew),
      // A newer content makes worthless what the older one still had to say.
      switchMap(({ read }) =>
        load({ path, file, read, importTimeoutMs, env: env === false ? undefined : env, inWorkers, involve }),
      ),
      tap(({ type }) => {
        isGood = type === 'loaded';
      }),
    );
  });
};

/** Names that are refused whatever stands in the file; a URL is one that people try. */
const refusedName = (path: string): Fault | undefined => {
  if (/^[a-z][a-z\d+.-]+:\/\//i.test(path)) return NOT_A_PATH;
  if (formatOf(path) !== undefined) return undefined;
  // `.`, or a name without its end: that it is a directory helps more than what its name lacks.
  return isDirectory(path) ? NOT_A_FILE : UNKNOWN_FORMAT;
};

const isDirectory = (path: string): boolean => {
  try {
    return statSync(path).isDirectory();
  } catch {
    return false; // Nothing there, or nothing that may be looked at.
  }
};

const contentsOfSources = (sources: ReadonlyMap<string, string | undefined>): Contents =>
  new Map([...sources].map(([path, text]) => [path, text === undefined ? ABSENT : hashOf(text)]));

const isUnchanged = async (file: string, seen: Contents): Promise<boolean> => {
  for (const [path, hash] of seen) {
    if (path === file) continue;
    // Decoded as the import decodes it: bytes that are no text would otherwise differ from themselves for ever.
    const text = await readFile(path, 'utf8').catch(() => undefined);
    if ((text === undefined ? ABSENT : hashOf(text)) !== hash) return false;
  }
  return true;
};

const ABSENT = 'absent';
