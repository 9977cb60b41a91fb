import { EMPTY, filter, map, merge, Observable, pairwise, startWith, timer } from 'rxjs';
import { LONGEST_MS } from '../supervision/limits.ts';
import type { Clock } from './clock.ts';
import { ageLimitMs, tooLarge } from './limits.ts';
import { heardAt, look, nextLookMs } from './liveness.ts';
import type { FromWorker } from './protocol.ts';

/** Something about a process that is reason to replace it, or to tell somebody. */
export type Complaint =
  /** Nothing was heard of it for so many milliseconds: its loop is blocked, or it was stopped. */
  | { readonly type: 'unresponsive'; readonly silentMs: number }
  /** It beats again before it was given up. */
  | { readonly type: 'responsive' }
  /** It holds more memory than it may. */
  | { readonly type: 'memory'; readonly rssBytes: number }
  | { readonly type: 'age'; readonly ageMs: number };

/** What a process that is ready is watched for; `0` and `undefined` are none of each. */
export interface WatchOptions {
  /** Milliseconds without a word of it. Pass none when it does not beat. */
  readonly heartbeatTimeoutMs?: number;
  readonly maxMemoryBytes?: number;
  /** Milliseconds it may be ready. */
  readonly maxAgeMs?: number;
  /** The part of `maxAgeMs` that chance takes off. */
  readonly maxAgeJitter?: number;
  /** Numbers in `[0, 1)`; `Math.random` by default. */
  readonly random?: () => number;
}

/**
 * What is wrong with a process, from the subscription on.
 *
 * Each limit is complained of once: silence again after it was heard of, memory again after it had shrunk below.
 *
 * Shape: cold; never completes with anything to watch for, and never errors. Unsubscribing cancels its timers.
 *
 * @param messages$ - what it says; hot.
 */
export const watch = (messages$: Observable<FromWorker>, options: WatchOptions, clock: Clock): Observable<Complaint> =>
  merge(silences(messages$, options, clock), growth(messages$, options), ageing(options, clock));

const silences = (
  messages$: Observable<FromWorker>,
  { heartbeatTimeoutMs: limitMs = 0 }: WatchOptions,
  clock: Clock,
): Observable<Complaint> => {
  if (limitMs === 0) return EMPTY;
  return new Observable((subscriber) => {
    let silence = heardAt(clock.now());
    const lookLater = (): void => {
      const plannedMs = nextLookMs(silence, limitMs);
      const planned = timer(plannedMs, clock.scheduler).subscribe(() => {
        const seen = look(silence, clock.now(), { plannedMs, limitMs });
        silence = seen.silence;
        lookLater();
        if (seen.exceeded) subscriber.next({ type: 'unresponsive', silentMs: Math.round(silence.silentMs) });
      });
      subscriber.add(planned);
    };
    lookLater();
    // Whatever it says, it says because its loop goes round: not only beats count.
    subscriber.add(
      messages$.subscribe(() => {
        const { unresponsive } = silence;
        silence = heardAt(clock.now());
        if (unresponsive) subscriber.next({ type: 'responsive' });
      }),
    );
  });
};

const growth = (messages$: Observable<FromWorker>, { maxMemoryBytes = 0 }: WatchOptions): Observable<Complaint> =>
  messages$.pipe(
    filter((message) => message.type === 'beat'),
    map(({ beat }) => beat.rssBytes),
    startWith(0),
    pairwise(),
    filter(([before, now]) => tooLarge(now, maxMemoryBytes) && !tooLarge(before, maxMemoryBytes)),
    map(([, rssBytes]) => ({ type: 'memory', rssBytes })),
  );

const ageing = (
  { maxAgeMs = 0, maxAgeJitter = 0, random = Math.random }: WatchOptions,
  clock: Clock,
): Observable<Complaint> => {
  const ageMs = ageLimitMs(maxAgeMs, maxAgeJitter, random());
  if (ageMs > LONGEST_MS) return EMPTY;
  return timer(ageMs, clock.scheduler).pipe(map(() => ({ type: 'age', ageMs: Math.round(ageMs) })));
};
