/** A fleet by `node:cluster` and nothing else: what the others are built on. */
import cluster, { type Worker } from 'node:cluster';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { setting, takeOrders } from '../harness/orders.ts';
import type { FleetWorkerSetting } from './fleet-worker.ts';

export interface NodeClusterSetting {
  readonly port: number;
  readonly workers: number;
  readonly scheduling: 'shared' | 'round-robin';
  /** Milliseconds a worker has after `disconnect()`. */
  readonly killAfterMs: number;
}

const { port, workers, scheduling, killAfterMs } = setting() as NodeClusterSetting;

cluster.schedulingPolicy = scheduling === 'shared' ? cluster.SCHED_NONE : cluster.SCHED_RR;
cluster.setupPrimary({
  exec: fileURLToPath(new URL('fleet-worker.js', import.meta.url)),
  args: [JSON.stringify({ port } satisfies FleetWorkerSetting)],
  execArgv: [],
});

const serving = new Set<Worker>();

const start = async (): Promise<Worker> => {
  const worker = cluster.fork();
  worker.once('exit', () => {
    serving.delete(worker);
    // Nobody meant it to go.
    if (!worker.exitedAfterDisconnect && !isStopping) void start();
  });
  await once(worker, 'listening');
  serving.add(worker);
  return worker;
};

let isStopping = false;

const leave = async (worker: Worker): Promise<void> => {
  serving.delete(worker);
  const left = once(worker, 'exit');
  const late = setTimeout(() => worker.process.kill('SIGKILL'), killAfterMs);
  worker.disconnect();
  await left;
  clearTimeout(late);
};

await Promise.all(Array.from({ length: workers }, start));

takeOrders({
  pids: () => [...serving].map(({ process: { pid } }) => pid),
  restart: async () => {
    for (const worker of [...serving]) {
      await start();
      await leave(worker);
    }
  },
  stop: async () => {
    isStopping = true;
    for (const worker of serving) worker.process.kill('SIGKILL');
  },
});
