import type { FleetOptions, SluiceFleetSetting } from '../servers/sluice-script.ts';
import { startFleet } from './fleet.ts';

/**
 * This library on several processes, by `clusterWorkers` or by `createWorkers` with a script. With `spares`, nobody
 * counts as serving until the next spare has booted.
 */
export const startSluiceFleet =
  (by: 'cluster' | 'script', options: FleetOptions = {}) =>
  (port: number, workers: number) =>
    startFleet(`sluice-${by}`, { port, workers, options } satisfies SluiceFleetSetting, port, workers);
