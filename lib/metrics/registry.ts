/**
 * What is known of one of prom-client's registries to those who may not have that package: their types are checked
 * without it.
 */
export interface MetricsRegistry {
  /** What `metrics` is, for the header of an answer. */
  readonly contentType: string;
  /** All series, as text. */
  metrics(): Promise<string>;
  /** All series, as objects. */
  getMetricsAsJSON(): Promise<readonly object[]>;
  getSingleMetric(name: string): object | undefined;
  /** Adds one of prom-client's metrics. */
  registerMetric(metric: object): void;
  setDefaultLabels(labels: object): void;
}
