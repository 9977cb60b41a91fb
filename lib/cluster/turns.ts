import {
  asapScheduler,
  auditTime,
  defer,
  distinctUntilChanged,
  map,
  merge,
  type Observable,
  of,
  Subject,
  type Subscription,
  share,
  throttle,
  timer,
} from 'rxjs';

/**
 * Milliseconds between two snapshots that only the health of servers makes, at least.
 *
 * A thousand servers that are checked every five seconds change 200 times a second when a network fails, and a snapshot
 * of them takes about a millisecond.
 */
const SLIGHT_MS = 100;

/** A cluster of no more servers has a snapshot for every turn: at most 50 µs of work. */
const FEW = 100;

/**
 * Milliseconds that each server of a larger one adds to the time between two snapshots.
 *
 * A snapshot takes 0.4 to 0.5 µs for each server (measured), so that snapshots cost a twentieth of the time. Without it
 * the stop of a thousand servers, which finish in a turn each, took three times as long when somebody looked.
 */
const APART_MS = 0.01;

/** The first at once; then, as long as there are more, one whenever so many milliseconds have gone by. */
const apart = (changed$: Observable<void>, ms: () => number): Observable<void> =>
  changed$.pipe(throttle(() => timer(ms()), { leading: true, trailing: true }));

export interface TurnsOptions<S> {
  /** Takes a snapshot of what is now. */
  readonly take: () => S;
  /** How many servers there are to take one of. */
  readonly size: () => number;
}

/** The snapshots of one life of a cluster: the present one, and one after every turn in which something changed. */
export class Turns<S> {
  /** At most one snapshot per turn, beginning with the present one; completes when it is told to. */
  readonly cluster$: Observable<S>;
  readonly #options: TurnsOptions<S>;
  readonly #changed$ = new Subject<void>();
  readonly #slight$ = new Subject<void>();
  readonly #crowd$ = new Subject<void>();
  readonly #putOff: Subscription;
  #snapshot: S | undefined;

  constructor(options: TurnsOptions<S>) {
    this.#options = options;
    this.#putOff = merge(
      apart(this.#slight$, () => SLIGHT_MS),
      apart(this.#crowd$, () => options.size() * APART_MS),
    ).subscribe(() => this.touch());
    // Shared, so that a turn's snapshot is built once and is the same for everybody, and not built while nobody looks.
    const turns$ = this.#changed$.pipe(
      auditTime(0, asapScheduler),
      map(() => this.snapshot),
      share(),
    );
    // Turns first: what a subscriber changes when it is shown the present one is shown to it as well.
    this.cluster$ = merge(
      turns$,
      defer(() => of(this.snapshot)),
    ).pipe(distinctUntilChanged());
  }

  /** As things are now; built at most once per turn unless something changed in between. */
  get snapshot(): S {
    if (this.#snapshot !== undefined) return this.#snapshot;
    const snapshot = this.#options.take();
    this.#snapshot = snapshot;
    asapScheduler.schedule(() => {
      this.#snapshot = undefined;
    });
    return snapshot;
  }

  /** Something changed: this turn has a snapshot of its own. */
  touch(): void {
    this.#snapshot = undefined;
    this.#changed$.next();
  }

  /** A server changed: in a large cluster that may happen in a thousand turns in a row, and is shown as often as it may be. */
  touchServer(): void {
    if (this.#options.size() <= FEW) {
      this.touch();
      return;
    }
    this.#snapshot = undefined;
    this.#crowd$.next();
  }

  /** Something changed that may change a thousand times a second: the first time is shown at once, the rest together. */
  touchSoon(): void {
    this.#snapshot = undefined;
    this.#slight$.next();
  }

  /** Nothing changes any more. */
  complete(): void {
    // What was put off would otherwise hold a timer, and the process with it.
    this.#putOff.unsubscribe();
    this.#changed$.complete();
  }
}
