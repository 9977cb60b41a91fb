import { defineBench, type Finding } from './harness/bench.ts';
import { CLIENT_CPU, SERVER_CPU, startChild } from './harness/child.ts';
import { freePorts, need } from './harness/machine.ts';
import { least, median, ratio, round, shuffled, spread } from './harness/statistics.ts';
import { OTHERS_LIMIT, type Sample, type StartedServer, sampleByWrk, WARM_UP_SECONDS } from './harness/wrk.ts';
import type { HelloSetting } from './servers/hello.ts';
import type { ProxyKind, ProxySetting } from './servers/proxy.ts';

interface Variant {
  readonly name: string;
  readonly kind: ProxyKind;
}

const SLUICE = 'sluice';
const BRIDGE = 'bare undici bridge on node:http';
const CONTROL = `${BRIDGE}, again (A/A)`;
const HONO = 'hono/proxy on global fetch';

const VARIANTS: readonly Variant[] = [
  { name: SLUICE, kind: 'sluice' },
  { name: 'sluice, with a middleware', kind: 'sluice-middleware' },
  { name: BRIDGE, kind: 'bridge' },
  { name: CONTROL, kind: 'bridge' },
  { name: HONO, kind: 'hono-proxy' },
];

/** A small answer through a proxy, as pairs within one round: what passing a request on costs, not what copying does. */
export const proxy = defineBench({
  name: 'proxy',
  title: 'Requests passed on to one backend: a proxy route, hono/proxy and a bare undici dispatcher',
  parameters: { rounds: 9, seconds: 3 },
  run: async ({ rounds, seconds }) => {
    const wrkPath = need('wrk', 'apt-get install wrk');
    const [backendPort = 0] = await freePorts(1);
    const hello: HelloSetting = { host: 'raw', kind: 'sync', port: backendPort };
    const backend = await startChild('hello', hello, { cpu: CLIENT_CPU });
    const start = (kind: ProxyKind) => async (): Promise<StartedServer> => {
      const [port = 0] = await freePorts(1);
      const setting: ProxySetting = { kind, port, target: `http://127.0.0.1:${backendPort}` };
      return { server: await startChild('proxy', setting, { cpu: SERVER_CPU }), port };
    };
    const samples = new Map<string, Sample[]>(VARIANTS.map(({ name }) => [name, []]));
    try {
      for (let n = 0; n < rounds; n += 1) {
        for (const { name, kind } of shuffled(VARIANTS)) {
          samples.get(name)?.push(await sampleByWrk(wrkPath, start(kind), seconds));
        }
      }
    } finally {
      await backend.end();
    }
    const of = (name: string, pick: (sample: Sample) => number): number[] => (samples.get(name) ?? []).map(pick);
    const pairs = (name: string, base: string): number[] => {
      const bases = of(base, (s) => s.perSecond);
      return of(name, (s) => s.perSecond).map((value, n) => value / (bases[n] ?? Number.NaN));
    };
    const rows = VARIANTS.map(({ name }) => [
      name,
      spread(of(name, (s) => s.perSecond)),
      spread(pairs(name, BRIDGE)),
      spread(pairs(name, HONO)),
      round(least(of(name, (s) => s.cpuUs))),
      round(median(of(name, (s) => s.p50Us))),
      round(median(of(name, (s) => s.p99Us))),
    ]);
    const toBridge = median(pairs(SLUICE, BRIDGE));
    const toHono = median(pairs(SLUICE, HONO));
    const control = median(pairs(CONTROL, BRIDGE));
    const findings: readonly Finding[] = [
      { target: 'requests/s ≥ 1.5 × hono/proxy on global fetch', measured: ratio(toHono), met: toHono >= 1.5 },
      { target: 'requests/s ≥ 0.9 × a bare undici bridge', measured: ratio(toBridge), met: toBridge >= 0.9 },
    ];
    const noisy = [...samples.values()].flat().filter(({ others }) => others > OTHERS_LIMIT).length;
    return {
      tables: [
        {
          columns: [
            'proxy',
            'requests/s',
            'ratio to the bridge',
            'ratio to hono/proxy',
            'CPU µs/request (least)',
            'p50 µs',
            'p99 µs',
          ],
          rows,
        },
      ],
      findings,
      notes: [
        `wrk -t1 -c64, ${rounds} shuffled rounds of ${seconds} s with fresh proxies after ${WARM_UP_SECONDS} s of warm-up; the proxy has a CPU, wrk and the backend share the other; medians (least–most), ratios within a round.`,
        `The A/A control is off by ${((control - 1) * 100).toFixed(1)} %.`,
        `${noisy} of ${rounds * VARIANTS.length} samples were taken while others used more than ${OTHERS_LIMIT} CPU.`,
      ],
      missing: [],
      data: Object.fromEntries(samples),
    };
  },
});
