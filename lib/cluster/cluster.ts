import type { Observable, Observer, Unsubscribable } from 'rxjs';
import type { ClusterConfig } from '../config/server-config.ts';
import type { Instruments } from '../server/instruments.ts';
import type { Runnable } from '../supervision/runnable.ts';
import type { ClusterState } from './cluster-state.ts';
import { Front } from './front.ts';
import { type ClusterInstrument, type Instrumented, tellNews, tellOutcomes } from './instrument.ts';
import { type ClusterOptions, settingsOf } from './options.ts';
import type { ApplyOptions, StopOptions, StopReport } from './orders.ts';
import type { Outcome } from './outcome.ts';
import type { Plan } from './plan.ts';
import { Ports } from './ports.ts';
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
export class ReactiveCluster extends Front<ClusterSnapshot, StopReport, Run> implements Cluster {
  readonly #instruments: Instruments<ClusterInstrument>;

  /** @param tell - who hears of outcomes; the log and instruments by default. */
  constructor(options: ClusterOptions, tell = tellOutcomes) {
    const settings = settingsOf(options);
    const ports = new Ports();
    super({
      settings,
      live: (ledger, progress) => {
        const run = new Run(settings, ledger, ports, progress);
        tellNews(run.reports$, settings);
        return run;
      },
      tell: (outcomes$) => tell(outcomes$, settings),
      idle: { cut: 0, durationMs: 0 },
    });
    this.#instruments = settings.instruments;
  }

  instrument(instrument: ClusterInstrument): Unsubscribable {
    return this.#instruments.attach(instrument);
  }

  /** Ends the cluster in this turn: every address is free, every connection cut. */
  kill(): void {
    this.life.kill();
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
