import {
  defer,
  filter,
  firstValueFrom,
  type Observable,
  type Observer,
  observeOn,
  queueScheduler,
  Subject,
  share,
  takeUntil,
  type Unsubscribable,
} from 'rxjs';
import { ConfigError } from '../config/errors.ts';
import type { ClusterConfig } from '../config/server-config.ts';
import { fromAbortSignal } from '../reactive/from-abort-signal.ts';
import { guarded } from '../reactive/guarded.ts';
import type { Runnable } from '../supervision/runnable.ts';
import type { ClusterState } from './cluster-state.ts';
import { type ClusterInstrument, type Instrumented, tellNews, tellOutcomes } from './instrument.ts';
import { Ledger, type Request } from './ledger.ts';
import { type ClusterOptions, type ClusterSettings, settingsOf } from './options.ts';
import type { ApplyOptions, StopOptions, StopReport } from './orders.ts';
import type { Outcome } from './outcome.ts';
import type { Plan } from './plan.ts';
import { Ports } from './ports.ts';
import type { Progress } from './progress.ts';
import { Renewal } from './reading.ts';
import { Run } from './run.ts';
import type { ClusterSnapshot } from './snapshot.ts';

export type { ApplyOptions, StopOptions, StopReport } from './orders.ts';

/** Several HTTP servers that follow a configuration. */
export interface Cluster extends AsyncDisposable, Runnable, Instrumented {
  /**
   * Takes whole configurations: `config$.subscribe(cluster.siphon)`, or `cluster.siphon.next(config)`.
   *
   * Never throws. What is pushed before `start` is held until then. Several sources may feed it; the completion of one
   * changes nothing (but see `stopOnComplete`), and its error leaves the last good config in force.
   */
  readonly siphon: Observer<ClusterConfig>;
  /**
   * Everything about the cluster, a new snapshot after every turn in which something changed.
   *
   * Of what servers do by themselves there are fewer in a cluster of more than 100 servers: one for every 10 µs per
   * server (10 ms for a thousand), the latest always among them. `snapshot` is up to date at any time, and changes of
   * the cluster's own state and outcomes are shown in their turn.
   *
   * Hot; replays the latest. Never errors; completes when the cluster has stopped, whereupon a new subscription gets
   * the last snapshot, or those of the next life once it was started again. Unsubscribing changes nothing.
   */
  readonly cluster$: Observable<ClusterSnapshot>;
  /**
   * The state of the cluster, every one in order.
   *
   * Hot; replays the latest. Never errors; completes after `Stopped`. Unsubscribing changes nothing.
   */
  readonly state$: Observable<ClusterState>;
  /**
   * What became of every config, one outcome for each push, in the order of the pushes.
   *
   * Hot, without replay. Never errors; completes when the cluster has stopped.
   */
  readonly outcomes$: Observable<Outcome>;
  /** As things are now; with the counters of this turn. */
  readonly snapshot: ClusterSnapshot;
  /** Why the newest config is not in force; a `ConfigError` when it is not valid. */
  readonly error: Error | undefined;
  /**
   * Pushes a config and tells what became of it.
   *
   * Always resolves; with `cancelled` when the cluster stops first, is stopping, or has stopped. What is pushed before
   * `start` is settled by the start: a program that awaits it there never comes to start the cluster. Start first, or do
   * not await it.
   */
  apply(config: ClusterConfig, options?: ApplyOptions): Promise<Outcome>;
  /** What a config would change, against what runs now; nothing happens. Throws a `ConfigError` for an invalid one. */
  plan(config: ClusterConfig): Plan;
  /**
   * Builds servers anew as their config in force says, and puts them in force behind their open sockets: modules are
   * imported again, certificates read again. With `strategy: 'stop-then-start'` they are stopped first.
   *
   * Begins once everything that was pushed before is settled, and takes a revision of its own. Always resolves, as
   * `apply` does; `rejected` when a server does not run.
   *
   * Their `uptimeMs` begins anew.
   *
   * @param ids - the servers; all that run by default.
   */
  restart(ids?: readonly string[], options?: ApplyOptions): Promise<Outcome>;
  /**
   * Begins to serve; resolves as soon as the first config is settled, if there is one, otherwise at once.
   *
   * Never rejects: whether there is anything to fall back on is what `state$` says. May be called any number of times;
   * a stopped cluster starts again with the config it had.
   */
  start(): Promise<void>;
  /**
   * Makes a stopped cluster new again: it has forgotten its config, so that the next start begins with what is pushed
   * until then, but not the ports that were found for servers. Does nothing unless it has stopped.
   */
  renew(): void;
  /**
   * Lets every server finish what it accepted, then frees its address; what is pushed meanwhile is cancelled.
   *
   * Never rejects. May be called any number of times by anybody: there is one stop, and everybody gets its report.
   */
  stop(options?: StopOptions): Promise<StopReport>;
}

/** A cluster and the axe that `httpCluster` needs. */
export class ReactiveCluster implements Cluster {
  readonly name: string;
  readonly siphon: Observer<ClusterConfig>;
  readonly cluster$: Observable<ClusterSnapshot>;
  readonly state$: Observable<ClusterState>;
  readonly outcomes$: Observable<Outcome>;
  readonly #settings: ClusterSettings;
  /** The mouth: everything that happens begins with a request that passes here. */
  readonly #mouth$ = new Subject<Request>();
  readonly #requests$: Observable<Request>;
  readonly #settled$ = new Subject<Outcome>();
  readonly #ledger: Ledger;
  readonly #ports = new Ports();
  #run: Run;
  #completed = false;
  /** A start that was asked for while this life was ending. */
  #again = false;

