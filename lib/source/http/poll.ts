import { defer, expand, type Observable, switchMap, take, timer } from 'rxjs';
import { type BackoffConfig, backoffMs } from '../../reactive/backoff.ts';

/** How often somebody is asked. */
export interface Schedule extends BackoffConfig {
  /** Milliseconds between an answer that was of use and the next question. */
  readonly intervalMs: number;
  /** Numbers in `[0, 1)` for the jitter of retries. */
  readonly random: () => number;
}

/** What the next question has to know of an answer. */
export interface Answered {
  readonly failed: boolean;
  /** Milliseconds the one who answered wants to be left alone for. */
  readonly retryAfterMs?: number | undefined;
}

/**
 * Asks again and again, one question at a time.
 *
 * After an answer that was of use it waits `intervalMs`. After one that failed it waits from `initialMs` up to `maxMs`,
 * twice as long for each failure in a row, with jitter, and never less than the answer asked for.
 *
 * Cold: asks at once and never completes; unsubscribing drops the question under way. Each answer is emitted as it comes.
 *
 * @param ask - emits one answer; any further one is ignored. An error of it is the end.
 * @param failures - how many have failed in a row so far: kept when asking starts anew.
 */
export const poll = <T extends Answered>(
  ask: () => Observable<T>,
  schedule: Schedule,
  failures: { count: number },
): Observable<T> => {
  const askOnce = (): Observable<T> => defer(ask).pipe(take(1));
  return askOnce().pipe(
    expand((answer) => {
      failures.count = answer.failed ? failures.count + 1 : 0;
      const waitMs = answer.failed
        ? Math.max(backoffMs(failures.count, schedule, schedule.random), answer.retryAfterMs ?? 0)
        : schedule.intervalMs;
      return timer(waitMs).pipe(switchMap(askOnce));
    }),
  );
};
