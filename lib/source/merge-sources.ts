import {
  catchError,
  concatMap,
  defer,
  EMPTY,
  endWith,
  finalize,
  from,
  map,
  merge,
  NEVER,
  type Observable,
  of,
  retry,
  Subject,
  takeUntil,
  timer,
} from 'rxjs';
import { OptionsError } from '../config/errors.ts';
import { reasonOf } from '../config/received.ts';
import { type BackoffConfig, backoffMs } from '../reactive/backoff.ts';
import { type ConfigsInput, isSourceEvent, valuesOf } from './configs.ts';
import type { Fault } from './fault.ts';
import { problemOf } from './problem.ts';
import { failed, readConfig } from './read-config.ts';
import type { FailedEvent, LoadedEvent, Source, SourceEvent } from './source.ts';

/** How sources are merged. */
export interface MergeSourcesOptions {
  /** What the merged configuration is called in events; `'merged sources'` by default. */
  readonly name?: string;
  /** What sources that have no name of their own are called in events, in their order; `'source 1'` by default. */
  readonly names?: readonly string[];
  /** Milliseconds to wait, at the start, until every source has spoken; 10 000 by default, `Infinity` for ever. */
  readonly patienceMs?: number;
  /** Opens a stream that errored again, after these waits. Not given, it is over and keeps what it said last. */
  readonly retry?: BackoffConfig;
}

/** As long as a module may take that is imported: the slowest thing a source of this package does. */
const PATIENCE_MS = 10_000;

/**
 * Merges several sources into one: the servers of all of them, by id. Of a server that several name the later source in
 * the list wins; its `null` takes the server away.
 *
 * Each source counts with its last good configuration. One that fails, errors, or gives something that is not valid,
 * keeps it, and what failed is an event under the name of that source. A merged configuration that is not valid (two
 * sources want one address) is a `failed` event under the merged name. `commit` and `strategy` are those of the last
 * source that names them.
 *
 * Cold: subscribing opens every source, unsubscribing lets go of all. The first configuration comes when each source
 * has said something, or after `patienceMs` without those that are silent, which are named then; after that there is
 * one for each good event of a source. While no source has said anything good there is none. Never errors; completes
 * when all have completed.
 *
 * @param inputs - sources, or Observables, async iterables or Promises of desired servers; the first one is the base.
 * @throws OptionsError for options that nothing can work with.
 */
export const mergeSources = (inputs: readonly ConfigsInput[], options: MergeSourcesOptions = {}): Source => {
  const { name = 'merged sources', names = [], patienceMs = PATIENCE_MS } = options;
  if (!(patienceMs >= 0)) throw new OptionsError('patienceMs', 'a number of milliseconds');
  const nameOf = (index: number): string => names[index] ?? `source ${index + 1}`;

  return defer(() => {
    const good = new Map<number, LoadedEvent>();
    const silent = new Set(inputs.keys());
    const allSpoke$ = new Subject<void>();

    const merged = (): readonly SourceEvent[] => {
      if (silent.size > 0 || good.size === 0) return [];
      return [
        mergedOf(
          name,
          [...inputs.keys()].flatMap((index) => good.get(index) ?? []),
        ),
      ];
    };
    const speak = (index: number): boolean => {
      const isFirst = silent.delete(index);
      if (isFirst && silent.size === 0) allSpoke$.next();
      return isFirst && silent.size === 0;
    };
    const follow = (index: number, event: SourceEvent | undefined): readonly SourceEvent[] => {
      if (event?.type === 'loaded') good.set(index, event);
      // A failure changes nothing, unless it was what the others had to wait for.
      const wasAwaited = speak(index);
      const told = event?.type === 'failed' ? [event] : [];
      return event?.type === 'loaded' || wasAwaited ? [...told, ...merged()] : told;
    };
    const giveUp = (): readonly SourceEvent[] => {
      const events = [...silent].map((index) => silence(nameOf(index), patienceMs));
      silent.clear();
      return [...events, ...merged()];
    };

    const patience$ = patienceMs === Number.POSITIVE_INFINITY ? NEVER : timer(patienceMs).pipe(map(giveUp));
    const inputs$ = inputs.map((input, index) =>
      eventsOf(input, nameOf(index), options.retry).pipe(
        // A source that ends without a word has spoken too.
        endWith(undefined),
        map((event) => follow(index, event)),
      ),
    );
    // First, so that it is there when the first source speaks at once; nothing to wait for is nothing to do.
    const waiting$ = inputs.length === 0 ? EMPTY : patience$.pipe(takeUntil(allSpoke$));
    return merge(waiting$, ...inputs$).pipe(concatMap((events) => from(events)));
  });
};

/** What an input says, as events: never errors. */
const eventsOf = (input: ConfigsInput, name: string, backoff: BackoffConfig | undefined): Observable<SourceEvent> => {
  let complaint: string | undefined;
  const events$ = defer(() => valuesOf(input)).pipe(
    map((value) => {
      complaint = undefined;
      return isSourceEvent(value) ? value : readConfig(name, { servers: value });
    }),
  );
  const broke = (cause: unknown): FailedEvent => failed(name, problemOf(name, streamFailed(cause), ''));
  if (backoff === undefined) return events$.pipe(catchError((cause: unknown) => of(broke(cause))));
  const told$ = new Subject<SourceEvent>();
  return merge(
    told$,
    events$.pipe(
      retry({
        delay: (cause: unknown, attempt) => {
          const reason = reasonOf(cause);
          // Once for as long as it fails in the same way: who tries every second would tell nothing else.
          if (complaint !== reason) told$.next(broke(cause));
          complaint = reason;
          return timer(backoffMs(attempt, backoff, Math.random));
        },
        resetOnSuccess: true,
      }),
      finalize(() => told$.complete()),
    ),
  );
};

const mergedOf = (name: string, events: readonly LoadedEvent[]): SourceEvent => {
  // By way of entries: an id such as `__proto__` must stay one, to be refused as one.
  const servers = Object.fromEntries(new Map(events.flatMap((event) => Object.entries(event.servers))));
  const { commit } = events.findLast((event) => event.commit !== undefined) ?? {};
  const { strategy } = events.findLast((event) => event.strategy !== undefined) ?? {};
  const { workers } = events.findLast((event) => event.workers !== undefined) ?? {};
  const merged = readConfig(name, { servers, commit, strategy, workers });
  // Of servers that stay behind the sources have said where the mistake is.
  const known = new Set(events.flatMap(({ problems }) => problems.map(({ server }) => server)));
  const problems = [
    ...events.flatMap((event) => event.problems.filter(({ server }) => isFrom(event, server, servers))),
    ...merged.problems.filter(({ server }) => !known.has(server)),
  ];
  return merged.type === 'loaded' ? { ...merged, problems } : merged;
};

/** Whether the server of that id is the one this source gave: a later source may have replaced it. */
const isFrom = (event: LoadedEvent, id: string | undefined, servers: LoadedEvent['servers']): boolean =>
  id === undefined || event.servers[id] === servers[id];

const silence = (name: string, patienceMs: number): FailedEvent =>
  failed(name, {
    code: 'ERR_SOURCE_SILENT',
    file: name,
    message: `it has said nothing within ${patienceMs} ms`,
    hint: 'what the other sources say is in force without it until it speaks',
  });

const streamFailed = (cause: unknown): Fault => ({
  code: 'ERR_SOURCE_STREAM',
  message: `the stream failed: ${reasonOf(cause)}`,
  hint: 'its last good configuration is kept',
  cause,
});
