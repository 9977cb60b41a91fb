import { defineBench, type Finding } from './harness/bench.ts';
import { SERVER_CPU, startChild } from './harness/child.ts';
import { freePorts, need } from './harness/machine.ts';
import { least, median, ratio, round, shuffled, spread } from './harness/statistics.ts';
import { OTHERS_LIMIT, type Sample, type StartedServer, sampleByWrk, WARM_UP_SECONDS } from './harness/wrk.ts';
import type { MeteredSetting, Watched } from './servers/metered.ts';
import type { ScrapeCost, ScrapedSetting } from './servers/scraped.ts';

interface Variant {
  readonly name: string;
  readonly watched: Watched;
}

const BASE = 'metrics off';
const CONTROL = 'metrics off, again (A/A)';

const VARIANTS: readonly Variant[] = [
  { name: BASE, watched: 'off' },
  { name: CONTROL, watched: 'off' },
  { name: 'metrics on', watched: 'metrics' },
  { name: 'tracing, no provider', watched: 'traced' },
  { name: 'tracing, spans nobody takes', watched: 'spans' },
];

const SERVERS = 1_000;

const start = (watched: Watched) => async (): Promise<StartedServer> => {
  const [port = 0] = await freePorts(1);
  const setting: MeteredSetting = { watched, port };
  return { server: await startChild('metered', setting, { cpu: SERVER_CPU }), port };
};

/** What a scrape of many servers costs; the first one meets code that is cold and is not taken down. */
const scrapes = async (count: number): Promise<readonly ScrapeCost[]> => {
  const setting: ScrapedSetting = { servers: SERVERS };
  const server = await startChild('scraped', setting, { cpu: SERVER_CPU });
  try {
    const costs: ScrapeCost[] = [];
    for (let n = 0; n <= count; n += 1) costs.push((await server.ask('scrape')) as ScrapeCost);
    return costs.slice(1);
  } finally {
    await server.end();
  }
};

/** A Hono app that is watched against the same app that is not, as pairs within one round; and what a scrape costs. */
export const metrics = defineBench({
  name: 'metrics',
  title: 'What metrics and tracing cost those who are served',
  parameters: { rounds: 9, seconds: 3, scrapes: 10 },
  run: async ({ rounds, seconds, scrapes: count }) => {
    const wrkPath = need('wrk', 'apt-get install wrk');
    const samples = new Map<string, Sample[]>(VARIANTS.map(({ name }) => [name, []]));
    for (let n = 0; n < rounds; n += 1) {
      for (const { name, watched } of shuffled(VARIANTS)) {
        samples.get(name)?.push(await sampleByWrk(wrkPath, start(watched), seconds));
      }
    }
    const costs = await scrapes(count);
    const of = (name: string, pick: (sample: Sample) => number): number[] => (samples.get(name) ?? []).map(pick);
    const bases = of(BASE, ({ perSecond }) => perSecond);
    const pairs = (name: string): number[] =>
      of(name, ({ perSecond }) => perSecond).map((value, n) => value / (bases[n] ?? Number.NaN));
    const cpuRatio = (name: string): number => least(of(name, ({ cpuUs }) => cpuUs)) / least(of(BASE, (s) => s.cpuUs));

    const rate = median(pairs('metrics on'));
    const idle = median(pairs('tracing, no provider'));
    const blocked = costs.map(({ blockedMs }) => blockedMs);
    const findings: readonly Finding[] = [
      { target: 'metrics on: requests/s ≥ 0.93 × off', measured: ratio(rate), met: rate >= 0.93 },
      { target: 'tracing without a provider: requests/s ≥ 0.97 × off', measured: ratio(idle), met: idle >= 0.97 },
      {
        target: `a scrape of ${SERVERS} servers stops nobody for more than 50 ms`,
        measured: `${round(median(blocked))} ms`,
        met: median(blocked) <= 50,
      },
    ];
    const control = median(pairs(CONTROL));
    const noisy = [...samples.values()].flat().filter(({ others }) => others > OTHERS_LIMIT).length;
    return {
      tables: [
        {
          columns: ['server', 'requests/s', 'ratio to off', 'CPU µs/request (least)', 'ratio', 'p50 µs', 'p99 µs'],
          rows: VARIANTS.map(({ name }) => [
            name,
            spread(of(name, (s) => s.perSecond)),
            spread(pairs(name)),
            round(least(of(name, (s) => s.cpuUs))),
            ratio(cpuRatio(name)),
            round(median(of(name, (s) => s.p50Us))),
            round(median(of(name, (s) => s.p99Us))),
          ]),
        },
        {
          caption: `A scrape of ${SERVERS} servers, each of them asked once`,
          columns: ['lines', 'ms until it is there', 'ms the event loop stood still at most'],
          rows: [[String(costs[0]?.lines ?? 0), spread(costs.map(({ totalMs }) => totalMs)), spread(blocked)]],
        },
      ],
      findings,
      notes: [
        `wrk -t1 -c64, ${rounds} shuffled rounds of ${seconds} s with fresh processes after ${WARM_UP_SECONDS} s of warm-up, server and wrk on a CPU each; medians (least–most), ratios within a round.`,
        `The A/A control is off by ${((control - 1) * 100).toFixed(1)} %.`,
        `${noisy} of ${rounds * VARIANTS.length} samples were taken while others used more than ${OTHERS_LIMIT} CPU.`,
      ],
      missing: [],
      data: { samples: Object.fromEntries(samples), scrapes: costs },
    };
  },
});
