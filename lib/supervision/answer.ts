import { from, type Observable, of } from 'rxjs';

/**
 * What a call of somebody else's code answered: at once when it returned a value, later when it returned a promise.
 *
 * Shape: emits the value and completes, or errors with what the promise rejected with. Unsubscribing forgets a promise
 * that has not settled.
 */
export const answer$ = (answer: unknown): Observable<unknown> =>
  isThenable(answer) ? from(Promise.resolve(answer)) : of(answer);

const isThenable = (value: unknown): value is PromiseLike<unknown> =>
  typeof value === 'object' && value !== null && 'then' in value && typeof value.then === 'function';
