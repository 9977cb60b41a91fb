export { MetricsClusterError, MissingPeerError } from './metrics/errors.ts';
export { createMetrics, type Metrics, type MetricsOptions, type ObserveOptions } from './metrics/metrics.ts';
export type { MeasuredCluster } from './metrics/observed-cluster.ts';
export type { AnyRegistry } from './metrics/prom-client/prom-client.ts';
export { type TracingOptions, tracing } from './metrics/tracing.ts';
