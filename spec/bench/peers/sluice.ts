import { startChild } from '../harness/child.ts';
import type { Applied, ClusterOrder, ClusterSetting } from '../servers/cluster.ts';
import { allAnswering, type Site, type StartPeer } from './peer.ts';

const orderOf = (sites: readonly Site[]): ClusterOrder =>
  Object.fromEntries(sites.map(({ port, body }) => [`site${port}`, { listen: `127.0.0.1:${port}`, body }]));

/** This library in a process of its own, changed by one message that holds every site. */
export const startSluice: StartPeer = async (sites, cpu) => {
  const child = await startChild('cluster', { servers: orderOf(sites) } satisfies ClusterSetting, { cpu });
  await allAnswering(sites);
  return {
    change: async (next) => {
      const applied = (await child.ask('apply', orderOf(next))) as Applied;
      if (applied.status !== 'committed') throw new Error(`${applied.status}: ${applied.reason}`);
    },
    stop: child.end,
  };
};
