import type { Observable } from 'rxjs';
import type { Cluster } from '../cluster/cluster.ts';
import type { ClusterOptions } from '../cluster/options.ts';
import type { ClusterSnapshot, ServerSnapshot } from '../cluster/snapshot.ts';
import type { WorkersOptions } from '../workers/options.ts';
import type { WorkerSnapshot } from '../workers/snapshot.ts';
import type { Workers } from '../workers/workers.ts';

/** How a cluster on several processes works; everything has a default. */
export interface WorkerClusterOptions
  extends Omit<ClusterOptions, 'listeners' | 'overrideGlobalObjects' | 'stopOnComplete'>,
    Omit<WorkersOptions, 'name' | 'script' | 'port' | 'logger' | 'signal' | 'args'> {
  /**
   * A module that gives code to the names in configs: it exports `apps`, `handlers` or `middleware`, each an object by
   * name. A path from `baseDir` or a file URL. Every worker imports it. Paths (`'./app.ts'`) need no such module.
   */
  readonly code?: string | URL;
  /** Stop, gracefully, once the siphon has completed and its last config is settled; `false` by default. */
  readonly stopOnComplete?: boolean;
  /** Milliseconds the workers have to prepare a config; 30 000 by default. */
  readonly prepareTimeoutMs?: number;
}

/** One worker, and what the servers in it are. */
export interface WorkerDetail extends WorkerSnapshot {
  /** The revision it has in force; 0 for none. */
  readonly revision: number;
  readonly servers: Readonly<Record<string, ServerSnapshot>>;
}

/** Everything about a cluster on several processes: servers are summed up over workers, which are there as well. */
export interface WorkerClusterSnapshot extends ClusterSnapshot {
  readonly workers: readonly WorkerDetail[];
}

/** A cluster whose servers run in several processes at once, and share their addresses. */
export interface WorkerCluster extends Omit<Cluster, 'instrument' | 'cluster$' | 'snapshot'> {
  /** As that of a cluster in one process, with every worker beside it. */
  readonly cluster$: Observable<WorkerClusterSnapshot>;
  readonly snapshot: WorkerClusterSnapshot;
  /** The processes. */
  readonly workers: Workers;
}
