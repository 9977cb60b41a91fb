import type { Entry } from './entry.ts';
import type { Keeper } from './pooled-server.ts';
import { restart, start, stopSome } from './running.ts';
import type { Site } from './site.ts';
import { update } from './storing.ts';
import { checkHealth } from './watching.ts';

/** Carries out what is asked of single servers of a pool. */
export const createKeeper = (site: Site): Keeper => {
  const only = (entry: Entry): readonly Entry[] => [entry];
  return {
    status: (entry) => site.status(entry),
    isDraining: (entry) => site.lives.isDraining(entry.id),
    start: async (entry) => {
      await start(site, only(entry));
    },
    stop: async (entry, options) => {
      await stopSome(site, only(entry), options);
    },
    restart: async (entry) => {
      await restart(site, only(entry));
    },
    update: (entry, change) => update(site, entry, change),
    healthCheck: (entry) => checkHealth(site, entry),
  };
};
