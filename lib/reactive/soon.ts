import { combineLatest, isObservable, map, type Observable, of, take } from 'rxjs';

/**
 * A value that is there, or an Observable that emits it once and completes.
 *
 * Most of what is prepared is there at once, a thousand times over; an Observable for each of them would cost more than
 * the preparation.
 */
export type Soon<T> = T | Observable<T>;

/** Goes on with a value when it is there: now, if it is. What `work` throws is thrown now, or errors later. */
export const whenThere = <T, R>(soon: Soon<T>, work: (value: T) => R): Soon<R> =>
  isObservable(soon) ? soon.pipe(map(work)) : work(soon);

/** Waits for two values; an Observable only if one of them is. Errors as soon as one does. */
export const bothThere = <A, B>(a: Soon<A>, b: Soon<B>): Soon<readonly [A, B]> => {
  if (!isObservable(a) && !isObservable(b)) return [a, b];
  return combineLatest([isObservable(a) ? a.pipe(take(1)) : of(a), isObservable(b) ? b.pipe(take(1)) : of(b)]);
};

/** Waits for all values, in their order; an Observable only if one of them is. Errors as soon as one does. */
export const allThere = <T>(soons: readonly Soon<T>[]): Soon<readonly T[]> => {
  if (soons.some(isObservable)) {
    return combineLatest(soons.map((soon) => (isObservable(soon) ? soon.pipe(take(1)) : of(soon))));
  }
  // None of them is an Observable: the check above cannot say so in types.
  return soons as readonly T[];
};
