export { MetricsClusterError, MissingPeerError } from './metrics/errors.ts';
export {
  type ClusterOwner,
  createMetrics,
  type Metrics,
  type ObserveOptions,
} from './metrics/metrics.ts';
export type { MetricsOptions } from './metrics/metrics-options.ts';
export type { MeasuredCluster } from './metrics/observed-cluster.ts';
export type { MetricsRegistry } from './metrics/registry.ts';
export { type TracerSource, type TracingOptions, tracing } from './metrics/tracing.ts';
export { exposeMetrics } from './workers/worker-metrics.ts';
export {
  createWorkersMetrics,
  type MeasuredWorkers,
  type WorkersMetrics,
  type WorkersMetricsOptions,
} from './workers/workers-metrics.ts';
