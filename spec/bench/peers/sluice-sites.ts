import { startChild } from '../harness/child.ts';
import type { SluiceSitesSetting } from '../servers/sluice-sites.ts';
import { allAnswering, type StartPeer } from './peer.ts';

/** This library on several processes; changed by whole configs, in two phases across all of them. */
export const startSluiceSites =
  (workers: number): StartPeer =>
  async (sites) => {
    const child = await startChild('sluice-sites', { sites, workers } satisfies SluiceSitesSetting);
    await allAnswering(sites);
    return {
      change: async (next) => {
        await child.ask('change', next);
      },
      stop: async () => {
        await child.ask('stop').catch(() => undefined);
        await child.end();
      },
    };
  };
