import type { Logger } from '../../log/logger.ts';
import type { MeasuredCluster } from '../../metrics/observed-cluster.ts';
import type { WorkerContext } from '../../workers/worker-context.ts';
import type { WorkerMetricsOptions } from '../worker-cluster.ts';

/** Has the primary told what a cluster serves. Never rejects: whoever cannot be measured can serve. */
export type Measure = (cluster: MeasuredCluster, options: WorkerMetricsOptions, log: Logger) => Promise<void>;

/** Measures for a worker. What it takes is loaded by the first who asks: those who do not boot without it. */
export const measuringFor =
  (context: Pick<WorkerContext, 'expose'>): Measure =>
  async (cluster, options, log) => {
    try {
      const { exposeCluster } = await import('../../workers/worker-metrics.ts');
      await exposeCluster(context, cluster, options);
    } catch (cause) {
      log.error('this worker is not measured', cause);
    }
  };
