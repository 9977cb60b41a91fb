import { defineBench, type Finding } from './harness/bench.ts';
import { startChild } from './harness/child.ts';
import { watchOthers } from './harness/machine.ts';
import { median, ratio, round, shuffled, spread } from './harness/statistics.ts';
import type { PoolStarted, PoolStartSetting } from './servers/pool-start.ts';

type Host = PoolStartSetting['host'];

const PLAIN = 'node:http loop, one tick';
const AGAIN = 'node:http loop, again (A/A)';
const STORED = 'pool.start(), servers stored before';

const VARIANTS: Readonly<Record<string, Host>> = {
  [PLAIN]: 'plain',
  [AGAIN]: 'plain',
  'cluster.apply()': 'cluster',
  'createPool(…).start()': 'pool',
  [STORED]: 'stored pool',
};

/** What V8 compiles because of loading modules is no part of a start: it is left this long, in milliseconds. */
const SETTLE_MS = 1_000;

/** A fresh process for each: whoever starts a thousand servers does it once, with cold code. */
const sample = async (host: Host, servers: number): Promise<PoolStarted> => {
  const child = await startChild('pool-start', { host, servers } satisfies PoolStartSetting);
  await new Promise((resolve) => setTimeout(resolve, SETTLE_MS));
  const started = (await child.ask('start')) as PoolStarted;
  await child.end();
  return started;
};

/** All servers of a pool at once, against a loop of plain ones. */
export const poolStart = defineBench({
  name: 'pool-start',
  title: 'Starting a pool of many servers',
  parameters: { starts: 9, servers: 1_000 },
  run: async ({ starts, servers }) => {
    const samples = new Map<string, PoolStarted[]>(Object.keys(VARIANTS).map((name) => [name, []]));
    const others = watchOthers();
    for (let n = 0; n < starts; n += 1) {
      for (const [name, host] of shuffled(Object.entries(VARIANTS)))
        samples.get(name)?.push(await sample(host, servers));
    }
    const of = (name: string, pick: (sample: PoolStarted) => number): number[] => (samples.get(name) ?? []).map(pick);
    const against = (name: string, pick: (sample: PoolStarted) => number): number =>
      median(of(name, pick)) / median(of(PLAIN, pick));
    const time = against(STORED, ({ ms }) => ms);
    const main = against(STORED, ({ mainMs }) => mainMs);
    const findings: readonly Finding[] = [
      { target: 'time of pool.start() ≤ 1.3 × node:http loop', measured: ratio(time), met: time <= 1.3 },
      { target: 'main thread of pool.start() ≤ 1.3 × node:http loop', measured: ratio(main), met: main <= 1.3 },
    ];
    return {
      tables: [
        {
          columns: [
            `start ${round(servers)}`,
            'ms',
            'ratio',
            'main thread ms',
            'ratio',
            'CPU ms, all threads',
            'ratio',
          ],
          rows: Object.keys(VARIANTS).map((name) => [
            name,
            spread(of(name, ({ ms }) => ms)),
            ratio(against(name, ({ ms }) => ms)),
            spread(of(name, ({ mainMs }) => mainMs)),
            ratio(against(name, ({ mainMs }) => mainMs)),
            spread(of(name, ({ cpuMs }) => cpuMs)),
            ratio(against(name, ({ cpuMs }) => cpuMs)),
          ]),
        },
      ],
      findings,
      notes: [
        `${starts} shuffled rounds, each sample in a fresh process; medians (least–most). “Main thread” is the time it was on a CPU, which other programs move least.`,
        `Other programs used ${round(others())} CPU.`,
      ],
      missing: [],
      data: Object.fromEntries(samples),
    };
  },
});
