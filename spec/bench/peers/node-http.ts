import { startChild } from '../harness/child.ts';
import type { PlainSetting } from '../servers/plain.ts';
import { allAnswering, type StartPeer } from './peer.ts';

/** One plain node:http server in a process of its own; serves one site. */
export const startNodeHttp =
  (how: PlainSetting['how']): StartPeer =>
  async (sites, cpu) => {
    const { port = 0, body = '' } = sites[0] ?? {};
    const child = await startChild('plain', { how, port, body } satisfies PlainSetting, { cpu });
    await allAnswering(sites);
    return {
      change: async ([next]) => {
        await child.ask('change', next?.body);
      },
      stop: child.end,
    };
  };
