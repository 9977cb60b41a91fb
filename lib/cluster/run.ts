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
  tap,
} from 'rxjs';
import { ConfigError } from '../config/errors.ts';
import { parseCluster } from '../config/parse.ts';
import { conflateScan } from '../reactive/conflate-scan.ts';
import { Fairness, fairly } from '../reactive/fairness.ts';
import type { ClusterState } from './cluster-state.ts';
import { commit, type Task } from './commit.ts';
import { Course, type Decision } from './course.ts';
import type { Life } from './front.ts';
import { Hosts } from './hosts.ts';
import type { Ledger, Request } from './ledger.ts';
import type { ClusterSettings } from './options.ts';
import type { StopOptions } from './orders.ts';
import { diff, type Plan, planOf } from './plan.ts';
import type { Ports } from './ports.ts';
import type { Progress } from './progress.ts';
import { type Reading, readAhead, readConfig, running } from './reading.ts';
import { Repair, Repairs } from './repairs.ts';
import { type News, Roster } from './roster.ts';
import { type ClusterSnapshot, takeSnapshot } from './snapshot.ts';
import { stateAfter, type Verdict } from './verdict.ts';
import { type Ending, windDown } from './wind-down.ts';

/**
 * One life of a cluster, from `New` to `Stopped`: folds requests into commits, and everything that happens into one
 * state and one snapshot.
 */
export class Run implements Life<ClusterSnapshot, Ending> {
  /** What servers say of themselves. Hot. */
  readonly reports$ = new Subject<News>();
  /** Emits when nothing runs any more and every stream has said its last. */
  readonly ended$ = new ReplaySubject<Ending>(1);
  readonly state$: Observable<ClusterState>;
  readonly cluster$: Observable<ClusterSnapshot>;
  readonly #settings: ClusterSettings;
  readonly #ledger: Ledger;
  readonly #hosts: Hosts;
  readonly #roster: Roster;
  readonly #repairs: Repairs;
  readonly #course: Course<ClusterSnapshot>;
  readonly #stopping$ = new Subject<void>();
  readonly #life = new Subscription();
  #serving = false;
  #stoppedAt = 0;

  constructor(settings: ClusterSettings, ledger: Ledger, ports: Ports, progress?: Progress) {
    this.#settings = settings;
    this.#ledger = ledger;
    this.#hosts = new Hosts(settings.listeners, settings);
    this.#roster = new Roster(this.#hosts, ports);
    const { logger } = settings;
    const size = (): number => this.#roster.members.size;
    this.#course = new Course({ ledger, logger, progress, take: () => this.#takeSnapshot(), size });
    this.state$ = this.#course.state$;
    this.cluster$ = this.#course.turns.cluster$;
    this.#repairs = new Repairs(this.#roster.health, () => !this.over && ledger.isEmpty);
  }

  get state(): ClusterState {
    return this.#course.state;
  }

  get serving(): boolean {
    return this.#serving;
  }

  get over(): boolean {
    return this.#course.over;
  }

  get progress(): Progress {
    return this.#course.progress;
  }

  /** As things are now; built at most once per turn unless something changed in between. */
  get snapshot(): ClusterSnapshot {
    return this.#course.turns.snapshot;
  }

