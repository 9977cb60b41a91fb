import { Front } from '../cluster/front.ts';
import { tellOutcomes } from '../cluster/instrument.ts';
import { Ports } from '../cluster/ports.ts';
import type { WorkersOptions } from '../workers/options.ts';
import type { Workers } from '../workers/workers.ts';
import { DataConfigs } from './data-configs.ts';
import { workerClusterSettingsOf } from './settings.ts';
import type {
  WorkerCluster,
  WorkerClusterOptions,
  WorkerClusterSnapshot,
  WorkerClusterStopReport,
} from './worker-cluster.ts';
import { WorkerRun } from './worker-run.ts';

/** Makes workers, which run an agent each. */
export type MakeWorkers = (options: Omit<WorkersOptions, 'script'>) => Workers;

/** A cluster over workers that somebody else makes. */
export class ProcessCluster
  extends Front<WorkerClusterSnapshot, WorkerClusterStopReport, WorkerRun>
  implements WorkerCluster
{
  readonly workers: Workers;

  constructor(options: WorkerClusterOptions, makeWorkers: MakeWorkers) {
    const settings = workerClusterSettingsOf(options);
    const configs = new DataConfigs();
    const ports = new Ports();
    const workers = makeWorkers(settings.workers);
    super({
      settings: settings.cluster,
      live: (ledger, progress) => new WorkerRun({ settings, workers, configs, ledger, ports, progress }),
      tell: (outcomes$) => tellOutcomes(outcomes$, settings.cluster),
      idle: Object.freeze({ cut: 0, durationMs: 0, forced: [] }),
    });
    this.workers = workers;
  }

  override get error(): Error | undefined {
    return this.life.failure ?? super.error;
  }
}
