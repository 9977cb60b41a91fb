import {
  asapScheduler,
  BehaviorSubject,
  catchError,
  EMPTY,
  filter,
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
import type { ClusterState } from '../cluster/cluster-state.ts';
import { Course, type Decision } from '../cluster/course.ts';
import type { Life } from '../cluster/front.ts';
import type { Ledger, Request } from '../cluster/ledger.ts';
import type { StopOptions } from '../cluster/orders.ts';
import { diff, type Plan, planOf } from '../cluster/plan.ts';
import type { Ports } from '../cluster/ports.ts';
import type { Progress } from '../cluster/progress.ts';
import { type Reading, Renewal, running } from '../cluster/reading.ts';
import type { ClusterSnapshot } from '../cluster/snapshot.ts';
import type { Verdict } from '../cluster/verdict.ts';
import { ConfigError } from '../config/errors.ts';
import type { CommitMode } from '../config/server-config.ts';
import { conflateScan } from '../reactive/conflate-scan.ts';
import { Fairness, fairly } from '../reactive/fairness.ts';
import type { Workers } from '../workers/workers.ts';
import { commit } from './commits.ts';
import type { DataConfigs } from './data-configs.ts';
import { Fleet } from './fleet.ts';
import { Holds } from './holds.ts';
import { TOPIC } from './messages.ts';
import { Places } from './places.ts';
import type { WorkerClusterSettings } from './settings.ts';
import { takeView } from './view.ts';
import type { WorkerClusterSnapshot, WorkerClusterStopReport } from './worker-cluster.ts';

/** How much longer than servers have to drain their workers have to end. */
const FAREWELL_MS = 1_000;

export interface WorkerRunOptions {
  readonly settings: WorkerClusterSettings;
  readonly workers: Workers;
  readonly configs: DataConfigs;
  readonly ledger: Ledger;
  readonly ports: Ports;
  readonly progress: Progress | undefined;
}

/** One life of a cluster on several processes, from `New` to `Stopped`. */
export class WorkerRun implements Life<WorkerClusterSnapshot, WorkerClusterStopReport> {
  readonly workers: Workers;
  readonly ended$ = new ReplaySubject<WorkerClusterStopReport>(1);
  readonly state$: Observable<ClusterState>;
  readonly cluster$: Observable<WorkerClusterSnapshot>;
  readonly #settings: WorkerClusterSettings;
  readonly #configs: DataConfigs;
  readonly #ledger: Ledger;
  readonly #ports: Ports;
  readonly #fleet: Fleet;
  readonly #holds: Holds;
  readonly #places: Places;
  readonly #course: Course<WorkerClusterSnapshot>;
  readonly #failed$ = new BehaviorSubject<Error | undefined>(undefined);
  readonly #stopping$ = new Subject<void>();
  readonly #life = new Subscription();
  #serving = false;
  #stoppedAt = 0;
  #stopOptions: { readonly drainTimeoutMs?: number } | undefined;

  constructor({ settings, workers, configs, ledger, ports, progress }: WorkerRunOptions) {
    this.#settings = settings;
    this.#configs = configs;
    this.workers = workers;
    const { logger, startTimeoutMs } = settings.cluster;
    this.#fleet = new Fleet({
      topic: workers.topic(TOPIC),
      ended$: workers.events$.pipe(
        filter((event) => event.type === 'exit'),
        map(({ pid }) => pid),
      ),
      silent$: workers.events$.pipe(filter((event) => event.type === 'unresponsive')),
      failed$: this.#failed$,
      settings: settings.agent,
      prepareTimeoutMs: settings.prepareTimeoutMs,
      logger,
    });
    this.#holds = new Holds({
      sockets: workers.sockets,
      startTimeoutMs,
      isBeingLeft: (address) => this.#fleet.isListening(address),
      changed$: this.#fleet.changed$,
    });
    this.#places = new Places(ports, (id) => this.#isUp(id));
    const size = (): number => this.#places.size;
    this.#course = new Course({ ledger, logger, progress, take: () => this.#takeSnapshot(), size });
    this.state$ = this.#course.state$;
    this.cluster$ = this.#course.turns.cluster$;
    this.#ports = ports;
    this.#ledger = ledger;
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

  get snapshot(): WorkerClusterSnapshot {
    return this.#course.turns.snapshot;
  }

  /** Why no worker runs, and none will. */
  get failure(): Error | undefined {
    return this.#failed$.value;
  }

  heard(source: ClusterSnapshot['source'], error?: unknown): void {
    this.#course.heard(source, error);
  }

  /** Starts the workers, then looks at what was in force in an earlier life, what the ledger holds, and what comes. */
  start(requests$: Observable<Request>): void {
    this.#course.enter('Booting');
    // Whoever was told may have stopped it again.
    if (this.over) return;
    this.#life.add(this.#fleet.changed$.subscribe(() => this.#course.turns.touchServer()));
    const { workers } = this;
    // Their streams are those of a new life from here on.
    const starting = workers.start();
    this.#fleet.begin();
    this.#life.add(workers.workers$.subscribe(() => this.#course.turns.touchServer()));
    this.#life.add(workers.state$.subscribe((state) => state === 'Error' && this.#fail(workers.error)));
    const started$ = from(starting).pipe(
      catchError((cause: unknown) => {
        this.#fail(cause);
        return EMPTY;
      }),
      takeUntil(this.#stopping$),
    );
    this.#life.add(started$.subscribe({ complete: () => this.over || this.#open(requests$) }));
  }

  plan(config: unknown): Plan {
    const { specs, issues = [] } = this.#configs.read(config, this.progress.specs, 'atomic');
    if (issues.length > 0) throw new ConfigError(issues);
    const desired = running(specs);
    return planOf(diff(this.#places.standings(desired), desired, this.#settings.cluster.strategy));
  }

  /**
   * Cancels what is asked for and lets every worker finish; `ended$` says when that is done. A second call with a shorter
   * time shortens it.
   */
  stop({ drainTimeoutMs }: StopOptions): void {
    const isFirst = this.#course.wind(() => {
      this.#stoppedAt = performance.now();
      this.#stopping$.next();
    });
    if (!isFirst && (this.#life.closed || !this.#isShorter(drainTimeoutMs))) return;
    this.#stopOptions = drainTimeoutMs === undefined ? {} : { drainTimeoutMs };
    const limit = drainTimeoutMs === undefined ? undefined : Math.round(Math.min(drainTimeoutMs, LONGEST_MS));
    this.#fleet.leave(limit);
    const options = limit === undefined ? {} : { drainTimeoutMs: Math.min(limit + FAREWELL_MS, LONGEST_MS) };
    void this.workers.stop(options).then(({ forced }) => this.#end(forced));
  }

  #isShorter(drainTimeoutMs: number | undefined): boolean {
    return drainTimeoutMs !== undefined && drainTimeoutMs < (this.#stopOptions?.drainTimeoutMs ?? LONGEST_MS);
  }

  /** All workers are there that can be: begins to look at what is asked for. */
  #open(requests$: Observable<Request>): void {
    const { first } = this.#course;
    const fairness = new Fairness();
    const commits$ = merge(from(first), requests$).pipe(
      conflateScan<Request | undefined, Progress>(
        (progress, wanted) => fairly(fairness, this.#work(progress, wanted)),
        this.progress,
        { buffer: this.#settings.cluster.siphonBuffer, dropped: (wanted) => this.#drop(wanted) },
      ),
    );
    this.#life.add(commits$.pipe(takeUntil(this.#stopping$)).subscribe());
    this.#serving = true;
    if (first.length === 0 && this.state === 'Booting') this.#course.enter('Running');
  }

  #drop(wanted: Request | undefined): void {
    if (wanted !== undefined) this.#ledger.settle(wanted, { status: 'superseded' });
  }

  #work(progress: Progress, request: Request | undefined): Observable<Progress> {
    const decide = (): Observable<Decision> => {
      const mode = request?.options.commit ?? this.#settings.cluster.commit;
      const revision = request?.revision ?? progress.applied;
      if (request === undefined) return this.#commit({ specs: progress.specs, refused: [] }, { revision, mode });
      return this.#decide(progress, request, { revision, mode });
    };
    return this.#course.work(progress, request, decide, (specs) => this.#ports.keepOnly(specs));
  }

  #decide(progress: Progress, { config }: Request, task: CommitTask): Observable<Decision> {
    const reading = this.#configs.read(config, progress.specs, task.mode);
    if (reading.issues !== undefined) {
      return of({ verdict: { status: 'rejected', issues: reading.issues }, specs: reading.specs });
    }
    const renew = config instanceof Renewal ? { renew: config.ids ?? [...running(reading.specs).keys()] } : {};
    return this.#commit(reading, { ...task, ...renew });
  }

  #commit({ specs, refused }: Reading, { revision, mode, renew }: CommitTask): Observable<Decision> {
    // A getter of the config may have stopped the cluster.
    if (this.over) return EMPTY;
    const desired = running(specs);
    const { strategy, logger } = this.#settings.cluster;
    const known = diff(this.#places.standings(desired), desired, strategy);
    const isDone = known.steps.length === 0 && refused.length === 0;
    if (isDone && this.state !== 'Error') return of({ verdict: { status: 'unchanged' }, specs });
    if (this.state !== 'Booting' && this.failure === undefined) this.#course.enter('Reloading');
    const [fleet, holds, places, configs] = [this.#fleet, this.#holds, this.#places, this.#configs];
    const site = { fleet, holds, places, configs, strategy };
    return commit(site, { revision, mode, specs, desired, refused, known, renew }).pipe(
      catchError((error: unknown) => {
        logger.error('a commit failed where nothing may fail; this is a defect of Sluice', error);
        const cause = error instanceof Error ? error : new Error(String(error));
        return of<Verdict>({ status: 'rolledBack', server: '', cause, unrestored: [] });
      }),
      map((verdict) => ({ verdict, specs })),
    );
  }

  /** It answers in every worker that takes part. */
  #isUp(id: string): boolean {
    return this.#fleet.members.every(({ servers }) => (servers.get(id)?.state ?? 'running') === 'running');
  }

  /** The workers as a whole have failed: nothing is served, and nothing will be before another life. */
  #fail(cause: unknown): void {
    if (this.over || this.failure !== undefined) return;
    this.#failed$.next(cause instanceof Error ? cause : new Error('no worker could be kept running'));
    if (this.state !== 'Error') this.#course.enter('Error');
    else this.#course.turns.touch();
  }

  #takeSnapshot(): WorkerClusterSnapshot {
    const { peers, epoch } = this.#fleet;
    const workers = this.workers.snapshot;
    return takeView(
      { course: this.#course, places: this.#places, peers, epoch, workers, failure: this.failure },
      Date.now(),
    );
  }

  #end(forced: readonly number[]): void {
    if (this.#life.closed) return;
    this.#life.unsubscribe();
    const { cut } = this.#fleet;
    this.#fleet.end();
    this.#course.end();
    this.#places.end();
    this.#holds.end();
    const ending = Object.freeze({ cut, forced, durationMs: performance.now() - this.#stoppedAt });
    asapScheduler.schedule(() => this.ended$.next(ending));
  }
}

interface CommitTask {
  readonly revision: number;
  readonly mode: CommitMode;
  readonly renew?: readonly string[];
}

/** The longest a timer can wait; Node fires longer ones at once. */
const LONGEST_MS = 2 ** 31 - 1;
