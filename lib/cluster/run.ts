import {
  asapScheduler,
  auditTime,
  catchError,
  defaultIfEmpty,
  defer,
  distinctUntilChanged,
  map,
  merge,
  type Observable,
  observeOn,
  of,
  queueScheduler,
  ReplaySubject,
  Subject,
  Subscription,
  share,
  startWith,
  subscribeOn,
  takeUntil,
  timer,
} from 'rxjs';
import { ConfigError } from '../config/errors.ts';
import { parseCluster } from '../config/parse.ts';
import type { ServerSpec } from '../config/server-spec.ts';
import { conflateScan } from '../reactive/conflate-scan.ts';
import { type ClusterState, isTransition } from './cluster-state.ts';
import { commit } from './commit.ts';
import { Hosts } from './hosts.ts';
import type { Ledger, Request } from './ledger.ts';
import type { Member } from './member.ts';
import type { ClusterSettings } from './options.ts';
import type { Refusal } from './outcome.ts';
import { diff, type Plan, planOf } from './plan.ts';
import { initialProgress, type Progress, progressAfter } from './progress.ts';
import { type Report, Roster } from './roster.ts';
import { type ClusterSnapshot, takeSnapshot } from './snapshot.ts';
import { stateAfter, type Verdict } from './verdict.ts';

/** How much later than the drains themselves a stop gives up on them. */
const OVERTIME_MS = 100;

const LONGEST_MS = 2 ** 31 - 1;

/** What a request asked for, as far as it was valid, and what became of it. */
interface Decision {
  readonly verdict: Verdict;
  readonly specs: ReadonlyMap<string, ServerSpec>;
}

const running = (specs: ReadonlyMap<string, ServerSpec>): ReadonlyMap<string, ServerSpec> => {
  for (const { disabled } of specs.values()) {
    if (disabled) return new Map([...specs].filter(([, spec]) => !spec.disabled));
  }
  return specs;
};

/**
 * One life of a cluster, from `New` to `Stopped`: folds requests into commits, and everything that happens into one
 * state and one snapshot.
 */
export class Run {
  /** Every state in order; replays the latest, completes after `Stopped`. */
  readonly state$ = new ReplaySubject<ClusterState>(1);
  /** At most one snapshot per turn, beginning with the present one; completes after `Stopped`. */
  readonly cluster$: Observable<ClusterSnapshot>;
  /** What servers say of themselves. Hot. */
  readonly reports$ = new Subject<Report>();
  /** Emits when nothing runs any more and every stream has said its last. */
  readonly ended$ = new ReplaySubject<void>(1);
  readonly #settings: ClusterSettings;
  readonly #ledger: Ledger;
  readonly #hosts: Hosts;
  readonly #roster: Roster;
  readonly #entered$ = new Subject<ClusterState>();
  readonly #changed$ = new Subject<void>();
  readonly #stopping$ = new Subject<void>();
  readonly #life = new Subscription();
  #state: ClusterState = 'New';
  #source: ClusterSnapshot['source'] = 'open';
  #progress: Progress;
  #snapshot: ClusterSnapshot | undefined;

  constructor(settings: ClusterSettings, ledger: Ledger, progress: Progress = initialProgress) {
    const { listeners, logger, overrideGlobalObjects } = settings;
    this.#settings = settings;
    this.#ledger = ledger;
    this.#progress = progress;
    this.#hosts = new Hosts(listeners, { logger, overrideGlobalObjects });
    this.#roster = new Roster(this.#hosts);
    // Through the queue before it is multicast: a subscriber that stops the cluster while it is notified of a state
    // would otherwise show the states to the others in reverse.
    this.#entered$.pipe(observeOn(queueScheduler)).subscribe(this.state$);
    this.state$.next('New');
    // Shared, so that a turn's snapshot is built once, and not at all while nobody looks.
    const turns$ = this.#changed$.pipe(auditTime(0, asapScheduler), share());
    this.cluster$ = turns$.pipe(
      startWith(undefined),
      map(() => this.snapshot),
      distinctUntilChanged(),
    );
  }

  get state(): ClusterState {
    return this.#state;
  }

  get progress(): Progress {
    return this.#progress;
  }

