import { randomBytes } from 'node:crypto';
import { constants } from 'node:fs';
import { type FileHandle, mkdir, open, rename, rm, stat } from 'node:fs/promises';
import { basename, dirname, join, resolve } from 'node:path';
import { concatAll, concatMap, from, type MonoTypeOperatorFunction, of } from 'rxjs';
import { isPlainObject } from '../config/plain-data.ts';
import { reasonOf } from '../config/received.ts';
import { marksOf, restoreMarks } from '../config/secrets.ts';
import { LastGoodError, NotDataError } from './errors.ts';
import { readConfig } from './read-config.ts';
import type { FailedEvent, SourceEvent } from './source.ts';

/** A configuration that was kept, and when. */
export interface LastGood {
  readonly config: unknown;
  /** ISO 8601, UTC. */
  readonly savedAt: string;
}

/** Bytes a kept configuration may have: what code generates is larger than what people write. */
const MAX_LAST_GOOD_BYTES = 10_485_760;

/** Levels below which JSON is not followed: those of a config, and what surrounds it here. */
const DEEPEST = 66;

/**
 * Keeps a configuration on disk, in place of the one kept before.
 *
 * A reader, and a machine that loses power at any moment, finds the old one or the new one and never half of one: it is
 * written beside the old one, synced, renamed over it, and the directory is synced. The file can be read by this user
 * only (0600); it holds secrets in clear when the configuration does. A directory that is not there yet is made for
 * this user only (0700), one where others may write is refused.
 *
 * @param config - plain data: the content of a config file. Up to 10 MiB as JSON.
 * @returns a promise that rejects with `NotDataError` for what JSON cannot say, code above all, and with
 *   `LastGoodError` when it cannot be written. What was kept before stays in both cases.
 */
export const saveLastGood = async (path: string, config: unknown): Promise<void> => {
  const fault = notData(config, '', 0);
  if (fault !== undefined) throw new NotDataError(fault);
  const kept: LastGood = { config, savedAt: new Date().toISOString() };
  // What came from the environment stays in clear, so that it can be resumed without, and stays hidden when it is.
  const bytes = Buffer.from(`${JSON.stringify({ ...kept, secrets: marksOf(serversOf(config)) })}\n`);
  if (bytes.length > MAX_LAST_GOOD_BYTES) {
    throw new LastGoodError(path, `it would have more than ${MAX_LAST_GOOD_BYTES} bytes`);
  }
  const file = resolve(path);
  const directory = dirname(file);
  // A name of its own in the same directory: renaming is atomic within one file system only.
  const draft = join(directory, `.${basename(file)}.${randomBytes(6).toString('hex')}.tmp`);
  try {
    await mkdir(directory, { recursive: true, mode: 0o700 });
    await refuseShared(path, directory);
    try {
      const handle = await open(draft, 'wx', 0o600);
      await writing(handle, async () => {
        await handle.writeFile(bytes);
        await handle.sync();
      });
      await rename(draft, file);
    } catch (cause) {
      await rm(draft, { force: true });
      throw cause;
    }
    const handle = await open(directory, constants.O_RDONLY);
    await writing(handle, () => handle.sync());
  } catch (cause) {
    throw cause instanceof LastGoodError
      ? cause
      : new LastGoodError(path, `it cannot be written: ${reasonOf(cause)}`, { cause });
  }
};

/**
 * Reads the configuration that was kept.
 *
 * @returns `undefined` when none was kept yet. The promise rejects with `LastGoodError` for a file that cannot be read,
 *   that somebody else may have written, or that says something else than was kept.
 */
export const readLastGood = async (path: string): Promise<LastGood | undefined> => {
  const text = await readText(path);
  if (text === undefined) return undefined;
  try {
    const kept: unknown = JSON.parse(text);
    if (isPlainObject(kept) && 'config' in kept && typeof kept.savedAt === 'string') {
      restoreMarks(serversOf(kept.config), kept.secrets);
      return { config: kept.config, savedAt: kept.savedAt };
    }
  } catch {
    // What cannot be parsed is refused like what has another shape; where it breaks helps nobody.
  }
  throw new LastGoodError(path, 'it holds something else', { hint: 'remove it: the next good config is kept again' });
};

