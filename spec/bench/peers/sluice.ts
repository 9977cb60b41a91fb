import { startChild } from '../harness/child.ts';
import type { Applied, ClusterOrder, ClusterSetting } from '../servers/cluster.ts';
import { allAnswering, type Site, type StartPeer } from './peer.ts';

const orderOf = (sites: readonly Site[]): ClusterOrder =>
  Object.fromEntries(sites.map(({ port, body }) => [`site${port}`, { listen: `127.0.0.1:${port}`, body }]));

/**
 * This library in a process of its own.
 *
 * @param message - what a change is told by: the whole configuration, or the sites that differ; the cluster is pushed
 * a whole configuration in either case.
 */
const startSluiceToldBy =
  (message: 'whole' | 'difference'): StartPeer =>
  async (sites, cpu) => {
    const child = await startChild('cluster', { servers: orderOf(sites) } satisfies ClusterSetting, { cpu });
    await allAnswering(sites);
    let current = sites;
    return {
      change: async (next) => {
        const different = next.filter((site, n) => site !== current[n]);
        current = next;
        const order = message === 'whole' ? (['apply', next] as const) : (['patch', different] as const);
        const applied = (await child.ask(order[0], orderOf(order[1]))) as Applied;
        if (applied.status !== 'committed') throw new Error(`${applied.status}: ${applied.reason}`);
      },
      stop: child.end,
    };
  };

export const startSluice = startSluiceToldBy('difference');
export const startSluiceByWhole = startSluiceToldBy('whole');
