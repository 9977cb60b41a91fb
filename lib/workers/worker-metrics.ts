import { randomUUID } from 'node:crypto';
import { Subscription, type Unsubscribable } from 'rxjs';
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

/**
 * Measures a cluster of this worker, and has the primary expose its series: `createMetrics`, `observe` and
 * `exposeMetrics` in one.
 */
export const exposeCluster = async (
  context: Pick<WorkerContext, 'expose'>,
  cluster: MeasuredCluster,
  options?: MetricsOptions,
): Promise<Unsubscribable> => {
  const metrics = await createMetrics(options);
  const exposed = new Subscription();
  exposed.add(metrics.observe(cluster));
  exposed.add(exposeMetrics(context, metrics));
  return exposed;
};
