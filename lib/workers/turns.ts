import {
  asapScheduler,
  auditTime,
  defer,
  distinctUntilChanged,
  map,
  merge,
  type Observable,
  of,
  type SchedulerLike,
  Subject,
  type Subscription,
  share,
  throttle,
  timer,
} from 'rxjs';
import { isGivenUp } from './slot-state.ts';
import type { WorkersSnapshot } from './snapshot.ts';
import type { Newcomers } from './sockets.ts';

/** Milliseconds between two snapshots that only beats make, at least: a hundred workers beat two hundred times a second. */
const SLIGHT_MS = 250;

/** The snapshots of one life of workers: the present one, and one after every turn in which something changed. */
export class Turns {
  /** At most one snapshot per turn, beginning with the present one; completes when it is told to. */
  readonly workers$: Observable<WorkersSnapshot>;
  /** Whether slots are still to be served; replays. */
  readonly newcomers$: Observable<Newcomers>;
  readonly #take: () => WorkersSnapshot;
  readonly #changed$ = new Subject<void>();
  readonly #slight$ = new Subject<void>();
  readonly #putOff: Subscription;
  #snapshot: WorkersSnapshot | undefined;

  constructor(take: () => WorkersSnapshot, scheduler: SchedulerLike) {
    this.#take = take;
    this.#putOff = this.#slight$
      .pipe(throttle(() => timer(SLIGHT_MS, scheduler), { leading: true, trailing: true }))
      .subscribe(() => this.touch(false));
    // Shared, so that a turn's snapshot is built once and is the same for everybody, and not built while nobody looks.
    const turns$ = this.#changed$.pipe(
      auditTime(0, asapScheduler),
      map(() => this.snapshot),
      share(),
    );
    // Turns first: what a subscriber changes when it is shown the present one is shown to it as well.
    this.workers$ = merge(
      turns$,
      defer(() => of(this.snapshot)),
    ).pipe(distinctUntilChanged());
    this.newcomers$ = this.workers$.pipe(map(newcomersIn), distinctUntilChanged());
  }

  /** As things are now; built at most once per turn unless something changed in between. */
  get snapshot(): WorkersSnapshot {
    if (this.#snapshot !== undefined) return this.#snapshot;
    const snapshot = this.#take();
    this.#snapshot = snapshot;
    asapScheduler.schedule(() => {
      this.#snapshot = undefined;
    });
    return snapshot;
  }

  /** @param slight - only a worker said something of itself: the first time is shown at once, the rest together. */
  touch(slight: boolean): void {
    this.#snapshot = undefined;
    if (slight) this.#slight$.next();
    else this.#changed$.next();
  }

  /** Nothing changes any more. */
  complete(): void {
    // What was put off would otherwise hold a timer, and the process with it.
    this.#putOff.unsubscribe();
    this.#changed$.complete();
  }
}

const newcomersIn = ({ state, workers }: WorkersSnapshot): Newcomers => {
  if (state !== 'New' && state !== 'Booting' && state !== 'Running') return 'never';
  return workers.every((worker) => worker.state === 'active' || isGivenUp(worker.state)) ? 'none' : 'some';
};
