import { type Observable, observeOn, queueScheduler, ReplaySubject, Subject } from 'rxjs';
import { type ClusterState, isTransition } from './cluster-state.ts';

/** The states one life of a cluster goes through, told in order. */
export class States {
  /** Every state in order; replays the latest, completes with the life. */
  readonly state$: Observable<ClusterState>;
  readonly #entered$ = new Subject<ClusterState>();
  #current: ClusterState = 'New';

  constructor() {
    const latest$ = new ReplaySubject<ClusterState>(1);
    latest$.next('New');
    // Through the queue before it is multicast: a subscriber that stops the cluster while it is notified of a state
    // would otherwise show the states to the others in reverse.
    this.#entered$.pipe(observeOn(queueScheduler)).subscribe(latest$);
    this.state$ = latest$;
  }

  get current(): ClusterState {
    return this.#current;
  }

  /** Throws when that state does not follow. */
  enter(state: ClusterState): void {
    if (!isTransition(this.#current, state)) throw new Error(`a cluster does not go from ${this.#current} to ${state}`);
    this.#current = state;
    this.#entered$.next(state);
  }

  complete(): void {
    this.#entered$.complete();
  }
}