  /** As things are now; built at most once per turn unless something changed in between. */
  get snapshot(): ClusterSnapshot {
    if (this.#snapshot !== undefined) return this.#snapshot;
    const snapshot = takeSnapshot(
      {
        state: this.#state,
        source: this.#source,
        progress: this.#progress,
        members: this.#roster.members,
        leaving: this.#roster.leaving,
      },
      Date.now(),
    );
    this.#snapshot = snapshot;
    asapScheduler.schedule(() => {
      this.#snapshot = undefined;
    });
    return snapshot;
  }

  /** Begins to serve: what was in force in an earlier life, unless something newer is asked for already. */
  start(requests$: Observable<Request>): void {
    const { applied } = this.#progress;
    this.#enter('Booting');
    this.#life.add(
      this.#roster.reports$.subscribe((report) => {
        this.#touch();
        this.reports$.next(report);
      }),
    );
    const waiting = !this.#ledger.isEmpty;
    const resume = applied > 0 && !waiting;
    const commits$ = merge(resume ? of(undefined) : [], requests$).pipe(
      conflateScan<Request | undefined, Progress>(
        (progress, request) => this.#work(progress, request),
        this.#progress,
        {
          buffer: this.#settings.siphonBuffer,
          dropped: (request) => request !== undefined && this.#ledger.settle(request, { status: 'superseded' }),
        },
      ),
    );
    this.#life.add(commits$.pipe(takeUntil(this.#stopping$)).subscribe());
    if (!resume && !waiting) this.#enter('Running');
  }

  /**
   * Cancels what is asked for and lets every server finish; emits the number of connections that were cut, and completes.
   *
   * @param drainTimeoutMs - instead of the servers' own.
   */
  stop(drainTimeoutMs?: number): Observable<number> {
    return defer(() => {
      this.#wind();
      const longest = Math.min(drainTimeoutMs ?? LONGEST_MS, this.#settings.shutdownTimeoutMs);
      const members = [...this.#roster.members.values()];
      let cut = 0;
      const counting = this.reports$.subscribe(({ status }) => {
        cut += status.cut ?? 0;
      });
      const limit = (member: Member): number => Math.min(longest, drainTimeoutMs ?? member.spec.limits.drainTimeoutMs);
      return merge(this.#roster.stop(members, limit), this.#roster.ended(this.#roster.leaving)).pipe(
        takeUntil(timer(Math.min(longest + OVERTIME_MS, LONGEST_MS))),
        defaultIfEmpty(undefined),
        map(() => {
          counting.unsubscribe();
          return cut + this.#end();
        }),
      );
    });
  }

  /** The axe: frees every address and cuts every connection in this turn. */
  kill(): void {
    if (this.#state === 'Stopped') return;
    if (this.#state !== 'New' && this.#state !== 'Stopping') this.#wind();
    this.#end();
  }

  /** What `config` would change. Throws a `ConfigError`. */
  plan(config: unknown): Plan {
    const { specs, issues } = parseCluster(config, this.#progress.specs);
    if (issues.length > 0) throw new ConfigError(issues);
    return planOf(diff(this.#roster.members, running(specs), this.#settings.strategy));
  }

  /** What the source said of itself. */
  heard(source: ClusterSnapshot['source']): void {
    this.#source = source;
    this.#touch();
  }

  /**
   * Commits one request, or, for `undefined`, what an earlier life had in force.
   *
   * Begins when the turn's code is done: of configs that are pushed in a loop the last one is committed, not each.
   */
  #work(progress: Progress, request: Request | undefined): Observable<Progress> {
    return defer(() => {
      const revision = request?.revision ?? progress.applied;
      const before = this.#state;
      this.#progress = { ...progress, desired: revision };
      this.#touch();
      const decided$ = request === undefined ? this.#commit(progress.specs, []) : this.#decide(progress, request);
      return decided$.pipe(
        map(({ verdict, specs }) => {
          this.#progress = progressAfter(progress, revision, verdict, specs);
          this.#arrive(stateAfter(verdict, before, progress.applied > 0 && request !== undefined));
          if (request !== undefined) this.#ledger.settle(request, verdict);
          return this.#progress;
        }),
      );
    }).pipe(subscribeOn(asapScheduler));
  }

  #decide(progress: Progress, request: Request): Observable<Decision> {
    const { specs, issues, refused } = parseCluster(request.config, progress.specs);
    const independent = this.#settings.commit === 'independent' && refused.size > 0 && specs.size > 0;
    if (issues.length > 0 && !independent) return of({ verdict: { status: 'rejected', issues }, specs });
    const refusals = [...refused].map((server) => {
      const own = issues.filter((issue) => issue.server === server);
      return { server, cause: new ConfigError(own), issues: own };
    });
    return this.#commit(specs, refusals);
  }

  #commit(specs: ReadonlyMap<string, ServerSpec>, refused: readonly Refusal[]): Observable<Decision> {
    const desired = running(specs);
    const { strategy, commit: mode, restartDelayMs, startTimeoutMs } = this.#settings;
    const { steps } = diff(this.#roster.members, desired, strategy);
    if (steps.length === 0 && this.#state !== 'Error') return of({ verdict: { status: 'unchanged' }, specs });
    if (this.#state !== 'Booting') this.#enter('Reloading');
    const options = { strategy, mode, restartDelayMs, startTimeoutMs };
    return commit({ roster: this.#roster, hosts: this.#hosts, options }, desired, refused).pipe(
      catchError((error: unknown) => {
        this.#settings.logger.error('a commit failed where nothing may fail; this is a defect of Sluice', error);
        const cause = error instanceof Error ? error : new Error(String(error));
        return of<Verdict>({ status: 'rolledBack', server: '', cause, unrestored: [] });
      }),
      map((verdict) => ({ verdict, specs })),
    );
  }

  #arrive(next: 'Running' | 'Error'): void {
    if (next !== this.#state && this.#state !== 'Stopping') this.#enter(next);
    else this.#touch();
  }

  #enter(state: ClusterState): void {
    if (!isTransition(this.#state, state)) throw new Error(`a cluster does not go from ${this.#state} to ${state}`);
    this.#state = state;
    this.#entered$.next(state);
    this.#touch();
  }

  #touch(): void {
    this.#snapshot = undefined;
    this.#changed$.next();
  }

  /** Nothing more is committed: what is being prepared is let go of, what waits is cancelled. */
  #wind(): void {
    this.#stopping$.next();
    this.#ledger.cancel();
    if (this.#state === 'Booting' || this.#state === 'Reloading') this.#enter('Running');
    this.#enter('Stopping');
  }

  /** Cuts what is left, says how many connections that were, and completes every stream. */
  #end(): number {
    this.#life.unsubscribe();
    this.#roster.finish();
    const cut = this.#hosts.destroy();
    this.#ledger.cancel();
    if (this.#state === 'Stopping') this.#enter('Stopped');
    for (const subject of [this.#entered$, this.#changed$, this.reports$]) subject.complete();
    queueScheduler.schedule(() => this.ended$.next());
    return cut;
  }
}