/**
 * Starts a source that has nothing usable to say from the configuration that was kept.
 *
 * When the first event of the source is a failure and a configuration was kept, that is emitted as loaded, under the
 * path of the file it was kept in, and the failure after it; from then on events pass as they are. What cannot be
 * resumed (nothing kept, unreadable, no longer valid) leaves the events of the source as they are, with its problems
 * added to the failure when there was something. Completes and errors with the source; unsubscribing leaves it.
 *
 * @param path - where `saveLastGood` kept it.
 */
export const resumeLastGood =
  (path: string): MonoTypeOperatorFunction<SourceEvent> =>
  (events$) =>
    events$.pipe(
      // In order: what follows waits until the file was read.
      concatMap((event, index) =>
        index > 0 || event.type === 'loaded' ? of(event) : from(resumed(path, event)).pipe(concatAll()),
      ),
    );

const resumed = async (path: string, failed: FailedEvent): Promise<readonly SourceEvent[]> => {
  try {
    const kept = await readLastGood(path);
    if (kept === undefined) return [failed];
    const event = readConfig(path, kept.config);
    if (event.type === 'loaded') return [{ ...event, keptAt: kept.savedAt }, failed];
    return [{ ...failed, problems: [...failed.problems, ...event.problems] }];
  } catch (cause) {
    const { code, message, hint } =
      cause instanceof LastGoodError ? cause : new LastGoodError(path, reasonOf(cause), { cause });
    return [{ ...failed, problems: [...failed.problems, { code, file: path, message, hint, cause }] }];
  }
};

const serversOf = (config: unknown): unknown => (isPlainObject(config) ? config.servers : undefined);

/** Where a value holds something that JSON would lose or change; `undefined` when it holds nothing like that. */
const notData = (value: unknown, path: string, depth: number): string | undefined => {
  if (value === null || typeof value === 'string' || typeof value === 'boolean') return undefined;
  if (typeof value === 'number') return Number.isFinite(value) ? undefined : path;
  const isArray = Array.isArray(value);
  if (depth > DEEPEST || (!isArray && !isPlainObject(value))) return path;
  for (const [name, member] of Object.entries(value)) {
    // As everywhere in configs, a member that is `undefined` is not there; JSON leaves it out too.
    if (member === undefined && !isArray) continue;
    const fault = notData(member, path === '' ? name : `${path}.${name}`, depth + 1);
    if (fault !== undefined) return fault;
  }
  return undefined;
};

/** Where others may write they can exchange the file: what is resumed would be theirs. */
const refuseShared = async (path: string, directory: string): Promise<void> => {
  const { mode, uid } = await stat(directory);
  const self = process.getuid?.();
  if ((mode & 0o022) === 0 && (self === undefined || uid === self || uid === 0)) return;
  throw new LastGoodError(path, 'others may write to its directory', {
    hint: 'keep it in a directory of mode 0700 that belongs to the user that runs this',
  });
};

const readText = async (path: string): Promise<string | undefined> => {
  try {
    // A link could lead to what somebody else wrote, and opening a pipe would wait for a writer.
    const handle = await open(path, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
    return await writing(handle, async () => {
      const stats = await handle.stat();
      if (!stats.isFile()) throw new LastGoodError(path, 'it is not a regular file');
      const self = process.getuid?.();
      if ((stats.mode & 0o022) !== 0 || (self !== undefined && stats.uid !== self)) {
        throw new LastGoodError(path, 'others may have written it', { hint: 'remove it, or give it mode 0600' });
      }
      if (stats.size > MAX_LAST_GOOD_BYTES) throw new LastGoodError(path, 'it is too large');
      return handle.readFile('utf8');
    });
  } catch (cause) {
    if (cause instanceof LastGoodError) throw cause;
    if (cause instanceof Error && 'code' in cause && cause.code === 'ENOENT') return undefined;
    throw new LastGoodError(path, `it cannot be read: ${reasonOf(cause)}`, { cause });
  }
};

const writing = async <T>(handle: FileHandle, act: () => Promise<T>): Promise<T> => {
  try {
    return await act();
  } finally {
    await handle.close();
  }
};
