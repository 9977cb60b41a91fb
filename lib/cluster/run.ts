import {
  asapScheduler,
  catchError,
  concat,
  defer,
  EMPTY,
  from,
  map,
  merge,
  type Observable,
  of,
  ReplaySubject,
  Subject,
  Subscription,
  takeUntil,
} from 'rxjs';
import { ConfigError } from '../config/errors.ts';
import { parseCluster } from '../config/parse.ts';
import type { ServerSpec } from '../config/server-spec.ts';
import { conflateScan } from '../reactive/conflate-scan.ts';
import { Fairness, fairly } from '../reactive/fairness.ts';
import type { ClusterState } from './cluster-state.ts';
import { commit, type Task } from './commit.ts';
import { Hosts } from './hosts.ts';
import type { Ledger, Request } from './ledger.ts';
import { narrateResumed } from './narrate.ts';
import type { ClusterSettings } from './options.ts';
import { diff, type Plan, planOf } from './plan.ts';
import type { Ports } from './ports.ts';
import { initialProgress, type Progress, progressAfter } from './progress.ts';
import { type Reading, readAhead, readConfig, running } from './reading.ts';
import { Repair, Repairs } from './repairs.ts';
import { type News, Roster } from './roster.ts';
import { type ClusterSnapshot, takeSnapshot } from './snapshot.ts';
import { States } from './states.ts';
import { Turns } from './turns.ts';
import { stateAfter, type Verdict } from './verdict.ts';
import { type Ending, windDown } from './wind-down.ts';

/** What a request asked for, as far as it was valid, and what became of it. */
interface Decision {
  readonly verdict: Verdict;
  readonly specs: ReadonlyMap<string, ServerSpec>;
}

/**
 * One life of a cluster, from `New` to `Stopped`: folds requests into commits, and everything that happens into one
 * state and one snapshot.
 */
export class Run {
  /** What servers say of themselves. Hot. */
  readonly reports$ = new Subject<News>();
  /** Emits when nothing runs any more and every stream has said its last. */
  readonly ended$ = new ReplaySubject<Ending>(1);
  readonly #settings: ClusterSettings;
  readonly #ledger: Ledger;
  readonly #hosts: Hosts;
  readonly #roster: Roster;
  readonly #repairs: Repairs;
  readonly #states = new States();
  /** Every state in order; replays the latest, completes after `Stopped`. */
  readonly state$ = this.#states.state$;
  readonly #turns = new Turns({ take: () => this.#takeSnapshot(), size: () => this.#roster.members.size });
  /** At most one snapshot per turn, beginning with the present one; completes after `Stopped`. */
  readonly cluster$ = this.#turns.cluster$;
  readonly #stopping$ = new Subject<void>();
  readonly #life = new Subscription();
  #serving = false;
  #over = false;
  #stoppedAt = 0;
  #source: ClusterSnapshot['source'] = 'open';
  #sourceError: Error | undefined;
  #progress: Progress;

  constructor(settings: ClusterSettings, ledger: Ledger, ports: Ports, progress: Progress = initialProgress) {
    this.#settings = settings;
    this.#ledger = ledger;
    this.#progress = progress;
    this.#hosts = new Hosts(settings.listeners, settings);
    this.#roster = new Roster(this.#hosts, ports);
    this.#repairs = new Repairs(this.#roster.health, () => !this.#over && ledger.isEmpty);
  }

  get state(): ClusterState {
    return this.#states.current;
  }

  /** Requests are looked at; before that they wait in the ledger. */
  get serving(): boolean {
    return this.#serving;
  }

  /** It is stopping or has stopped: nothing is looked at any more. */
  get over(): boolean {
    return this.#over;
  }

  get progress(): Progress {
    return this.#progress;
  }

  /** As things are now; built at most once per turn unless something changed in between. */
  get snapshot(): ClusterSnapshot {
    return this.#turns.snapshot;
  }