  constructor(options: ClusterOptions) {
    const settings = settingsOf(options);
    const { logger } = settings;
    this.#settings = settings;
    this.name = settings.name;
    tellOutcomes(this.#settled$, settings);
    this.#ledger = new Ledger((outcome) => {
      this.#settled$.next(outcome);
      this.#stopWhenDone();
    });
    // A subscriber that pushes while it is notified has its config looked at after everybody has been notified.
    this.#requests$ = this.#mouth$.pipe(observeOn(queueScheduler), share());
    this.#run = this.#newRun();

    const report = (error: unknown): void => logger.error('a subscriber of the cluster failed', error);
    const outcomes$ = this.#settled$.pipe(observeOn(queueScheduler), share());
    this.cluster$ = guarded(
      defer(() => this.#run.cluster$),
      report,
    );
    this.state$ = guarded(
      defer(() => this.#run.state$),
      report,
    );
    this.outcomes$ = guarded(
      defer(() => outcomes$.pipe(takeUntil(this.#run.ended$))),
      report,
    );
    this.siphon = {
      next: (config) => {
        this.#run.heard('open');
        this.#push(config, {}, () => {});
      },
      error: (error: unknown) => {
        this.#run.heard('failed', error);
        logger.error('a source of configs failed; the last good config stays in force', error);
      },
      complete: () => {
        this.#run.heard('completed');
        this.#completed = true;
        this.#stopWhenDone();
      },
    };
  }

  get snapshot(): ClusterSnapshot {
    return this.#run.snapshot;
  }

  get error(): Error | undefined {
    const { error, issues = [] } = this.#run.progress;
    return error ?? (issues.length === 0 ? undefined : new ConfigError(issues));
  }

  apply(config: ClusterConfig, options: ApplyOptions = {}): Promise<Outcome> {
    return new Promise((resolve) => this.#push(config, options, resolve));
  }

  plan(config: ClusterConfig): Plan {
    return this.#run.plan(config);
  }

  restart(ids?: readonly string[], options: ApplyOptions = {}): Promise<Outcome> {
    const renew = (): Promise<Outcome> => new Promise((resolve) => this.#push(new Renewal(ids), options, resolve));
    // Pushed right away it could take the place of a config that waits.
    return this.#ledger.isEmpty ? renew() : firstValueFrom(this.#settled$).then(() => this.restart(ids, options));
  }

  instrument(instrument: ClusterInstrument): Unsubscribable {
    return this.#settings.instruments.attach(instrument);
  }

  start(): Promise<void> {
    const { state } = this.#run;
    if (state === 'Stopped') this.#renew(this.#run.progress);
    else if (this.#run.over) {
      this.#again = true;
      return firstValueFrom(this.#run.ended$).then(() => (this.#again ? this.start() : undefined));
    }
    const run = this.#run;
    if (run.state === 'New') this.#begin(run);
    const ready$ = run.state$.pipe(filter((next) => next !== 'New' && next !== 'Booting'));
    return firstValueFrom(ready$, { defaultValue: undefined }).then(() => {});
  }

  renew(): void {
    if (this.#run.state === 'Stopped') this.#renew();
  }

  stop({ drainTimeoutMs, handOver = false }: StopOptions = {}): Promise<StopReport> {
    const run = this.#run;
    this.#again = false;
    if (run.state === 'New') {
      this.#ledger.cancel();
      return Promise.resolve({ cut: 0, durationMs: 0 });
    }
    // What is no time to wait for leaves the servers their own.
    run.stop(drainTimeoutMs !== undefined && drainTimeoutMs >= 0 ? drainTimeoutMs : undefined, handOver);
    return firstValueFrom(run.ended$);
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.stop().then(() => {});
  }

  /** Ends the cluster in this turn: every address is free, every connection cut. */
  kill(): void {
    this.#run.kill();
  }

  #newRun(progress?: Progress): Run {
    const run = new Run(this.#settings, this.#ledger, this.#ports, progress);
    tellNews(run.reports$, this.#settings);
    return run;
  }

  /** Another life; that a source completed in the last one says nothing about it. */
  #renew(progress?: Progress): void {
    this.#run = this.#newRun(progress);
    this.#completed = false;
  }

  #begin(run: Run): void {
    run.start(this.#requests$);
    const { signal } = this.#settings;
    if (signal !== undefined) {
      fromAbortSignal(signal)
        .pipe(takeUntil(run.ended$))
        .subscribe(() => void this.stop());
    }
    this.#stopWhenDone();
  }

  #push(config: unknown, options: ApplyOptions, settle: (outcome: Outcome) => void): void {
    const run = this.#run;
    const request = this.#ledger.enter(config, settle, options);
    if (run.over) this.#ledger.settle(request, { status: 'cancelled' });
    else if (run.serving) this.#mouth$.next(request);
    else this.#ledger.keep(this.#settings.siphonBuffer);
  }

  #stopWhenDone(): void {
    const isDone = this.#completed && this.#settings.stopOnComplete && this.#ledger.isEmpty;
    if (isDone && this.#run.serving) void this.stop();
  }
}

/**
 * Makes a cluster: several HTTP servers that follow the configurations it is given, without costing anybody a request.
 *
 * Nothing listens until `start`. With `await using cluster = createCluster()` it stops where its block ends. Throws an
 * `OptionsError` for options it cannot work with.
 *
 * @example
 * ```ts
 * import { createCluster } from 'sluice';
 *
 * const cluster = createCluster();
 * await cluster.start();
 * await cluster.apply({ api: { listen: '127.0.0.1:0', app: () => new Response('hello') } });
 * const url = cluster.snapshot.servers.api?.url ?? '';
 * console.log(await (await fetch(url)).text()); // hello
 * await cluster.stop();
 * ```
 */
export const createCluster = (options: ClusterOptions = {}): Cluster => new ReactiveCluster(options);
