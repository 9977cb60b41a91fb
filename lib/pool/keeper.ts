import type { Entry } from './entry.ts';
import { PoolError, type PoolErrorCode } from './errors.ts';
import type { Keeper } from './pooled-server.ts';
import type { PoolReport } from './report.ts';
import { restart, start, stopSome } from './running.ts';
import type { Site } from './site.ts';
import { update } from './storing.ts';
import { checkHealth } from './watching.ts';

/** Of many servers those that are disabled are passed over; a single one was meant to run. */
const assertNotSkipped = (entry: Entry, { servers }: PoolReport, code: PoolErrorCode): void => {
  if (servers[0]?.status !== 'skipped') return;
  throw new PoolError(code, `server ${entry.name} is disabled`, { hint: 'update({ disabled: false }) first' });
};

/** Carries out what is asked of single servers of a pool. */
export const createKeeper = (site: Site): Keeper => {
  const only = (entry: Entry): readonly Entry[] => [entry];
  return {
    status: (entry) => site.status(entry),
    isDraining: (entry) => site.lives.isDraining(entry.id),
    start: async (entry) => assertNotSkipped(entry, await start(site, only(entry)), 'ERR_POOL_START'),
    stop: async (entry, options) => {
      await stopSome(site, only(entry), options);
    },
    restart: async (entry) => assertNotSkipped(entry, await restart(site, only(entry)), 'ERR_POOL_RESTART'),
    update: (entry, change) => update(site, entry, change),
    healthCheck: (entry) => checkHealth(site, entry),
  };
};
