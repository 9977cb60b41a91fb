import { asapScheduler, type Observable, observeOn, ReplaySubject, Subject } from 'rxjs';
import { WORKERS_TRANSITIONS, type WorkersState } from './worker-state.ts';

/** The states one life of workers goes through, told in order. */
export class States {
  /** Every state in order; replays the latest, completes with the life. */
  readonly state$: Observable<WorkersState>;
  readonly #entered$ = new Subject<WorkersState>();
  #current: WorkersState = 'New';

  constructor() {
    const latest$ = new ReplaySubject<WorkersState>(1);
    latest$.next('New');
    // When the turn's code is done, as events are: both are told in the order in which they happened, and who stops
    // everything when it is told finds nothing half done.
    this.#entered$.pipe(observeOn(asapScheduler)).subscribe(latest$);
    this.state$ = latest$;
  }

  get current(): WorkersState {
    return this.#current;
  }

  /** Throws when that state does not follow. */
  enter(state: WorkersState): void {
    if (!WORKERS_TRANSITIONS[this.#current].includes(state)) {
      throw new Error(`workers do not go from ${this.#current} to ${state}`);
    }
    this.#current = state;
    this.#entered$.next(state);
  }

  complete(): void {
    this.#entered$.complete();
  }
}
