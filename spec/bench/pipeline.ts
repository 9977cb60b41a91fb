import { defineBench, type Finding } from './harness/bench.ts';
import { type Child, SERVER_CPU, startChild } from './harness/child.ts';
import { watchOthers } from './harness/machine.ts';
import { least, median, ratio, round, spread } from './harness/statistics.ts';
import type { Aggregates, Backlog, Decisions, Events } from './servers/pipeline.ts';

interface Size {
  readonly size: number;
  readonly amount: number;
  readonly events: Events;
}

const SIZES: readonly Size[] = [
  { size: 10, amount: 10_000, events: 'shared' },
  { size: 10, amount: 10_000, events: 'unchanged' },
  { size: 10, amount: 5000, events: 'fresh' },
  { size: 1000, amount: 300, events: 'shared' },
  { size: 1000, amount: 300, events: 'unchanged' },
  { size: 1000, amount: 60, events: 'fresh' },
];

const WORDS: Readonly<Record<Events, string>> = {
  shared: 'one changed, the others the same objects',
  unchanged: 'none changed',
  fresh: 'one changed, the others equal objects',
};

/** The same work several times; the first time only warms up. */
const repeat = async <T>(child: Child, rounds: number, verb: string, order: unknown): Promise<readonly T[]> => {
  const results: T[] = [];
  for (let n = 0; n <= rounds; n += 1) {
    const result = (await child.ask(verb, order)) as T;
    if (n > 0) results.push(result);
  }
  return results;
};

/** What RxJS and the cluster add to the decision itself. */
export const pipeline = defineBench({
  name: 'pipeline',
  title: 'The way of a configuration and of a state, beside plain code',
  parameters: { repeats: 5, backlog: 100_000 },
  run: async ({ repeats, backlog }) => {
    const others = watchOthers();
    const child = await startChild('pipeline', {}, { cpu: SERVER_CPU });
    try {
      const ways: { readonly at: Size; readonly results: readonly Decisions[] }[] = [];
      for (const at of SIZES) ways.push({ at, results: await repeat<Decisions>(child, repeats, 'decisions', at) });
      const conflate = await repeat<Backlog>(child, repeats, 'backlog', { how: 'conflate', amount: backlog });
      const again = await repeat<Backlog>(child, repeats, 'backlog', { how: 'conflate', amount: backlog });
      const concat = await repeat<Backlog>(child, 2, 'backlog', { how: 'concat', amount: backlog });
      const states: { readonly size: number; readonly results: readonly Aggregates[] }[] = [];
      for (const size of [10, 100, 1000]) {
        states.push({
          size,
          results: await repeat<Aggregates>(child, repeats, 'aggregate', { size, emissions: 20_000 }),
        });
      }

      // The least of several rounds: neighbours only ever add to it.
      const ofWay = (size: number, events: Events, pick: (result: Decisions) => number): number =>
        least((ways.find(({ at }) => at.size === size && at.events === events)?.results ?? []).map(pick));
      const overhead = (size: number): number =>
        ofWay(size, 'shared', ({ pipelineNs }) => pipelineNs) / ofWay(size, 'shared', ({ loopNs }) => loopNs);
      const idle = ways.filter(({ at }) => at.events === 'unchanged').flatMap(({ results }) => results);
      const sideEffects = Math.max(...idle.map(({ opened }) => opened));
      const runs = Math.max(...conflate.map((result) => result.runs));
      const burst = median(conflate.map(({ ns }) => ns)) / median(concat.map(({ ns }) => ns));
      const ofState = (size: number, pick: (result: Aggregates) => number): number =>
        least((states.find((state) => state.size === size)?.results ?? []).map(pick));
      const growth = ofState(1000, ({ crowdNs }) => crowdNs) / ofState(10, ({ crowdNs }) => crowdNs);
      const toCombined =
        ofState(1000, ({ crowdNs }) => crowdNs) / ofState(1000, ({ combineLatestNs }) => combineLatestNs);
      const coming = ofState(1000, ({ comeAndGoNs }) => comeAndGoNs) / ofState(10, ({ comeAndGoNs }) => comeAndGoNs);
      const findings: readonly Finding[] = [
        { target: '10 servers: pipeline ≤ 3 × plain loop', measured: ratio(overhead(10)), met: overhead(10) <= 3 },
        {
          target: '1,000 servers: pipeline ≤ 1.2 × plain loop',
          measured: ratio(overhead(1000)),
          met: overhead(1000) <= 1.2,
        },
        {
          target: 'an unchanged config has no side effect',
          measured: `${sideEffects} sockets opened`,
          met: sideEffects === 0,
        },
        {
          target: `${round(backlog)} in one turn: ≤ 3 are worked on, the last of them too`,
          measured: `${runs}`,
          met: runs <= 3 && conflate.every(({ last }) => last),
        },
        { target: '≤ 0.05 × the time of concatMap', measured: ratio(burst), met: burst <= 0.05 },
        { target: 'state: time per emission at 1,000 ≤ 2 × at 10', measured: ratio(growth), met: growth <= 2 },
        { target: 'state: ≤ 0.25 × combineLatest at 1,000', measured: ratio(toCombined), met: toCombined <= 0.25 },
        { target: 'a member more or less: time independent of N', measured: ratio(coming), met: coming <= 1.5 },
      ];
      return {
        tables: [
          {
            caption: 'One config, from push to decision (ns, least of the rounds)',
            columns: [
              'servers',
              'config',
              'plain loop',
              'pipeline',
              'ratio',
              'whole cluster, push to outcome',
              'ratio',
            ],
            rows: ways.map(({ at: { size, events } }) => {
              const loopNs = ofWay(size, events, (result) => result.loopNs);
              const pipelineNs = ofWay(size, events, (result) => result.pipelineNs);
              const clusterNs = ofWay(size, events, (result) => result.clusterNs);
              return [
                round(size),
                WORDS[events],
                round(loopNs),
                round(pipelineNs),
                ratio(pipelineNs / loopNs),
                round(clusterNs),
                ratio(clusterNs / loopNs),
              ];
            }),
          },
          {
            caption: `${round(backlog)} values in one turn, asynchronous work (ns per value)`,
            columns: ['operator', 'ns', 'worked on'],
            rows: [
              ['conflateScan', spread(conflate.map(({ ns }) => ns)), round(runs)],
              ['conflateScan, again (A/A)', spread(again.map(({ ns }) => ns)), round(runs)],
              [
                'concatMap',
                spread(concat.map(({ ns }) => ns)),
                round(Math.max(...concat.map((result) => result.runs))),
              ],
            ],
          },
          {
            caption: 'The state of all members (ns per emission, least of the rounds)',
            columns: [
              'members',
              'combineLatest',
              'snapshot, all speak in a turn',
              'snapshot, one speaks',
              'come and go',
            ],
            rows: states.map(({ size }) => [
              round(size),
              round(ofState(size, ({ combineLatestNs }) => combineLatestNs)),
              round(ofState(size, ({ crowdNs }) => crowdNs)),
              round(ofState(size, ({ singleNs }) => singleNs)),
              round(ofState(size, ({ comeAndGoNs }) => comeAndGoNs)),
            ]),
          },
        ],
        findings,
        notes: [
          'The plain loop reads and diffs a config with the same functions; the pipeline is the mouth of the cluster and its fold around them; the whole cluster also prepares, switches, keeps books and tells its subscribers, on listeners that hold no sockets.',
          `Other programs used ${round(others())} CPU.`,
        ],
        missing: [],
        data: { ways, conflate, again, concat, states },
      };
    } finally {
      await child.end();
    }
  },
});
