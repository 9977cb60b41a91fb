import { defineBench, type Finding } from './harness/bench.ts';
import { SERVER_CPU, startChild } from './harness/child.ts';
import { watchOthers } from './harness/machine.ts';
import { least, ratio, round, spread } from './harness/statistics.ts';
import type { Filtered, Loads, Way } from './servers/pool-lookup.ts';

const SIZES = [10, 1_000, 10_000] as const;

const HOSTILE: Way = 'text that stalls a backtracking engine';

const STATES = { 'not started': false, started: true } as const;

/** Finding servers of a pool: by address whatever its size, and by what they are called within a moment. */
export const poolLookup = defineBench({
  name: 'pool-lookup',
  title: 'Finding servers of a pool',
  parameters: { rounds: 7, loads: 200_000, filters: 50, servers: 1_000 },
  run: async ({ rounds, loads, filters, servers }) => {
    const others = watchOthers();
    const child = await startChild('pool-lookup', {}, { cpu: SERVER_CPU });
    const loaded = new Map<number, Loads[]>(SIZES.map((size) => [size, []]));
    const filtered = new Map<string, Filtered[]>(Object.keys(STATES).map((state) => [state, []]));
    try {
      // The first round only warms up.
      for (let round = 0; round <= rounds; round += 1) {
        for (const size of SIZES) {
          const result = (await child.ask('load', { size, times: loads })) as Loads;
          if (round > 0) loaded.get(size)?.push(result);
        }
        for (const [state, started] of Object.entries(STATES)) {
          const result = (await child.ask('filter', { size: servers, times: filters, started })) as Filtered;
          if (round > 0) filtered.get(state)?.push(result);
        }
      }
    } finally {
      await child.end();
    }
    const ofLoad = (size: number, pick: (result: Loads) => number): number[] => (loaded.get(size) ?? []).map(pick);
    const ofWay = (state: string, way: string): number[] =>
      (filtered.get(state) ?? []).map(({ ways }) => ways[way]?.ms ?? Number.NaN);
    const ofPlain = (state: string): number[] => (filtered.get(state) ?? []).map(({ plain }) => plain.ms);
    const ways = Object.keys(filtered.get('started')?.[0]?.ways ?? {});
    const load = (size: number): number => least(ofLoad(size, ({ loadNs }) => loadNs));
    const map = (size: number): number => least(ofLoad(size, ({ mapNs }) => mapNs));
    // A Map slows down too once it is larger than the caches of the processor: what a pool adds is beside that.
    const added = load(10_000) / map(10_000);
    const slowest = (way: string): number => Math.max(...Object.keys(STATES).map((state) => least(ofWay(state, way))));
    const findings: readonly Finding[] = [
      { target: 'load at 10,000 ≤ 2 × Map.get', measured: ratio(added), met: added <= 2 },
      ...ways.map((way): Finding => {
        const ms = slowest(way);
        // What is hostile may take longer, as long as nobody notices.
        const most = way === HOSTILE ? 20 : 1;
        const target = `filter ${round(servers)}, ${way}: < ${most} ms`;
        return { target, measured: `${round(ms)} ms`, met: ms < most };
      }),
    ];
    return {
      tables: [
        {
          caption: 'One server by its address (ns, least of the rounds)',
          columns: ['servers', 'Map.get', 'load', 'ratio', 'in another spelling', 'an address nobody has'],
          rows: SIZES.map((size) => [
            round(size),
            round(map(size)),
            round(load(size)),
            ratio(load(size) / map(size)),
            round(least(ofLoad(size, ({ spelledNs }) => spelledNs))),
            round(least(ofLoad(size, ({ unknownNs }) => unknownNs))),
          ]),
        },
        ...Object.keys(STATES).map((state) => ({
          caption: `Those of ${round(servers)} servers that match, ${state} (ms, compiling included)`,
          columns: ['by name', 'found', 'ms', 'beside Array.filter'],
          rows: [
            ['Array.filter, RegExp', String(filtered.get(state)?.[0]?.plain.found), spread(ofPlain(state)), ratio(1)],
            ...ways.map((way) => [
              way,
              String(filtered.get(state)?.[0]?.ways[way]?.found),
              spread(ofWay(state, way)),
              ratio(least(ofWay(state, way)) / least(ofPlain(state))),
            ]),
          ],
        })),
      ],
      findings,
      notes: [
        `${rounds} rounds in one process; ${round(loads)} look-ups in random order, ${filters} filters each. Array.filter goes over plain records that hold the names.`,
        `Other programs used ${round(others())} CPU.`,
      ],
      missing: [],
      data: { loaded: Object.fromEntries(loaded), filtered: Object.fromEntries(filtered) },
    };
  },
});
