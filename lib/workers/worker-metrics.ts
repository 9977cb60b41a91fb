import { randomUUID } from 'node:crypto';
import { Subscription, type Unsubscribable } from 'rxjs';
import { clusterFamilies } from '../metrics/cluster-families.ts';
import { createMetrics } from '../metrics/metrics.ts';
import type { MetricsOptions } from '../metrics/metrics-options.ts';
import type { MeasuredCluster } from '../metrics/observed-cluster.ts';
import type { MetricsRegistry } from '../metrics/registry.ts';
import { readRegistry } from '../metrics/series.ts';
import type { SeriesReport } from './series-report.ts';
import type { WorkerContext } from './worker-context.ts';

/**
 * Has the primary expose what a registry of this worker has, beside that of the others: `createWorkersMetrics` there.
 *
 * It is read when the primary is scraped, and once more before this process ends, so that nothing is lost that was
 * counted. Of counters and histograms the primary shows sums; of gauges one for each worker, with a label `worker`.
 *
 * @param context - of this worker.
 * @param metrics - what `createMetrics` made, or one of prom-client's registries.
 * @returns how to end it; what was counted stays.
 */
export const exposeMetrics = (
  context: Pick<WorkerContext, 'expose'>,
  metrics: MetricsRegistry | { readonly registry: MetricsRegistry },
): Unsubscribable => {
  const registry = 'registry' in metrics ? metrics.registry : metrics;
  // Two registries of one process are told apart, whatever they are.
  const source = randomUUID();
  return context.expose(
    async (): Promise<SeriesReport> => ({ type: 'metrics', source, families: await readRegistry(registry) }),
  );
};

/** A registry without the families of these names. */
const without = (registry: MetricsRegistry, names: ReadonlySet<string>): MetricsRegistry => ({
  get contentType() {
    return registry.contentType;
  },
  metrics: () => registry.metrics(),
  getMetricsAsJSON: async () =>
    (await registry.getMetricsAsJSON()).filter((metric) => !('name' in metric && names.has(String(metric.name)))),
  getSingleMetric: (name) => (names.has(name) ? undefined : registry.getSingleMetric(name)),
  registerMetric: (metric) => registry.registerMetric(metric),
  setDefaultLabels: (labels) => registry.setDefaultLabels(labels),
});

/**
 * Measures a cluster of this worker that is a part of a larger one, and has the primary expose its series:
 * `createMetrics`, `observe` and `exposeMetrics` in one.
 *
 * Its state, revisions and commits are left out: those of the whole are none of its parts', which run what they are told.
 */
export const exposeCluster = async (
  context: Pick<WorkerContext, 'expose'>,
  cluster: MeasuredCluster,
  options?: MetricsOptions,
): Promise<Unsubscribable> => {
  const metrics = await createMetrics(options);
  const { prefix = 'sluice_' } = options ?? {};
  const names = clusterFamilies.map(({ name }) => prefix + name);
  const exposed = new Subscription();
  exposed.add(metrics.observe(cluster));
  exposed.add(exposeMetrics(context, without(metrics.registry, new Set(names))));
  return exposed;
};