  /** Begins to serve: what was in force in an earlier life, then what the ledger holds, then what comes. */
  start(requests$: Observable<Request>): void {
    this.#enter('Booting');
    // Whoever was told may have stopped it again.
    if (this.#over) return;
    this.#life.add(
      this.#roster.reports$.subscribe((report) => {
        if ('health' in report) this.#turns.touchSoon();
        else this.#turns.touchServer();
        this.reports$.next(report);
      }),
    );
    this.#life.add(this.#roster.due$.subscribe(() => this.#repairs.offer()));
    const first = [...(this.#progress.applied > 0 ? [undefined] : []), ...this.#ledger.open];
    const fairness = new Fairness();
    const commits$ = merge(from(first), requests$, this.#repairs.wanted$).pipe(
      conflateScan<Request | Repair | undefined, Progress>(
        (progress, wanted) =>
          fairly(fairness, wanted instanceof Repair ? this.#repair(progress, wanted) : this.#work(progress, wanted)),
        this.#progress,
        { buffer: this.#settings.siphonBuffer, dropped: (wanted) => this.#drop(wanted) },
      ),
    );
    this.#life.add(commits$.pipe(takeUntil(this.#stopping$)).subscribe());
    this.#serving = true;
    if (first.length === 0) this.#enter('Running');
  }

  /**
   * Cancels what is asked for and lets every server finish; `ended$` says when that is done. Stopping twice is stopping
   * once, and so is stopping what never started.
   *
   * @param drainTimeoutMs - instead of the servers' own.
   * @param handOver - give addresses back at once: somebody else accepts there.
   */
  stop(drainTimeoutMs: number | undefined, handOver: boolean): void {
    if (!this.#wind()) return;
    if (handOver) this.#roster.handOver();
    const { shutdownTimeoutMs } = this.#settings;
    const cut$ = windDown(this.#roster, { drainTimeoutMs, shutdownTimeoutMs });
    this.#life.add(cut$.subscribe((cut) => this.#end(cut)));
  }

  /** The axe: frees every address and cuts every connection in this turn. */
  kill(): void {
    this.#wind();
    this.#end(0);
  }

  /** What `config` would change. Throws a `ConfigError`. */
  plan(config: unknown): Plan {
    const { specs, issues } = parseCluster(config, this.#progress.specs);
    if (issues.length > 0) throw new ConfigError(issues);
    const desired = running(specs);
    return planOf(diff(this.#roster.standings(desired), desired, this.#settings.strategy));
  }

  /** What the source said of itself. */
  heard(source: ClusterSnapshot['source'], error?: unknown): void {
    if (source === this.#source && error === this.#sourceError) return;
    this.#source = source;
    this.#sourceError = error === undefined || error instanceof Error ? error : new Error(String(error));
    this.#turns.touch();
  }

  /**
   * Commits one request, or, for `undefined`, what an earlier life had in force.
   *
   * Begins when the turn's code is done: of configs that are pushed in a loop the last one is committed, not each.
   */
  #work(progress: Progress, request: Request | undefined): Observable<Progress> {
    return defer(() => {
      const revision = request?.revision ?? progress.applied;
      const before = this.state;
      this.#progress = { ...progress, desired: revision };
      this.#turns.touch();
      const decided$ =
        request === undefined
          ? this.#commit({ specs: progress.specs, refused: [] }, { mode: this.#settings.commit })
          : concat(
              readAhead(request.config),
              defer(() => this.#decide(progress, request)),
            );
      return decided$.pipe(
        map(({ verdict, specs }) => {
          this.#progress = progressAfter(progress, revision, verdict, specs);
          if (this.#progress.applied === revision) this.#roster.recall(this.#progress.specs);
          // Decided before anybody hears of it: whoever stops the cluster then finds that this request has its outcome.
          if (request !== undefined) this.#ledger.decide(request, verdict);
          else narrateResumed(verdict, this.#settings.logger);
          this.#arrive(stateAfter(verdict, before, progress.applied > 0 && request !== undefined));
          this.#ledger.tell();
          this.#repairs.offer();
          return this.#progress;
        }),
      );
    });
  }

  /** Builds a server anew that is down, unless it got well meanwhile; nothing else is touched. */
  #repair(progress: Progress, repair: Repair): Observable<Progress> {
    return defer(() => {
      const reading = this.#repairs.begin(repair, progress.specs);
      if (reading === undefined) return EMPTY;
      const before = this.state;
      return this.#commit(reading, { mode: 'atomic', only: repair.server }).pipe(
        map(({ verdict, specs }) => {
          this.#progress = this.#repairs.end(repair, progress, verdict, specs);
          this.#arrive(before === 'Error' ? before : stateAfter(verdict, before, true));
          return this.#progress;
        }),
      );
    });
  }

  #drop(wanted: Request | Repair | undefined): void {
    if (wanted instanceof Repair) this.#repairs.drop();
    else if (wanted !== undefined) this.#ledger.settle(wanted, { status: 'superseded' });
  }

  #decide(progress: Progress, request: Request): Observable<Decision> {
    const { commit: mode = this.#settings.commit, confirm } = request.options;
    const reading = readConfig(request.config, progress.specs, mode);
    return reading.issues === undefined
      ? this.#commit(reading, { mode, confirm })
      : of({ verdict: { status: 'rejected', issues: reading.issues }, specs: reading.specs });
  }

  #commit({ specs, refused }: Reading, { mode, only, confirm }: Task): Observable<Decision> {
    // A getter of the config may have stopped the cluster.
    if (this.#over) return EMPTY;
    const desired = running(specs);
    const { strategy, restartDelayMs, startTimeoutMs, logger, baseDir } = this.#settings;
    const all = diff(this.#roster.standings(desired), desired, strategy);
    const known = only === undefined ? all : { ...all, steps: all.steps.filter(({ server }) => server === only) };
    const isDone = known.steps.length === 0 && refused.length === 0;
    if (isDone && this.state !== 'Error') return of({ verdict: { status: 'unchanged' }, specs });
    if (this.state !== 'Booting') this.#enter('Reloading');
    const site = { logger, baseDir, state: () => this.state, targets: this.#hosts.targets };
    const options = { strategy, mode, restartDelayMs, startTimeoutMs, site, confirm };
    return commit({ roster: this.#roster, hosts: this.#hosts, options }, desired, refused, known).pipe(
      catchError((error: unknown) => {
        this.#settings.logger.error('a commit failed where nothing may fail; this is a defect of Sluice', error);
        const cause = error instanceof Error ? error : new Error(String(error));
        return of<Verdict>({ status: 'rolledBack', server: '', cause, unrestored: [] });
      }),
      map((verdict) => ({ verdict, specs })),
    );
  }

  #arrive(next: 'Running' | 'Error'): void {
    if (next !== this.state && !this.#over) this.#enter(next);
    else this.#turns.touch();
  }

  #enter(state: ClusterState): void {
    this.#states.enter(state);
    this.#turns.touch();
  }

  #takeSnapshot(): ClusterSnapshot {
    const { members, leaving } = this.#roster;
    const [source, sourceError, progress] = [this.#source, this.#sourceError, this.#progress];
    return takeSnapshot({ state: this.state, source, sourceError, progress, members, leaving }, Date.now());
  }

  /** Nothing more is committed: what is being prepared is let go of, what waits is cancelled. Once; says whether. */
  #wind(): boolean {
    if (this.#over || this.state === 'New') return false;
    this.#over = true;
    this.#stoppedAt = performance.now();
    this.#stopping$.next();
    if (this.state === 'Booting' || this.state === 'Reloading') this.#enter('Running');
    this.#enter('Stopping');
    this.#ledger.cancel();
    return true;
  }

  /** Cuts what is left and completes every stream. */
  #end(cut: number): void {
    if (this.#life.closed) return;
    this.#over = true;
    this.#life.unsubscribe();
    this.#roster.finish();
    const rest = this.#hosts.destroy();
    this.#ledger.cancel();
    // What was decided when somebody stopped it is told as well, before the end is.
    this.#ledger.tell();
    if (this.state === 'Stopping') this.#enter('Stopped');
    for (const stream of [this.#states, this.#turns, this.reports$]) stream.complete();
    const ending = Object.freeze({ cut: cut + rest, durationMs: performance.now() - this.#stoppedAt });
    asapScheduler.schedule(() => this.ended$.next(ending));
  }
}
