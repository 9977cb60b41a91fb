import { from, Observable, type ObservableInput, type Observer, type OperatorFunction, type Subscription } from 'rxjs';
import { createFifo } from './fifo.ts';

/** How many values wait, and who is told about those that cannot. */
export interface ConflateScanOptions<V> {
  /** How many values may wait behind the running inner; an integer of at least 1, or `Infinity`. 1 by default. */
  readonly buffer?: number;
  /** Told about a value at the moment it loses its place to a newer one. */
  readonly dropped?: (value: V) => void;
}

/**
 * Folds values through inner Observables, one at a time, and lets the newest values win while one is running.
 *
 * Like `mergeScan(project, seed, 1)`: each inner starts from the last value the inner before it emitted, and whatever
 * an inner emits becomes the accumulator and is passed on. Unlike it, at most `buffer` values wait behind the running
 * inner; when one more arrives, the oldest waiting one is dropped and handed to `dropped` before the next notification
 * is looked at. The running inner is never disturbed. With `buffer: Infinity` nothing is dropped; waiting costs the
 * same per value however many wait, and inners that complete synchronously do not deepen the stack.
 *
 * Shape: cold when the source is. Completes when the source has completed and the last waiting value's inner has too.
 * An error of the source or of an inner, and anything `project` or `dropped` throws, ends the result at once; values
 * that wait at that moment, or when it is unsubscribed, are forgotten without a call to `dropped`. An inner is torn
 * down before the next one is projected. Unsubscribing unsubscribes the source and the running inner.
 *
 * @param project - starts the work for one value, from what the work before it achieved.
 * @param seed - the accumulator the first inner starts from; not emitted.
 * @throws RangeError when `buffer` is neither an integer of at least 1 nor `Infinity`.
 */
export const conflateScan = <V, A>(
  project: (acc: A, value: V) => ObservableInput<A>,
  seed: A,
  options: ConflateScanOptions<V> = {},
): OperatorFunction<V, A> => {
  const { buffer = 1, dropped } = options;
  if (buffer !== Infinity && !(Number.isInteger(buffer) && buffer >= 1)) {
    throw new RangeError(`buffer must be an integer of at least 1 or Infinity, not ${buffer}`);
  }
  return (source) =>
    new Observable<A>((subscriber) => {
      const waiting = createFifo<V>();
      let accumulator = seed;
      let running = false;
      let draining = false;
      let sourceCompleted = false;

      const run = (value: V): void => {
        let completed = false;
        running = true;
        subscribeUnder(subscriber, () => project(accumulator, value), {
          next: (result) => {
            accumulator = result;
            subscriber.next(result);
          },
          error: (error) => subscriber.error(error),
          complete: () => {
            completed = true;
          },
          // Added last, so the inner's own teardown has run: what it held is free before the next one asks for it.
        }).add(() => {
          running = false;
          if (completed) drain();
        });
      };

      // The only place that starts an inner. A loop, because an inner that completes while it is being subscribed to
      // comes back here from within `run`.
      const drain = (): void => {
        if (draining) return;
        draining = true;
        try {
          while (!running && !subscriber.closed) {
            const next = waiting.shift();
            if (next === undefined) break;
            run(next.value);
          }
        } catch (error) {
          subscriber.error(error);
        } finally {
          draining = false;
        }
        if (sourceCompleted && !running) subscriber.complete();
      };

      const drop = (): void => {
        const oldest = waiting.shift();
        if (oldest === undefined) return;
        try {
          dropped?.(oldest.value);
        } catch (error) {
          subscriber.error(error);
        }
      };

      subscribeUnder(subscriber, () => source, {
        next: (value) => {
          waiting.push(value);
          if (!running) drain();
          else if (waiting.size > buffer) drop();
        },
        error: (error) => subscriber.error(error),
        complete: () => {
          sourceCompleted = true;
          drain();
        },
      });
    });
};

/**
 * Subscribes with `parent` already in charge: a source that emits everything while it is being subscribed to can be
 * cancelled by its first value. What `open` throws arrives as an error.
 */
const subscribeUnder = <T>(parent: Subscription, open: () => ObservableInput<T>, observer: Observer<T>): Subscription =>
  new Observable<T>((child) => {
    parent.add(child);
    from(open()).subscribe(child);
  }).subscribe(observer);
