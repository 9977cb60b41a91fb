import { defineBench, type Finding } from './harness/bench.ts';
import { SERVER_CPU, startChild } from './harness/child.ts';
import { round } from './harness/statistics.ts';
import type { Flood } from './servers/burst.ts';

const HEAP_LIMIT_BYTES = 10 * 1024 * 1024;
const COMMITS = 3;

const mib = (bytes: number): string => `${bytes >= 0 ? '+' : '−'}${round(Math.abs(bytes) / 2 ** 20)} MiB`;

/** Configurations that arrive faster than they can be committed. */
export const burst = defineBench({
  name: 'burst',
  title: 'Configurations pushed in a loop',
  parameters: { pushes: 10_000 },
  run: async ({ pushes }) => {
    const child = await startChild('burst', {}, { cpu: SERVER_CPU, nodeFlags: ['--expose-gc'] });
    try {
      // The first flood also compiles the code it runs through, and is not held against the heap.
      await child.ask('flood', { pushes, how: 'apply' });
      const ask = async (what: string, verb: string, data: unknown) => ({
        what,
        flood: (await child.ask(verb, data)) as Flood,
      });
      const floods = [
        await ask('apply()', 'flood', { pushes, how: 'apply' }),
        await ask('apply(), again (A/A)', 'flood', { pushes, how: 'apply' }),
        await ask('siphon.next()', 'flood', { pushes, how: 'siphon' }),
      ];
      const serial = await ask('apply(), each awaited', 'oneByOne', Math.ceil(pushes / 10));
      const rows = [...floods, serial];
      const total = ({ outcomes }: Flood): number => Object.values(outcomes).reduce((sum, n) => sum + n, 0);
      const settled = floods.every(
        ({ what, flood }) => total(flood) === pushes && (what === 'siphon.next()' || flood.settled === pushes),
      );
      const commits = Math.max(...floods.map(({ flood }) => flood.outcomes.committed ?? 0));
      const heap = Math.max(...rows.map(({ flood }) => Math.abs(flood.heapGrowthBytes)));
      const last = floods.every(({ flood }) => flood.lastInForce);
      const findings: readonly Finding[] = [
        { target: 'every push settles', measured: settled ? 'all' : 'not all', met: settled },
        { target: `≤ ${COMMITS} commits`, measured: String(commits), met: commits <= COMMITS },
        { target: 'the last one is in force', measured: last ? 'yes' : 'no', met: last },
        { target: 'heap back to ±10 MB', measured: mib(heap), met: heap <= HEAP_LIMIT_BYTES },
      ];
      return {
        tables: [
          {
            columns: ['pushed with', 'pushes', 'outcomes', 'ms', 'µs per push', 'heap after'],
            rows: rows.map(({ what, flood }) => [
              what,
              round(total(flood)),
              Object.entries(flood.outcomes)
                .map(([status, n]) => `${round(n)} ${status}`)
                .join(', '),
              round(flood.ms),
              round((flood.ms * 1000) / total(flood)),
              mib(flood.heapGrowthBytes),
            ]),
          },
        ],
        findings,
        notes: ['10 servers, each with a new Hono app in every configuration; making these apps is part of the time.'],
        missing: [],
        data: { floods, serial },
      };
    } finally {
      await child.end();
    }
  },
});
