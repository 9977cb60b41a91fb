import { asapScheduler, defer, from, mergeMap, type Observable, subscribeOn } from 'rxjs';

/** How long work may follow work before sockets, timers and signals are looked at: a few answers' time. */
const LONGEST_MS = 10;

/**
 * Leaves time for everything else where work follows work.
 *
 * Work that waits for nothing but promises settles without the event loop turning: a thousand pieces in a row would
 * leave every request unanswered meanwhile. After 10 ms without a turn of the loop the next piece waits for one.
 */
export class Fairness {
  /** Since when the loop has not turned, as far as is known; and when it will have. */
  #stretch: { readonly since: number; readonly turned: Promise<void> } | undefined;

  /** Asked before every piece of work: what it has to wait for, if anything. */
  overdue(): Promise<void> | undefined {
    if (this.#stretch !== undefined) {
      return performance.now() - this.#stretch.since > LONGEST_MS ? this.#stretch.turned : undefined;
    }
    const turned = new Promise<void>((resolve) => {
      setImmediate(() => {
        this.#stretch = undefined;
        resolve();
      });
    });
    this.#stretch = { since: performance.now(), turned };
    return undefined;
  }
}

/**
 * Begins a piece of work once the code of this turn is done, or when everything else has had its turn if that is overdue.
 *
 * Shape: cold; what the work emits. Unsubscribing before it has begun means that it never does.
 */
export const fairly = <T>(fairness: Fairness, work$: Observable<T>): Observable<T> =>
  defer(() => {
    const turned = fairness.overdue();
    return turned === undefined ? work$.pipe(subscribeOn(asapScheduler)) : from(turned).pipe(mergeMap(() => work$));
  });