  /** Begins to serve: what was in force in an earlier life, then what the ledger holds, then what comes. */
  start(requests$: Observable<Request>): void {
    this.#course.enter('Booting');
    // Whoever was told may have stopped it again.
    if (this.over) return;
    this.#life.add(
      this.#roster.reports$.subscribe((report) => {
        if ('health' in report) this.#course.turns.touchSoon();
        else this.#course.turns.touchServer();
        this.reports$.next(report);
      }),
    );
    this.#life.add(this.#roster.due$.subscribe(() => this.#repairs.offer()));
    const { first } = this.#course;
    const fairness = new Fairness();
    const commits$ = merge(from(first), requests$, this.#repairs.wanted$).pipe(
      conflateScan<Request | Repair | undefined, Progress>(
        (progress, wanted) =>
          fairly(fairness, wanted instanceof Repair ? this.#repair(progress, wanted) : this.#work(progress, wanted)),
        this.progress,
        { buffer: this.#settings.siphonBuffer, dropped: (wanted) => this.#drop(wanted) },
      ),
    );
    this.#life.add(commits$.pipe(takeUntil(this.#stopping$)).subscribe());
    this.#serving = true;
    if (first.length === 0) this.#course.enter('Running');
  }

  /**
   * Cancels what is asked for and lets every server finish; `ended$` says when that is done. Stopping twice is stopping
   * once, and so is stopping what never started.
   */
  stop({ drainTimeoutMs, handOver = false }: StopOptions): void {
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
    const { specs, issues } = parseCluster(config, this.progress.specs);
    if (issues.length > 0) throw new ConfigError(issues);
    const desired = running(specs);
    return planOf(diff(this.#roster.standings(desired), desired, this.#settings.strategy));
  }

  heard(source: ClusterSnapshot['source'], error?: unknown): void {
    this.#course.heard(source, error);
  }

  /**
   * Commits one request, or, for `undefined`, what an earlier life had in force.
   *
   * Begins when the turn's code is done: of configs that are pushed in a loop the last one is committed, not each.
   */
  #work(progress: Progress, request: Request | undefined): Observable<Progress> {
    const decide = (): Observable<Decision> =>
      request === undefined
        ? this.#commit({ specs: progress.specs, refused: [] }, { mode: this.#settings.commit })
        : concat(
            readAhead(request.config),
            defer(() => this.#decide(progress, request)),
          );
    const done$ = this.#course.work(progress, request, decide, (specs) => this.#roster.recall(specs));
    return done$.pipe(tap(() => this.#repairs.offer()));
  }

  /** Builds a server anew that is down, unless it got well meanwhile; nothing else is touched. */
  #repair(progress: Progress, repair: Repair): Observable<Progress> {
    return defer(() => {
      const reading = this.#repairs.begin(repair, progress.specs);
      if (reading === undefined) return EMPTY;
      const before = this.state;
      return this.#commit(reading, { mode: 'atomic', only: repair.server }).pipe(
        map(({ verdict, specs }) => {
          const next = this.#course.amend(this.#repairs.end(repair, progress, verdict, specs));
          this.#course.arrive(before === 'Error' ? before : stateAfter(verdict, before, true));
          return next;
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
    if (this.over) return EMPTY;
    const desired = running(specs);
    const { strategy, restartDelayMs, startTimeoutMs, logger, baseDir } = this.#settings;
    const all = diff(this.#roster.standings(desired), desired, strategy);
    const known = only === undefined ? all : { ...all, steps: all.steps.filter(({ server }) => server === only) };
    const isDone = known.steps.length === 0 && refused.length === 0;
    if (isDone && this.state !== 'Error') return of({ verdict: { status: 'unchanged' }, specs });
    if (this.state !== 'Booting') this.#course.enter('Reloading');
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

  #takeSnapshot(): ClusterSnapshot {
    const { members, leaving } = this.#roster;
    const { state, source, sourceError, progress } = this.#course;
    return takeSnapshot({ state, source, sourceError, progress, members, leaving }, Date.now());
  }

  /** Nothing more is committed: what is being prepared is let go of, what waits is cancelled. Once; says whether. */
  #wind(): boolean {
    return this.#course.wind(() => {
      this.#stoppedAt = performance.now();
      this.#stopping$.next();
    });
  }

  /** Cuts what is left and completes every stream. */
  #end(cut: number): void {
    if (this.#life.closed) return;
    this.#life.unsubscribe();
    this.#roster.finish();
    const rest = this.#hosts.destroy();
    this.#course.end();
    this.reports$.complete();
    const ending = Object.freeze({ cut: cut + rest, durationMs: performance.now() - this.#stoppedAt });
    asapScheduler.schedule(() => this.ended$.next(ending));
  }
}
