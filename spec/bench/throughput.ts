import { defineBench, type Finding } from './harness/bench.ts';
import { SERVER_CPU, startChild } from './harness/child.ts';
import { freePorts, need } from './harness/machine.ts';
import { least, median, ratio, round, shuffled, spread } from './harness/statistics.ts';
import { OTHERS_LIMIT, type Sample, type StartedServer, sampleByWrk, WARM_UP_SECONDS } from './harness/wrk.ts';
import type { HelloSetting, Host, Kind } from './servers/hello.ts';

interface Variant {
  readonly name: string;
  readonly host: Host;
  readonly kind: Kind;
}

/** Within a group the ratios are taken, so its members run next to each other. */
const GROUPS: readonly (readonly Variant[])[] = [
  [{ name: 'raw node:http', host: 'raw', kind: 'sync' }],
  [
    { name: 'bare hono', host: 'hono', kind: 'sync' },
    { name: 'bare hono, again (A/A)', host: 'hono', kind: 'sync' },
    { name: 'sluice', host: 'sluice', kind: 'sync' },
  ],
  [
    { name: 'bare hono, async handler', host: 'hono', kind: 'async' },
    { name: 'sluice, async handler', host: 'sluice', kind: 'async' },
  ],
];

const VARIANTS = GROUPS.flat();

const start = (variant: Variant) => async (): Promise<StartedServer> => {
  const [port = 0] = await freePorts(1);
  const setting: HelloSetting = { host: variant.host, kind: variant.kind, port };
  return { server: await startChild('hello', setting, { cpu: SERVER_CPU }), port };
};

/** A Hono app behind the library against the same app on a bare adapter, as pairs within one round. */
export const throughput = defineBench({
  name: 'throughput',
  title: 'A Hono app through Sluice and on bare @hono/node-server',
  parameters: { rounds: 9, seconds: 3 },
  run: async ({ rounds, seconds }) => {
    const wrkPath = need('wrk', 'apt-get install wrk');
    const samples = new Map<string, Sample[]>(VARIANTS.map(({ name }) => [name, []]));
    for (let n = 0; n < rounds; n += 1) {
      for (const variant of shuffled(GROUPS).flatMap(shuffled)) {
        samples.get(variant.name)?.push(await sampleByWrk(wrkPath, start(variant), seconds));
      }
    }
    const of = (name: string, pick: (sample: Sample) => number): number[] => (samples.get(name) ?? []).map(pick);
    /** Request rates of the same round, divided: what slowed a round down slowed both. */
    const pairs = (name: string, base: string): number[] => {
      const bases = of(base, (s) => s.perSecond);
      return of(name, (s) => s.perSecond).map((value, n) => value / (bases[n] ?? Number.NaN));
    };
    const cpuRatio = (name: string, base: string): number =>
      least(of(name, (s) => s.cpuUs)) / least(of(base, (s) => s.cpuUs));
    const baseOf = ({ kind }: Variant): string => (kind === 'async' ? 'bare hono, async handler' : 'bare hono');

    const rows = VARIANTS.map((variant) => {
      const { name } = variant;
      return [
        name,
        spread(of(name, (s) => s.perSecond)),
        spread(pairs(name, baseOf(variant))),
        round(least(of(name, (s) => s.cpuUs))),
        ratio(cpuRatio(name, baseOf(variant))),
        round(median(of(name, (s) => s.p50Us))),
        round(median(of(name, (s) => s.p99Us))),
      ];
    });

    const control = median(pairs('bare hono, again (A/A)', 'bare hono'));
    const rate = median(pairs('sluice', 'bare hono'));
    const cpu = cpuRatio('sluice', 'bare hono');
    const asyncCpu = cpuRatio('sluice, async handler', 'bare hono, async handler');
    const asyncRate = median(pairs('sluice, async handler', 'bare hono, async handler'));
    const findings: readonly Finding[] = [
      { target: 'requests/s ≥ 0.98 × bare hono', measured: ratio(rate), met: rate >= 0.98 },
      { target: 'CPU per request ≤ 1.02 × bare hono', measured: ratio(cpu), met: cpu <= 1.02 },
      { target: 'async handler: requests/s ≥ 0.98 × bare hono', measured: ratio(asyncRate), met: asyncRate >= 0.98 },
      { target: 'async handler: CPU per request ≤ 1.02 × bare hono', measured: ratio(asyncCpu), met: asyncCpu <= 1.02 },
    ];
    const noisy = [...samples.values()].flat().filter(({ others }) => others > OTHERS_LIMIT).length;
    return {
      tables: [
        {
          columns: [
            'server',
            'requests/s',
            'ratio to bare hono',
            'CPU µs/request (least)',
            'ratio',
            'p50 µs',
            'p99 µs',
          ],
          rows,
        },
      ],
      findings,
      notes: [
        `wrk -t1 -c64, ${rounds} shuffled rounds of ${seconds} s with fresh processes after ${WARM_UP_SECONDS} s of warm-up, server and wrk on a CPU each; medians (least–most), ratios within a round.`,
        Math.abs(control - 1) <= 0.02
          ? `The A/A control is off by ${((control - 1) * 100).toFixed(1)} %: differences above 2 % mean something.`
          : `The A/A control is off by ${((control - 1) * 100).toFixed(1)} %: this run cannot decide 2 %, repeat it on a quieter machine.`,
        `${noisy} of ${rounds * VARIANTS.length} samples were taken while others used more than ${OTHERS_LIMIT} CPU.`,
      ],
      missing: [],
      data: Object.fromEntries(samples),
    };
  },
});
