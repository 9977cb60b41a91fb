import { startAccounting } from '../accounting/accounting-process.ts';
import { failures } from '../accounting/tally.ts';
import { defineBench, type Finding } from './harness/bench.ts';
import { CLIENT_CPU, SERVER_CPU, startChild } from './harness/child.ts';
import { pinnedTo, watchOthers } from './harness/machine.ts';
import { median, ratio, round, shuffled, spread } from './harness/statistics.ts';
import type { ScaleSetting, Started } from './servers/scale.ts';

type Host = ScaleSetting['host'];

interface Variant {
  readonly name: string;
  readonly host: Host;
}

const HONO = 'bare hono loop, one tick';
const AGAIN = 'bare hono loop, again (A/A)';
const SLUICE = 'sluice';

const VARIANTS: readonly Variant[] = [
  { name: 'node:http loop, one tick', host: 'plain' },
  { name: HONO, host: 'hono' },
  { name: AGAIN, host: 'hono' },
  { name: SLUICE, host: 'sluice' },
];

interface Sample extends Started {
  /** The worst latency of another server in the process: before, and while the many start. */
  readonly calmMs: number;
  readonly stallMs: number;
  readonly lost: number;
}

const sleep = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

/** Two processes: one without traffic for time and memory, one with traffic for what it feels. */
const sample = async (host: Host, servers: number): Promise<Sample> => {
  // On no CPU of its own: V8 compiles and collects beside the main thread, which one CPU would not let it.
  const quiet = await startChild('scale', { host } satisfies ScaleSetting, { nodeFlags: ['--expose-gc'] });
  const { ms } = (await quiet.ask('start', servers)) as Started;
  // Memory is that of as many servers more: the first ones also pay for compiled code and a larger young generation.
  const { rssKib, heapKib } = (await quiet.ask('start', servers)) as Started;
  await quiet.end();

  const busy = await startChild('scale', { host } satisfies ScaleSetting, { cpu: SERVER_CPU });
  const address = (await busy.ask('startProbe')) as string;
  const clients = await startAccounting(
    [{ name: 'probe', mode: 'keep-alive', connections: 16, rate: 2000, address }],
    pinnedTo(CLIENT_CPU),
  );
  await sleep(1000);
  await clients.take();
  await sleep(500);
  const { probe: calm } = await clients.take();
  await busy.ask('start', servers);
  // Requests that wait for the stall to end are answered after it.
  await sleep(200);
  const { probe: stalled } = await clients.stop();
  await busy.end();
  if (calm === undefined || stalled === undefined) throw new Error('the client gave no report');
  return { ms, rssKib, heapKib, calmMs: calm.latencyMs.max, stallMs: stalled.latencyMs.max, lost: failures(stalled) };
};

/** Many servers on free ports: how long, what others feel meanwhile, and what an idle one weighs. */
export const scaleStart = defineBench({
  name: 'scale-start',
  title: 'Starting many servers on free ports',
  parameters: { starts: 7, servers: 1000 },
  run: async ({ starts, servers }) => {
    const samples = new Map<string, Sample[]>(VARIANTS.map(({ name }) => [name, []]));
    const others = watchOthers();
    for (let n = 0; n < starts; n += 1) {
      for (const { name, host } of shuffled(VARIANTS)) samples.get(name)?.push(await sample(host, servers));
    }
    const of = (name: string, pick: (sample: Sample) => number): number[] => (samples.get(name) ?? []).map(pick);
    const against = (name: string, pick: (sample: Sample) => number): number =>
      median(of(name, pick)) / median(of(HONO, pick));
    const time = against(SLUICE, ({ ms }) => ms);
    const stall = against(SLUICE, ({ stallMs }) => stallMs);
    const weight = against(SLUICE, ({ rssKib }) => rssKib);
    const findings: readonly Finding[] = [
      { target: 'time ≤ 1.3 × bare hono loop', measured: ratio(time), met: time <= 1.3 },
      { target: 'worst latency of others ≤ 0.35 × one tick', measured: ratio(stall), met: stall <= 0.35 },
      { target: 'memory per idle server ≤ 1.5 × bare hono', measured: ratio(weight), met: weight <= 1.5 },
    ];
    return {
      tables: [
        {
          columns: [
            ...[`start ${servers}`, 'ms', 'ratio', 'worst ms of others', 'ratio', 'calm worst ms'],
            ...['RSS KiB per server', 'ratio', 'heap KiB', 'others lost'],
          ],
          rows: VARIANTS.map(({ name }) => [
            name,
            spread(of(name, ({ ms }) => ms)),
            ratio(against(name, ({ ms }) => ms)),
            spread(of(name, ({ stallMs }) => stallMs)),
            ratio(against(name, ({ stallMs }) => stallMs)),
            round(median(of(name, ({ calmMs }) => calmMs))),
            spread(of(name, ({ rssKib }) => rssKib)),
            ratio(against(name, ({ rssKib }) => rssKib)),
            round(median(of(name, ({ heapKib }) => heapKib))),
            String(of(name, ({ lost }) => lost).reduce((a, b) => a + b, 0)),
          ]),
        },
      ],
      findings,
      notes: [
        `${starts} shuffled rounds, each with fresh processes; medians (least–most). “Others” are 2,000 requests/s to one more server of the same process. Memory is the growth by as many servers again, after a collection.`,
        `Other programs used ${round(others())} CPU.`,
      ],
      missing: [],
      data: Object.fromEntries(samples),
    };
  },
});
