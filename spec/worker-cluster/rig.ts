import { filter, firstValueFrom, map, merge, timer } from 'rxjs';
import { afterEach } from 'vitest';
import type { Outcome } from '../../lib/cluster/outcome.ts';
import { ProcessCluster } from '../../lib/worker-cluster/process-cluster.ts';
import type {
  WorkerCluster,
  WorkerClusterConfig,
  WorkerClusterOptions,
  WorkerClusterSnapshot,
} from '../../lib/worker-cluster/worker-cluster.ts';
import { createJournal, type Journal } from '../cluster/fixtures/journal.ts';
import { FakeWorkers } from './fake-workers.ts';

export interface WorkerRig {
  readonly cluster: WorkerCluster;
  /** The workers of the present life. */
  readonly fake: FakeWorkers;
  readonly journal: Journal;
  readonly outcomes: readonly Outcome[];
  readonly states: readonly string[];
}

const rigs: WorkerRig[] = [];

/** A cluster over agents in this process; stopped after the test. */
export const workerRig = (options: WorkerClusterOptions = {}, prepare?: (fake: FakeWorkers) => void): WorkerRig => {
  const journal = createJournal();
  let fake: FakeWorkers | undefined;
  const cluster = new ProcessCluster({ logger: journal, prepareTimeoutMs: 2_000, ...options }, () => {
    fake = new FakeWorkers({ count: options.count ?? 2, respawn: options.respawn ?? true });
    prepare?.(fake);
    return fake;
  });
  const outcomes: Outcome[] = [];
  const states: string[] = [];
  cluster.outcomes$.subscribe((outcome) => outcomes.push(outcome));
  cluster.state$.subscribe((state) => states.push(state));
  const made: WorkerRig = {
    cluster,
    get fake() {
      if (fake === undefined) throw new Error('there are no workers');
      return fake;
    },
    journal,
    outcomes,
    states,
  };
  rigs.push(made);
  return made;
};

/** The same, started and with a first config in force. */
export const workersRunning = async (
  config: WorkerClusterConfig,
  options: WorkerClusterOptions = {},
): Promise<WorkerRig> => {
  const made = workerRig(options);
  await made.cluster.start();
  const outcome = await made.cluster.apply(config);
  if (outcome.status !== 'committed') throw new Error(`the first config was ${outcome.status}`, { cause: outcome });
  return made;
};

afterEach(async () => {
  await Promise.all(
    rigs.splice(0).map(({ cluster, fake }) => {
      fake.fate = () => 'pass';
      return cluster.stop({ drainTimeoutMs: 0 });
    }),
  );
});

/** The first snapshot that is as it should be. */
export const untilWorkers = (
  cluster: WorkerCluster,
  isSo: (snapshot: WorkerClusterSnapshot) => boolean,
  limitMs = 5_000,
): Promise<WorkerClusterSnapshot> => {
  const late = timer(limitMs).pipe(
    map((): WorkerClusterSnapshot => {
      throw new Error(`did not come within ${limitMs} ms: ${isSo}; it was ${JSON.stringify(cluster.snapshot)}`);
    }),
  );
  return firstValueFrom(merge(cluster.cluster$.pipe(filter(isSo)), late));
};

export const addressIn = (cluster: WorkerCluster, id: string): string => {
  const server = cluster.snapshot.servers[id];
  if (server === undefined) throw new Error(`there is no server ${id}`);
  return server.address;
};

/** Which pids answer at an address, asked again and again. */
export const revisionsOf = ({ cluster }: WorkerRig): readonly number[] =>
  cluster.snapshot.workers.map(({ revision }) => revision);
