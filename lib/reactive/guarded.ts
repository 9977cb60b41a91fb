import { Observable, type Observer, type Operator, Subscriber, type Subscription, UnsubscriptionError } from 'rxjs';

/**
 * The same stream, with subscribers that cannot hurt anybody.
 *
 * RxJS rethrows what a subscriber throws on a timer, which ends the process. Here it goes to `report`: what a `next`,
 * `error` or `complete` callback throws, what the promise of an async callback rejects with, what a teardown function
 * throws (one report each), and an error for which a subscriber brought no callback. Whoever threw stays subscribed,
 * everybody else is notified as usual. What `report` itself throws or rejects with is swallowed.
 *
 * Everything made from the result with `pipe` and RxJS's operators is guarded too. Subscribers that RxJS makes itself
 * (those of operators, `firstValueFrom`, `forEach`) receive exactly what they would without a guard, so `switchMap(() =>
 * guarded$)` and promises work as ever. Streams combined from it by a creation function (`merge(guarded$, other$)`) are
 * new ones and answer for their own subscribers.
 *
 * Shape: hot or cold, values, completion and unsubscribing as in `source`.
 *
 * @param report - told about each failure, once, synchronously for what was thrown.
 */
export const guarded = <T>(source: Observable<T>, report: (error: unknown) => void): Observable<T> => {
  const safely = guardCallback(report, ignore);
  const isolate: Operator<T, T> = {
    call: (subscriber: Subscriber<T>, origin: Observable<T>) =>
      origin.subscribe(new IsolatedSubscriber(subscriber, safely)),
  };
  return new GuardedObservable<T>(source, safely, isolate);
};

/** Nobody is left to tell about a failure of `report` itself. */
const ignore = (): void => {};

type Report = (error: unknown) => void;

/** `lift` is what every operator of RxJS 7 builds its result with; overriding it keeps the guard on all of them. */
class GuardedObservable<T> extends Observable<T> {
  readonly #report: Report;

  constructor(source: Observable<unknown>, report: Report, operator: Operator<never, T> | undefined) {
    super();
    this.source = source;
    this.operator = operator;
    this.#report = report;
  }

  override lift<R>(operator?: Operator<T, R>): Observable<R> {
    return new GuardedObservable<R>(this, this.#report, operator);
  }

  override subscribe(observerOrNext?: Partial<Observer<T>> | ((value: T) => void) | null): Subscription;
  override subscribe(
    next?: ((value: T) => void) | null,
    error?: ((error: unknown) => void) | null,
    complete?: (() => void) | null,
  ): Subscription;
  override subscribe(
    observerOrNext?: Partial<Observer<T>> | ((value: T) => void) | null,
    error?: ((error: unknown) => void) | null,
    complete?: (() => void) | null,
  ): Subscription {
    if (isSubscriber(observerOrNext)) return super.subscribe(observerOrNext);
    const observer =
      typeof observerOrNext === 'function' || !observerOrNext
        ? { next: observerOrNext, error, complete }
        : observerOrNext;
    return super.subscribe(new IsolatedSubscriber(guardObserver(observer, this.#report), this.#report));
  }
}

/**
 * Stands between a source and one subscriber and lets nothing thrown pass upstream. Callbacks are guarded on their
 * own; what is left are teardown functions, which RxJS collects and throws into whoever completed or unsubscribed. In
 * a Subject that would be the loop that notifies everybody else.
 */
class IsolatedSubscriber<T> extends Subscriber<T> {
  // Not `#report`: when the destination is closed already, RxJS unsubscribes this from within `super()`, before a
  // `#field` exists. Nothing can throw at that point, so nothing reads it.
  private readonly report: Report;

  constructor(destination: Observer<T> | Subscriber<T>, report: Report) {
    super(destination);
    this.report = report;
  }

  override next(value: T): void {
    try {
      super.next(value);
    } catch (error) {
      reportEach(error, this.report);
    }
  }

  override error(error?: unknown): void {
    try {
      super.error(error);
    } catch (thrown) {
      reportEach(thrown, this.report);
    }
  }

  override complete(): void {
    try {
      super.complete();
    } catch (error) {
      reportEach(error, this.report);
    }
  }

  override unsubscribe(): void {
    try {
      super.unsubscribe();
    } catch (error) {
      reportEach(error, this.report);
    }
  }

  /** Runs the teardown at once, and so may throw, when the subscription has already ended. */
  override add(teardown: Parameters<Subscription['add']>[0]): void {
    try {
      super.add(teardown);
    } catch (error) {
      reportEach(error, this.report);
    }
  }
}

const reportEach = (thrown: unknown, report: Report): void => {
  for (const error of thrown instanceof UnsubscriptionError ? thrown.errors : [thrown]) report(error);
};

interface Callbacks<T> {
  readonly next?: ((value: T) => unknown) | null | undefined;
  readonly error?: ((error: unknown) => unknown) | null | undefined;
  readonly complete?: (() => unknown) | null | undefined;
}

/** Callbacks are looked up when they are due, as RxJS does: an observer may gain or change them while subscribed. */
const guardObserver = <T>(callbacks: Callbacks<T>, report: Report): Observer<T> => ({
  next: guardCallback((value: T) => callbacks.next?.(value), report),
  error: guardCallback((error: unknown) => (callbacks.error ? callbacks.error(error) : report(error)), report),
  complete: guardCallback(() => callbacks.complete?.(), report),
});

const guardCallback =
  <P extends readonly unknown[]>(callback: (...parameters: P) => unknown, report: Report) =>
  (...parameters: P): void => {
    try {
      const result = callback(...parameters);
      if (isThenable(result)) Promise.resolve(result).catch(report);
    } catch (error) {
      report(error);
    }
  };

const isThenable = (value: unknown): value is PromiseLike<unknown> =>
  typeof value === 'object' && value !== null && 'then' in value && typeof value.then === 'function';

/** RxJS's own test, which a Subscriber from a second copy of RxJS passes too; a Subject does not: it lacks `add`. */
const isSubscriber = <T>(value: unknown): value is Subscriber<T> =>
  value instanceof Subscriber ||
  (typeof value === 'object' &&
    value !== null &&
    ['next', 'error', 'complete', 'add', 'remove', 'unsubscribe'].every((name) => name in value) &&
    'closed' in value);
