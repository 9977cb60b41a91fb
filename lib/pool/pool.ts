import type { Observable } from 'rxjs';
import type { Cluster, StopOptions } from '../cluster/cluster.ts';
import type { ClusterOptions } from '../cluster/options.ts';
import type { Plan } from '../cluster/plan.ts';
import type { HealthConfig } from '../config/health-config.ts';
import type { Runnable } from '../supervision/runnable.ts';
import type { Monitor, PoolChange, PoolHandler, PoolServer, PoolServerConfig } from './pool-server.ts';
import type { PoolReport } from './report.ts';
import type { PoolField, PoolMatch } from './select.ts';

/** How a pool works: as its cluster does, with what its servers share. */
export interface PoolOptions extends Omit<ClusterOptions, 'commit' | 'siphonBuffer' | 'stopOnComplete'> {
  /** What answers for servers that have neither `app` nor `routes`. Without one they answer 500. */
  readonly handler?: PoolHandler;
}

/** Which config wins where two pools have the same address; `'error'` refuses the whole merge. */
export type MergePolicy = 'source' | 'target' | 'error';

/** How two pools are merged. */
export interface MergeOptions {
  /** `'source'` by default: what is merged in wins. */
  readonly conflict?: MergePolicy;
}

/** What a merge or a reload does, by key. */
export interface PoolPlan {
  readonly added: readonly string[];
  readonly changed: readonly string[];
  readonly unchanged: readonly string[];
  readonly removed: readonly string[];
  /** Addresses that both have, with different configs. */
  readonly conflicts: readonly string[];
  /** What that means for the servers that run. */
  readonly plan: Plan;
}

/** Servers, read like a `Map` from where they listen to who answers there, in the order in which they were added. */
export interface PoolReader extends Iterable<readonly [bind: string, server: PoolServer]> {
  readonly size: number;
  /** By any spelling of the address. */
  has(bind: string): boolean;
  load(bind: string): PoolServer | undefined;
  keys(): IterableIterator<string>;
  values(): IterableIterator<PoolServer>;
  entries(): IterableIterator<readonly [bind: string, server: PoolServer]>;
  /** Visits servers until the visitor answers `false`; says whether it came to the end. */
  walk(visit: (bind: string, server: PoolServer) => unknown): boolean;
  /** The same for some addresses only; for all when none is given. Unknown ones are passed over. */
  walkLimit(visit: (bind: string, server: PoolServer) => unknown, ...binds: readonly string[]): boolean;
  /**
   * Those that match, now and later: the view follows the pool.
   *
   * Throws a `PoolError` (`ERR_POOL_PATTERN`) for a pattern that does not compile.
   */
  filter(field: PoolField, match: PoolMatch): PoolView;
  /** One field of those whose other field matches. */
  list(source: PoolField, target: PoolField, match: PoolMatch): readonly string[];
  /** At least one server runs. */
  isRunning(): boolean;
  /** Milliseconds the longest running server has been running; 0 when none does. */
  uptime(): number;
  monitorNames(): readonly string[];
  /** The servers, and again whenever one is added, removed, or changes. Replays the latest; completes with the pool. */
  readonly servers$: Observable<readonly PoolServer[]>;
  /** What happens to entries. Hot, without replay; completes with the pool. */
  readonly changes$: Observable<PoolChange>;
  /**
   * Starts what does not run, all at once. Disabled servers are skipped.
   *
   * Resolves when every one answers; rejects with a `PoolError` (`ERR_POOL_START`) that names each that does not, and
   * leaves the others running.
   */
  start(): Promise<PoolReport>;
  /** Lets servers finish what they accepted and frees their addresses. They stay in the pool. */
  stop(options?: StopOptions): Promise<PoolReport>;
  /**
   * Builds servers that run anew behind their open sockets, and starts those that failed. Those that were stopped on
   * purpose are `skipped`; a whole pool of which nothing runs is started.
   *
   * Rejects with a `PoolError` (`ERR_POOL_RESTART`) that names each that does not run, as `start` does.
   */
  restart(): Promise<PoolReport>;
}

