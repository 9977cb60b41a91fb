import type { Observable, Observer } from 'rxjs';
import type { Cluster } from '../cluster/cluster.ts';
import type { ClusterOptions } from '../cluster/options.ts';
import type { ApplyOptions, StopOptions, StopReport } from '../cluster/orders.ts';
import type { Outcome } from '../cluster/outcome.ts';
import type { Plan } from '../cluster/plan.ts';
import type { ClusterSnapshot, ServerSnapshot } from '../cluster/snapshot.ts';
import type { NamedServerConfig } from '../config/named-config.ts';
import type { CommitMode, ServerConfig } from '../config/server-config.ts';
import type { MetricsOptions } from '../metrics/metrics-options.ts';
import type { WorkersOptions } from '../workers/options.ts';
import type { WorkerSnapshot } from '../workers/snapshot.ts';
import type { Workers } from '../workers/workers.ts';

/** How every worker measures what it serves. */
export type WorkerMetricsOptions = Pick<MetricsOptions, 'prefix' | 'maxRoutes' | 'process'>;

/** How a cluster on several processes works; everything has a default. */
export interface WorkerClusterOptions
  extends Omit<ClusterOptions, 'listeners' | 'overrideGlobalObjects' | 'stopOnComplete' | 'shutdownTimeoutMs'>,
    Omit<WorkersOptions, 'name' | 'script' | 'port' | 'logger' | 'signal' | 'args'> {
  /**
   * A module that gives code to the names in configs: it exports `apps`, `handlers` or `middleware`, each an object by
   * name. A path from `baseDir`, or a file URL. Every worker imports it. Paths (`'./app.ts'`) need no such module.
   */
  readonly code?: string | URL;
  /** Stop, gracefully, once the siphon has completed and its last config is settled; `false` by default. */
  readonly stopOnComplete?: boolean;
  /**
   * Milliseconds the workers have to prepare a config; 30 000 by default. As long again they have to do what they are
   * told then, before a commit is taken to be over without those that stand still.
   */
  readonly prepareTimeoutMs?: number;
  /**
   * Have every worker measure what it serves, with options of `createMetrics`; `false` by default. All of it is scraped
   * in the primary, from `createWorkersMetrics({ workers: cluster.workers })`. Workers need the package `prom-client` for
   * it; one that cannot load it says so in the log, and serves. State,
   * revisions and commits of the cluster are not among it: they are in `snapshot` and on `outcomes$`.
   */
  readonly metrics?: boolean | WorkerMetricsOptions;
}

/**
 * The whole desired set by id, as data: code is named by the path of its module (`app: './app.ts'`), or by a name that
 * the module of the option `code` exports; `null` or absent removes a server. Code itself is refused.
 */
export type WorkerClusterConfig = Readonly<Record<string, NamedServerConfig | ServerConfig | null>>;

/** One worker, and what the servers in it are. */
export interface WorkerDetail extends WorkerSnapshot {
  /** The revision it has in force; 0 for none. */
  readonly revision: number;
  readonly servers: Readonly<Record<string, ServerSnapshot>>;
}

/**
 * Everything about a cluster on several processes: servers are summed up over workers, which are there as well.
 *
 * Of a server that is not the same in all workers the worst is shown: it is `running` only where every worker runs it.
 * Workers tell of changes at once, and of connections and requests four times a second.
 */
export interface WorkerClusterSnapshot extends ClusterSnapshot {
  /** By slot. */
  readonly workers: readonly WorkerDetail[];
}

/** How a stop of all workers went. */
export interface WorkerClusterStopReport extends StopReport {
  /** Slots whose process did not leave in time and was killed. */
  readonly forced: readonly number[];
}

/** How a config is committed in all workers. */
export interface WorkerApplyOptions extends Pick<ApplyOptions, 'commit'> {
  /** All or nothing, or every server for itself, in all workers alike; as the options of the cluster say by default. */
  readonly commit?: CommitMode;
}

/** A cluster whose servers run in several processes at once, and share their addresses. */
export interface WorkerCluster
  extends Omit<
    Cluster,
    'instrument' | 'cluster$' | 'snapshot' | 'siphon' | 'apply' | 'plan' | 'restart' | 'stop' | 'error'
  > {
  /** Takes whole configurations, as that of a cluster in one process; they have to be data. */
  readonly siphon: Observer<WorkerClusterConfig>;
  /** As that of a cluster in one process, with every worker beside it. */
  readonly cluster$: Observable<WorkerClusterSnapshot>;
  readonly snapshot: WorkerClusterSnapshot;
  /** Why no worker runs, when none could be kept running; otherwise why the newest config is not in force. */
  readonly error: Error | undefined;
  /**
   * Pushes a config and tells what became of it: it is in force in all workers, or in none.
   *
   * Always resolves, as `apply` of a cluster does. When a worker could not prepare it, the cause is a
   * `WorkerCommitError`, which names the worker and has its cause.
   */
  apply(config: WorkerClusterConfig, options?: WorkerApplyOptions): Promise<Outcome>;
  /** What a config would change, against what runs now; nothing happens. Throws a `ConfigError` for an invalid one. */
  plan(config: WorkerClusterConfig): Plan;
  /**
   * Builds servers anew in all workers, or in none, as their config in force says: modules whose files have changed are
   * imported again, certificates read again. What modules import from packages stays as it is: for that the processes
   * are replaced, by `workers.restart()`.
   *
   * Begins once everything that was pushed before is settled, and takes a revision of its own. Always resolves.
   *
   * @param ids - the servers; all that run by default.
   */
  restart(ids?: readonly string[], options?: WorkerApplyOptions): Promise<Outcome>;
  /**
   * Lets every worker finish what it accepted, then ends it; what is pushed meanwhile is cancelled. Never rejects. A
   * second call with a shorter time shortens it.
   */
  stop(options?: Pick<StopOptions, 'drainTimeoutMs'>): Promise<WorkerClusterStopReport>;
  /** The processes: what they do, and what can be done to them. They are started and stopped with the cluster. */
  readonly workers: Workers;
}
