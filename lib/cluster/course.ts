import { defer, map, type Observable } from 'rxjs';
import type { ServerSpec } from '../config/server-spec.ts';
import type { Logger } from '../log/logger.ts';
import type { ClusterState } from './cluster-state.ts';
import type { Ledger, Request } from './ledger.ts';
import { narrateResumed } from './narrate.ts';
import { initialProgress, type Progress, progressAfter } from './progress.ts';
import type { ClusterSnapshot } from './snapshot.ts';
import { States } from './states.ts';
import { Turns, type TurnsOptions } from './turns.ts';
import { stateAfter, type Verdict } from './verdict.ts';

/** What a request asked for, as far as it was valid, and what became of it. */
export interface Decision {
  readonly verdict: Verdict;
  readonly specs: ReadonlyMap<string, ServerSpec>;
}

export interface CourseOptions<S> extends TurnsOptions<S> {
  readonly ledger: Ledger;
  readonly logger: Logger;
  /** What an earlier life came to. */
  readonly progress: Progress | undefined;
}

/** The course of one life of a cluster: its states, what its commits have come to, and a snapshot of both for every turn. */
export class Course<S> {
  readonly turns: Turns<S>;
  readonly #states = new States();
  /** Every state in order; replays the latest, completes after `Stopped`. */
  readonly state$ = this.#states.state$;
  readonly #ledger: Ledger;
  readonly #logger: Logger;
  #progress: Progress;
  #over = false;
  #source: ClusterSnapshot['source'] = 'open';
  #sourceError: Error | undefined;

  constructor({ ledger, logger, progress = initialProgress, ...turns }: CourseOptions<S>) {
    this.#ledger = ledger;
    this.#logger = logger;
    this.#progress = progress;
    this.turns = new Turns(turns);
  }

  get state(): ClusterState {
    return this.#states.current;
  }

  get progress(): Progress {
    return this.#progress;
  }

  /** Nothing is looked at any more. */
  get over(): boolean {
    return this.#over;
  }

  get source(): ClusterSnapshot['source'] {
    return this.#source;
  }

  get sourceError(): Error | undefined {
    return this.#sourceError;
  }

  /** What begins this life: what was in force in an earlier one, then what the ledger holds. */
  get first(): readonly (Request | undefined)[] {
    return [...(this.#progress.applied > 0 ? [undefined] : []), ...this.#ledger.open];
  }

  /** What the source said of itself. */
  heard(source: ClusterSnapshot['source'], error?: unknown): void {
    if (source === this.#source && error === this.#sourceError) return;
    this.#source = source;
    this.#sourceError = error === undefined || error instanceof Error ? error : new Error(String(error));
    this.turns.touch();
  }

  /**
   * Notes that a request is looked at, and what it came to.
   *
   * @param request - `undefined` for what an earlier life had in force.
   * @param decide - carries it out, when it is its turn.
   * @param applied - told of what is in force from now on, before anybody else hears of it.
   */
  work(
    progress: Progress,
    request: Request | undefined,
    decide: () => Observable<Decision>,
    applied: (specs: ReadonlyMap<string, ServerSpec>) => void,
  ): Observable<Progress> {
    return defer(() => {
      const revision = request?.revision ?? progress.applied;
      const before = this.state;
      this.#progress = { ...progress, desired: revision };
      this.turns.touch();
      return decide().pipe(
        map(({ verdict, specs }) => {
          this.#progress = progressAfter(progress, revision, verdict, specs);
          if (this.#progress.applied === revision) applied(this.#progress.specs);
          // Decided before anybody hears of it: whoever stops the cluster then finds that this request has its outcome.
          if (request !== undefined) this.#ledger.decide(request, verdict);
          else narrateResumed(verdict, this.#logger);
          this.arrive(stateAfter(verdict, before, progress.applied > 0 && request !== undefined));
          this.#ledger.tell();
          return this.#progress;
        }),
      );
    });
  }

  /** Something was done that nobody had pushed. */
  amend(progress: Progress): Progress {
    this.#progress = progress;
    return progress;
  }

  /** What was being done is done; but what has failed meanwhile has not recovered by that. */
  arrive(next: 'Running' | 'Error'): void {
    if (next !== this.state && this.state !== 'Error' && !this.#over) this.enter(next);
    else this.turns.touch();
  }

  enter(state: ClusterState): void {
    this.#states.enter(state);
    this.turns.touch();
  }

  /** Enters `Stopping`, by way of `Running` where something was being done. Once; says whether. */
  wind(stop: () => void): boolean {
    if (this.#over || this.state === 'New') return false;
    this.#over = true;
    stop();
    if (this.state === 'Booting' || this.state === 'Reloading') this.enter('Running');
    this.enter('Stopping');
    this.#ledger.cancel();
    return true;
  }

  /** Enters `Stopped`, and completes every stream. */
  end(): void {
    this.#over = true;
    this.#ledger.cancel();
    // What was decided when somebody stopped it is told as well, before the end is.
    this.#ledger.tell();
    if (this.state === 'Stopping') this.enter('Stopped');
    this.#states.complete();
    this.turns.complete();
  }
}
