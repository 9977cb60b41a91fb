import type { NodeClusterSetting } from '../servers/node-cluster.ts';
import { KILL_AFTER_MS, type StartFleet, startFleet } from './fleet.ts';

/** `node:cluster` by hand; a restart starts the next worker, waits until it listens and then asks the old one to `disconnect()`. */
export const startNodeCluster =
  (scheduling: NodeClusterSetting['scheduling']): StartFleet =>
  (port, workers) =>
    startFleet(
      'node-cluster',
      { port, workers, scheduling, killAfterMs: KILL_AFTER_MS } satisfies NodeClusterSetting,
      port,
      workers,
    );
