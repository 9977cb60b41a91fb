import { startAccounting } from '../accounting/accounting-process.ts';
import { failures, sum } from '../accounting/tally.ts';
import { defineBench, type Finding, MissingPeerError } from './harness/bench.ts';
import { freePorts, need, watchOthers } from './harness/machine.ts';
import { median, ratio, round, shuffled, spread } from './harness/statistics.ts';
import { type Load, readWrk, WARM_UP_SECONDS, wrk } from './harness/wrk.ts';
import type { StartFleet } from './peers/fleet.ts';
import { startNodeCluster } from './peers/node-cluster.ts';
import { startPm2Fleet } from './peers/pm2.ts';
import { startSluiceFleet } from './peers/sluice-fleet.ts';

const WORKERS = 2;
const SPIN_US = 200;

interface Variant {
  readonly name: string;
  readonly start: StartFleet;
  readonly workers: number;
}

const BASE = 'node:cluster, shared handle';
const CONTROL = `${BASE}, again (A/A)`;
const ONE = 'one process';
const PM2 = 'pm2 -i 2';
const CLUSTER = 'sluice, clusterWorkers';
const SCRIPT = 'sluice, createWorkers';

const VARIANTS: readonly Variant[] = [
  { name: BASE, start: startNodeCluster('shared'), workers: WORKERS },
  { name: CONTROL, start: startNodeCluster('shared'), workers: WORKERS },
  { name: 'node:cluster, round robin', start: startNodeCluster('round-robin'), workers: WORKERS },
  { name: PM2, start: startPm2Fleet, workers: WORKERS },
  { name: ONE, start: startNodeCluster('shared'), workers: 1 },
  { name: CLUSTER, start: startSluiceFleet('cluster'), workers: WORKERS },
  { name: SCRIPT, start: startSluiceFleet('script'), workers: WORKERS },
  { name: `${SCRIPT}, round robin`, start: startSluiceFleet('script', { sharing: 'round-robin' }), workers: WORKERS },
];

/** What is asked for, in which way. */
const LOADS = {
  kept: { anywhere: true },
  fresh: { anywhere: true, fresh: true },
  spin: { anywhere: true, path: `/spin/${SPIN_US}` },
} as const satisfies Readonly<Record<string, Load>>;
type Kind = keyof typeof LOADS;
const KINDS = ['kept', 'fresh', 'spin'] as const satisfies readonly Kind[];

interface Measured {
  readonly perSecond: number;
  readonly cpuUs: number;
  readonly p99Us: number;
}

interface Sample extends Readonly<Record<Kind, Measured>> {
  /** New connections a second of a client that accounts for each of them, and how many failed. */
  readonly own: { readonly perSecond: number; readonly failed: number };
  readonly others: number;
}

const later = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

const sample = async (wrkPath: string, { start, workers }: Variant, seconds: number): Promise<Sample> => {
  const [port = 0] = await freePorts(1);
  const fleet = await start(port, workers);
  const measure = async (kind: Kind): Promise<Measured> => {
    const before = fleet.cpuMs();
    const { requests, perSecond, p99Us } = readWrk(await wrk(wrkPath, port, seconds, LOADS[kind]));
    return { perSecond, p99Us, cpuUs: ((fleet.cpuMs() - before) * 1000) / requests };
  };
  try {
    await wrk(wrkPath, port, WARM_UP_SECONDS, LOADS.kept);
    const others = watchOthers();
    const kept = await measure('kept');
    const fresh = await measure('fresh');
    const spin = await measure('spin');
    const clients = await startAccounting([
      { name: 'own', address: `127.0.0.1:${port}`, expectBody: '^\\d+$', mode: 'fresh', connections: 32 },
    ]);
    await later(seconds * 1000);
    const { own = sum([]) } = await clients.stop();
    const perSecond = own.answered / (own.durationMs / 1000);
    return { kept, fresh, spin, own: { perSecond, failed: failures(own) + own.refused }, others: others() };
  } finally {
    await fleet.stop();
  }
};

