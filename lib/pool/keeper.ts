import type { Entry } from './entry.ts';
import { PoolError, type PoolErrorCode } from './errors.ts';
import type { Keeper } from './pooled-server.ts';
import type { PoolReport } from './report.ts';
import { restart, start, stopSome } from './running.ts';
import type { Site } from './site.ts';
import { update } from './storing.ts';
import { checkHealth } from './watching.ts';

/** Of many servers those that are disabled, or were stopped, are passed over; a single one was meant to run. */
const assertNotSkipped = (entry: Entry, { servers }: PoolReport, code: PoolErrorCode): void => {
  if (servers[0]?.status !== 'skipped') return;
  const [is, hint] = entry.spec.disabled
    ? ['is disabled', 'update({ disabled: false }) first']
    : ['was stopped', 'start() has it run again'];
  throw new PoolError(code, `server ${entry.name} ${is}`, { hint });
};

/** Carries out what is asked of single servers of a pool. */
export const createKeeper = (site: Site): Keeper => {
  const only = (entry: Entry): readonly Entry[] => [entry];
  /** Whoever was taken out before it was his turn is not among those that were meant. */
  const meant = (entry: Entry, report: PoolReport): PoolReport => {
    if (report.servers.length === 0) site.assertHas(entry);
    return report;
  };
  return {
    status: (entry) => site.status(entry),
    isDraining: (entry) => site.lives.isDraining(entry.id),
    start: async (entry) => assertNotSkipped(entry, meant(entry, await start(site, only(entry))), 'ERR_POOL_START'),
    stop: async (entry, options) => {
      meant(entry, await stopSome(site, only(entry), options));
    },
    restart: async (entry) =>
      assertNotSkipped(entry, meant(entry, await restart(site, only(entry))), 'ERR_POOL_RESTART'),
    update: (entry, change) => update(site, entry, change),
    healthCheck: (entry) => checkHealth(site, entry),
  };
};
