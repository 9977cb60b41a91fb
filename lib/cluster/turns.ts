import {
  asapScheduler,
  asyncScheduler,
  auditTime,
  defer,
  distinctUntilChanged,
  map,
  merge,
  type Observable,
  of,
  Subject,
  share,
  throttleTime,
} from 'rxjs';
import type { ClusterSnapshot } from './snapshot.ts';

/**
 * Milliseconds between two snapshots that only the health of servers makes, at least.
 *
 * A thousand servers that are checked every five seconds change 200 times a second when a network fails, and a snapshot
 * of them takes about a millisecond.
 */
const SLIGHT_MS = 100;

/** The snapshots of one life of a cluster: the present one, and one after every turn in which something changed. */
export class Turns {
  /** At most one snapshot per turn, beginning with the present one; completes when it is told to. */
  readonly cluster$: Observable<ClusterSnapshot>;
  readonly #take: () => ClusterSnapshot;
  readonly #changed$ = new Subject<void>();
  readonly #slight$ = new Subject<void>();
  readonly #slight = this.#slight$
    .pipe(throttleTime(SLIGHT_MS, asyncScheduler, { leading: true, trailing: true }))
    .subscribe(() => this.touch());
  #snapshot: ClusterSnapshot | undefined;

  constructor(take: () => ClusterSnapshot) {
    this.#take = take;
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
  get snapshot(): ClusterSnapshot {
    if (this.#snapshot !== undefined) return this.#snapshot;
    const snapshot = this.#take();
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

  /** Something changed that may change a thousand times a second: the first time is shown at once, the rest together. */
  touchSoon(): void {
    this.#snapshot = undefined;
    this.#slight$.next();
  }

  /** Nothing changes any more. */
  complete(): void {
    // What was put off would otherwise hold a timer, and the process with it.
    this.#slight.unsubscribe();
    this.#changed$.complete();
  }
}
