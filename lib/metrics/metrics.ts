import type { Hono } from 'hono';
import { Subscription, type Unsubscribable } from 'rxjs';
import { OptionsError } from '../config/errors.ts';
import { clusterFamilies } from './cluster-families.ts';
import { MetricsClusterError } from './errors.ts';
import { EventLoopWatch } from './event-loop.ts';
import { eventLoopFamilies } from './event-loop-families.ts';
import { healthFamilies } from './health-families.ts';
import { metricsApp } from './metrics-app.ts';
import { checkMetricsOptions, MAX_ROUTES, type MetricsOptions } from './metrics-options.ts';
import { type MeasuredCluster, ObservedCluster } from './observed-cluster.ts';
import { loadPeer } from './peer.ts';
import type { MetricsRegistry } from './registry.ts';
import { requestFamilies } from './request-families.ts';
import type { Scrape } from './scrape.ts';
import { Scrapes } from './scrapes.ts';
import { serverFamilies } from './server-families.ts';

/** What has a cluster beneath it, as a pool does. */
export interface ClusterOwner {
  readonly cluster: MeasuredCluster;
}

/** How a cluster is measured. */
export interface ObserveOptions {
  /** The value of a label `cluster` on all of its series; they have none without it. */
  readonly label?: string;
}

/** Series of one or more clusters, and where they are scraped. */
export interface Metrics {
  /** The registry that has all series, for those who want to add their own. */
  readonly registry: MetricsRegistry;
  /**
   * Answers `GET /` and `GET /metrics` with all series of the registry, as text.
   *
   * A Hono app: the `app` of a server that nobody else reaches, or mounted in another one.
   */
  readonly app: Hono;
  /**
   * Counts what a cluster does from now on, through any number of its stops and starts. Of a pool that is the cluster
   * beneath it.
   *
   * Unsubscribing takes away all its series. Throws a `MetricsClusterError` when a cluster with the same label is
   * observed already, or one without a label, when this one has none either; an `OptionsError` for what is neither a
   * cluster nor a pool.
   */
  observe(cluster: MeasuredCluster | ClusterOwner, options?: ObserveOptions): Unsubscribable;
}

const FAMILIES = [...clusterFamilies, ...serverFamilies, ...requestFamilies, ...healthFamilies, ...eventLoopFamilies];

/** One of those that prom-client measures of the process. */
const OF_PROCESS = 'process_cpu_user_seconds_total';

/** Callers without types find out here, rather than at the first scrape. */
const clusterOf = (given: MeasuredCluster | ClusterOwner): MeasuredCluster => {
  const cluster = typeof given === 'object' && given !== null && 'cluster' in given ? given.cluster : given;
  if (typeof cluster?.instrument === 'function' && typeof cluster.snapshot === 'object') return cluster;
  throw new OptionsError('cluster', 'a cluster or a pool');
};

/** Those that are measured, and the event loop as long as there are any. */
class Observed {
  readonly #clusters = new Map<string | undefined, ObservedCluster>();
  readonly #maxRoutes: number;
  #eventLoop: EventLoopWatch | undefined;

  constructor(maxRoutes: number) {
    this.#maxRoutes = maxRoutes;
  }

  add(cluster: MeasuredCluster, label: string | undefined): Unsubscribable {
    // Prometheus takes an empty label for none.
    if (label === '') throw new OptionsError('label', 'a text that is not empty');
    if (this.#clusters.has(label)) throw new MetricsClusterError(label);
    const observed = new ObservedCluster(cluster, label === undefined ? {} : { cluster: label }, this.#maxRoutes);
    const attached = observed.attach();
    this.#clusters.set(label, observed);
    this.#eventLoop ??= new EventLoopWatch();
    return new Subscription(() => {
      attached.unsubscribe();
      this.#clusters.delete(label);
      if (this.#clusters.size > 0) return;
      this.#eventLoop?.stop();
      this.#eventLoop = undefined;
    });
  }

  scrape(): Scrape {
    const clusters = Array.from(this.#clusters.values(), (cluster) => cluster.read());
    return { clusters, eventLoop: this.#eventLoop?.read() };
  }
}

/**
 * Measures clusters for Prometheus: what servers are and were asked, how long that took, what became of configs, how
 * health checks went, and how busy the event loop is.
 *
 * Needs the package `prom-client`: rejects with a `MissingPeerError` when it is not installed, and with an
 * `OptionsError` for an option it cannot work with or a prefix under which the registry has series already.
 *
 * Numbers are read when they are scraped; a request that is over costs some additions. Labels are bounded: routes are
 * patterns, at most `maxRoutes` for each server, methods are those of the standards or `_OTHER`, statuses are classes.
 * Servers that are gone take their series with them.
 *
 * @example
 * ```ts
 * import { createCluster } from 'sluice';
 * import { createMetrics } from 'sluice/metrics';
 *
 * const metrics = await createMetrics();
 * const cluster = createCluster();
 * metrics.observe(cluster);
 * await cluster.start();
 * await cluster.apply({ metrics: { listen: '127.0.0.1:0', app: metrics.app } });
 * const scraped = await fetch(`${cluster.snapshot.servers.metrics?.url}/metrics`);
 * console.log((await scraped.text()).includes('sluice_server_up{server="metrics"} 1')); // true
 * await cluster.stop();
 * ```
 */
export const createMetrics = async (options: MetricsOptions = {}): Promise<Metrics> => {
  checkMetricsOptions(options);
  const { prefix = 'sluice_', maxRoutes = MAX_ROUTES } = options;
  const { expose, exposeProcess, isTaken, openRegistry } = await loadPeer(
    'prom-client',
    () => import('./prom-client/prom-client.ts'),
  );
  const registry = openRegistry(options.registry);
  const taken = FAMILIES.find(({ name }) => isTaken(registry, prefix + name));
  if (taken !== undefined) {
    throw new OptionsError('prefix', `one under which the registry has no ${prefix}${taken.name} yet`);
  }
  if (options.process === true && isTaken(registry, OF_PROCESS)) {
    throw new OptionsError('process', 'false for a registry that has the series of the process already');
  }
  const observed = new Observed(maxRoutes);
  const scrapes = new Scrapes(() => observed.scrape());
  for (const family of FAMILIES) {
    const labels = ['cluster', ...family.labels];
    expose(registry, prefix + family.name, { ...family, labels }, () => scrapes.read(family));
  }
  if (options.process === true) exposeProcess(registry);
  return {
    registry,
    app: metricsApp(registry),
    observe: (observable, { label } = {}) => observed.add(clusterOf(observable), label),
  };
};
