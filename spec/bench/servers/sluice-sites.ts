/** Sites served by several processes of this library, changed by whole configs that travel to all of them. */
import { clusterWorkers, type WorkerClusterConfig } from '../../../lib/workers.ts';
import { setting, takeOrders } from '../harness/orders.ts';
import { quietLogger } from '../harness/quiet.ts';
import type { Site } from '../peers/peer.ts';

export interface SluiceSitesSetting {
  readonly sites: readonly Site[];
  readonly workers: number;
}

const { sites, workers } = setting() as SluiceSitesSetting;

const configOf = (wanted: readonly Site[]): WorkerClusterConfig =>
  Object.fromEntries(wanted.map(({ port, body }) => [`site${port}`, { listen: `127.0.0.1:${port}`, app: body }]));

const cluster = clusterWorkers({
  count: workers,
  code: new URL('sluice-sites-code.js', import.meta.url),
  logger: quietLogger,
});
await cluster.start();

const apply = async (wanted: readonly Site[]): Promise<void> => {
  const outcome = await cluster.apply(configOf(wanted));
  if (outcome.status !== 'committed') throw new Error(`not committed: ${JSON.stringify(outcome)}`);
};

await apply(sites);
takeOrders({ change: apply, stop: () => cluster.stop({ drainTimeoutMs: 0 }) });
