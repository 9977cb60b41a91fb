/** A fleet by this library, with a script of one's own in each worker. */
import { createWorkers, type WorkersOptions } from '../../../lib/workers.ts';
import { setting, takeOrders } from '../harness/orders.ts';
import { quietLogger } from '../harness/quiet.ts';
import { fleetVerbs } from './sluice-fleet.ts';

/** What differs between the fleets of this library. */
export type FleetOptions = Pick<WorkersOptions, 'spares' | 'respawnDelayMs' | 'maxCrashes' | 'sharing'>;

export interface SluiceFleetSetting {
  readonly port: number;
  readonly workers: number;
  readonly options: FleetOptions;
}

const { port, workers: count, options } = setting() as SluiceFleetSetting;

const workers = createWorkers({
  ...options,
  script: new URL('sluice-script-worker.js', import.meta.url),
  preload: [new URL('sluice-preload.js', import.meta.url)],
  count,
  port,
  logger: quietLogger,
});
const verbs = fleetVerbs(workers, options.spares ?? 0);
await workers.start();
takeOrders({ ...verbs, stop: () => workers.stop({ drainTimeoutMs: 0 }) });