/** Two processes behind one port, in the ways there are to share it, as pairs within one round. */
export const workerThroughput = defineBench({
  name: 'worker-throughput',
  title: `A Hono app on ${WORKERS} processes behind one port`,
  parameters: { rounds: 7, seconds: 3 },
  run: async ({ rounds, seconds }) => {
    const wrkPath = need('wrk', 'apt-get install wrk');
    const samples = new Map<string, Sample[]>(VARIANTS.map(({ name }) => [name, []]));
    const missing = new Map<string, string>();
    for (let n = 0; n < rounds; n += 1) {
      for (const variant of shuffled(VARIANTS)) {
        if (missing.has(variant.name)) continue;
        try {
          samples.get(variant.name)?.push(await sample(wrkPath, variant, seconds));
        } catch (cause) {
          if (!(cause instanceof MissingPeerError)) throw cause;
          missing.set(variant.name, cause.message);
        }
      }
    }
    const of = (name: string, pick: (sample: Sample) => number): readonly number[] =>
      (samples.get(name) ?? []).map(pick);
    /** Rates of the same round, divided: what slowed a round down slowed both. */
    const pairs = (name: string, base: string, pick: (sample: Sample) => number): readonly number[] => {
      const bases = of(base, pick);
      return of(name, pick).map((value, n) => value / (bases[n] ?? Number.NaN));
    };
    const rate =
      (kind: Kind) =>
      (one: Sample): number =>
        one[kind].perSecond;
    const own = (one: Sample): number => one.own.perSecond;
    const measured = VARIANTS.filter(({ name }) => !missing.has(name));

    const table = (kind: Kind, caption: string) => ({
      caption,
      columns: ['by', 'requests/s', `ratio to ${BASE}`, `ratio to ${ONE}`, 'CPU µs/request', 'p99 µs'],
      rows: measured.map(({ name }) => [
        name,
        spread(of(name, rate(kind))),
        spread(pairs(name, BASE, rate(kind))),
        ratio(median(pairs(name, ONE, rate(kind)))),
        round(median(of(name, (one) => one[kind].cpuUs))),
        round(median(of(name, (one) => one[kind].p99Us))),
      ]),
    });

    const atLeast = (
      name: string,
      base: string,
      what: string,
      least: number,
      pick: (sample: Sample) => number,
    ): readonly Finding[] => {
      if (missing.has(base)) return [];
      const value = median(pairs(name, base, pick));
      return [{ target: `${name}, ${what} ≥ ${least} × ${base}`, measured: ratio(value), met: value >= least }];
    };
    const findings = [CLUSTER, SCRIPT].flatMap((name): readonly Finding[] => {
      const failed = of(name, (one) => one.own.failed).reduce((a, b) => a + b, 0);
      return [
        ...atLeast(name, BASE, 'kept connections', 0.98, rate('kept')),
        ...atLeast(name, BASE, 'fresh connections', 0.98, rate('fresh')),
        ...atLeast(name, PM2, 'fresh connections', 2, rate('fresh')),
        ...atLeast(name, PM2, 'fresh connections, own client', 2, own),
        ...atLeast(name, ONE, 'fresh connections', 0.9, rate('fresh')),
        ...atLeast(name, ONE, `${SPIN_US} µs of CPU`, 1.9, rate('spin')),
        { target: `${name}: 0 failed, own client`, measured: round(failed), met: failed === 0 },
      ];
    });
    const off = (kind: Kind): string => ((median(pairs(CONTROL, BASE, rate(kind))) - 1) * 100).toFixed(1);
    return {
      tables: [
        table('kept', 'Kept connections'),
        table('fresh', 'A new connection for every request'),
        {
          caption: 'The same by a client that accounts for every request',
          columns: ['by', 'requests/s', `ratio to ${BASE}`, 'failed or refused'],
          rows: measured.map(({ name }) => [
            name,
            spread(of(name, own)),
            spread(pairs(name, BASE, own)),
            round(of(name, (one) => one.own.failed).reduce((a, b) => a + b, 0)),
          ]),
        },
        table('spin', `A handler that keeps its CPU busy for ${SPIN_US} µs`),
      ],
      findings,
      notes: [
        `wrk -t1 -c64, ${rounds} shuffled rounds of ${seconds} s each with fresh processes after ${WARM_UP_SECONDS} s of warm-up; medians (least–most), ratios within a round. The same Hono app everywhere; "${ONE}" is one worker of node:cluster on a shared handle.`,
        'Nothing is kept on a CPU of its own: who asks takes time from who answers, so requests that cost little cannot show what a second process brings.',
        `The A/A control is off by ${KINDS.map((kind) => `${off(kind)} % (${kind})`).join(', ')}; others kept ${round(median(VARIANTS.flatMap(({ name }) => of(name, (one) => one.others))))} CPUs busy meanwhile.`,
      ],
      missing: [...missing].map(([name, why]) => `${name}: ${why}`),
      data: Object.fromEntries(samples),
    };
  },
});