/** Some servers of a pool, now and later. */
export interface PoolView extends PoolReader {
  /** Those of this moment; does not change any more. */
  snapshot(): readonly PoolServer[];
}

/**
 * Several HTTP servers, read and changed like a `Map` from where they listen to who answers there.
 *
 * A pool is a cluster: every change is a config for its siphon, and what it says of its servers is what the cluster
 * says. Changes are carried out one after the other; each promise settles when what it stands for is so, or is not.
 */
export interface Pool extends PoolReader, Runnable, AsyncDisposable {
  /** The cluster beneath, to look at. */
  readonly cluster: Pick<Cluster, 'cluster$' | 'state$' | 'outcomes$' | 'snapshot' | 'error' | 'name' | 'instrument'>;
  /** The signal was aborted, or the pool disposed of: nothing can be changed any more. */
  readonly closed: boolean;
  start(): Promise<PoolReport>;
  stop(options?: StopOptions): Promise<PoolReport>;
  restart(): Promise<PoolReport>;
  /** Adds a server, or replaces the one at its address, which the log says. Rejects with a `PoolError`, and nothing has changed then. */
  storeNew(config: PoolServerConfig): Promise<PoolServer>;
  /** The same for a server that was taken out of a pool, or with the config of one that is in another pool. */
  store(server: PoolServer): Promise<PoolServer>;
  /**
   * Takes a server out, stops it, and frees its address. Resolves to whether there was one, once it has finished what it
   * accepted; the pool itself goes on to the next change before that.
   */
  delete(bind: string, options?: StopOptions): Promise<boolean>;
  /** The same, and gives the server to whoever asked. */
  loadAndDelete(bind: string, options?: StopOptions): Promise<PoolServer | undefined>;
  /** Takes all servers out and stops them. */
  clean(options?: StopOptions): Promise<void>;
  /** A pool of its own with the same configs and the same handler, that does not run. */
  clone(options?: Pick<PoolOptions, 'signal' | 'name'>): Pool;
  /**
   * Takes over the configs of another pool: all of them or none. Servers without `app` and `routes` are answered for by
   * this pool's handler.
   *
   * Servers are the same when they have the same address; where the system chooses the port, when they have the same
   * name. Rejects with a `PoolError` (`ERR_POOL_MERGE`, or `ERR_POOL_CONFLICT` with `conflict: 'error'`).
   */
  merge(other: PoolReader, options?: MergeOptions): Promise<PoolPlan>;
  /** What `merge` would do, conflicts among it; nothing happens. Throws a `PoolError` for what does not fit together. */
  planMerge(other: PoolReader, options?: MergeOptions): PoolPlan;
  /**
   * Makes these the servers of the pool: all of it or none of it. What is not among them is drained and removed.
   *
   * Without configs the pool keeps those it has, and has the files and modules they name read again. Rejects with a
   * `PoolError` (`ERR_POOL_RELOAD`).
   */
  reload(configs?: Iterable<PoolServerConfig>): Promise<PoolPlan>;
  /** What `reload` would do; nothing happens. Throws a `PoolError` for configs that are not valid. */
  planReload(configs: Iterable<PoolServerConfig>): PoolPlan;
  /**
   * Exchanges what servers share: the next request sees it, and no server is touched. `undefined` takes it away.
   *
   * Rejects with a `PoolError` (`ERR_POOL_HANDLER`) for what cannot answer.
   */
  handler(handler: PoolHandler | undefined): Promise<void>;
  /**
   * Has every server looked after that is not yet, as `settings` say: a connection every 5 s by default. Those whose
   * config has `health` stay as they are, so calling it again changes nothing.
   */
  monitor(settings?: HealthConfig): Promise<readonly Monitor[]>;
}
