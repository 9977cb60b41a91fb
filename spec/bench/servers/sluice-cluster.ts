/** A fleet by this library: one cluster on several processes. */
import { clusterWorkers } from '../../../lib/workers.ts';
import { setting, takeOrders } from '../harness/orders.ts';
import { quietLogger } from '../harness/quiet.ts';
import { fleetVerbs } from './sluice-fleet.ts';
import type { SluiceFleetSetting } from './sluice-script.ts';

const { port, workers: count, options } = setting() as SluiceFleetSetting;

const code = new URL('sluice-fleet-code.js', import.meta.url);
const cluster = clusterWorkers({ ...options, count, code, preload: [code], logger: quietLogger });
const verbs = fleetVerbs(cluster.workers, options.spares ?? 0);
await cluster.start();
const outcome = await cluster.apply({ fleet: { listen: `127.0.0.1:${port}`, app: 'fleet' } });
if (outcome.status !== 'committed') throw new Error(`not committed: ${JSON.stringify(outcome)}`);
takeOrders({ ...verbs, stop: () => cluster.stop({ drainTimeoutMs: 0 }) });
