import { startAccounting } from '../accounting/accounting-process.ts';
import { type AccountingReport, failures, sum, summarize } from '../accounting/tally.ts';
import { defineBench, type Finding } from './harness/bench.ts';
import { CLIENT_CPU, SERVER_CPU, startChild } from './harness/child.ts';
import { freePorts, pinnedTo } from './harness/machine.ts';
import { median, quantile, round } from './harness/statistics.ts';
import type { Applied, ClusterOrder, ClusterSetting } from './servers/cluster.ts';

/** What is changed, in turn. */
const KINDS = ['handler', 'timeouts', 'address', 'exchange'] as const;
type Kind = (typeof KINDS)[number];

/** What clients watch: each a kept and a fresh client of its own. */
const TARGETS = ['handler', 'timeouts', 'moving', 'left', 'right'] as const;
type Target = (typeof TARGETS)[number];

const ANSWERS: Readonly<Record<Target, string>> = {
  handler: '^handler-\\d+$',
  timeouts: '^timeouts$',
  moving: '^moving$',
  // Their addresses are exchanged: a client of one address meets both.
  left: '^(left|right)$',
  right: '^(left|right)$',
};

const KEPT_RATE = 2000 / TARGETS.length;
const FRESH_RATE = 500 / TARGETS.length;

const sleep = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

/** How often each kind of change was made so far: all that a configuration depends on. */
type Turns = Readonly<Record<Kind, number>>;

const orderOf = (turns: Turns, ports: readonly number[]): ClusterOrder => {
  const at = (n: number): string => `127.0.0.1:${ports[n]}`;
  const odd = (kind: Kind): boolean => turns[kind] % 2 === 1;
  return {
    handler: { listen: at(0), body: `handler-${turns.handler}` },
    timeouts: {
      listen: at(1),
      body: 'timeouts',
      headersTimeoutMs: odd('timeouts') ? 9000 : 10_000,
      requestTimeoutMs: odd('timeouts') ? 14_000 : 15_000,
      keepAliveTimeoutMs: odd('timeouts') ? 50_000 : 60_000,
    },
    moving: { listen: at(odd('address') ? 3 : 2), body: 'moving' },
    left: { listen: at(odd('exchange') ? 5 : 4), body: 'left' },
    right: { listen: at(odd('exchange') ? 4 : 5), body: 'right' },
  };
};

/** Every request that was written while servers were changed 1,000 times, one by one. */
export const zeroLoss = defineBench({
  name: 'zero-loss',
  title: 'Requests lost over handler, timeout and address changes under constant load',
  parameters: { changes: 1000, gap: 25 },
  run: async ({ changes, gap }) => {
    const ports = await freePorts(6);
    let turns: Turns = { handler: 0, timeouts: 0, address: 0, exchange: 0 };
    const setting: ClusterSetting = { servers: orderOf(turns, ports) };
    const server = await startChild('cluster', setting, { cpu: SERVER_CPU });
    const addressOf = (target: Target): string => {
      const index = { handler: 0, timeouts: 1, moving: turns.address % 2 === 1 ? 3 : 2, left: 4, right: 5 }[target];
      return `127.0.0.1:${ports[index]}`;
    };
    const clients = await startAccounting(
      TARGETS.flatMap((target) => {
        const order = { address: addressOf(target), expectBody: ANSWERS[target] };
        return [
          { ...order, name: `${target} kept`, mode: 'keep-alive' as const, connections: 8, rate: KEPT_RATE },
          { ...order, name: `${target} fresh`, mode: 'fresh' as const, rate: FRESH_RATE },
        ];
      }),
      pinnedTo(CLIENT_CPU),
    );
    try {
      const calm = async (): Promise<AccountingReport> => {
        await clients.take();
        await sleep(2000);
        return sum(Object.values(await clients.take()));
      };
      await sleep(1000);
      const before = await calm();
      const again = await calm();

      const took = new Map<Kind, number[]>(KINDS.map((kind) => [kind, []]));
      const refusals: string[] = [];
      for (let n = 0; n < changes; n += 1) {
        const kind = KINDS[n % KINDS.length] ?? 'handler';
        turns = { ...turns, [kind]: turns[kind] + 1 };
        const applied = (await server.ask('apply', orderOf(turns, ports))) as Applied;
        if (applied.status === 'committed') took.get(kind)?.push(applied.durationMs);
        else refusals.push(`change ${n} (${kind}) was ${applied.status}: ${applied.reason}`);
        if (kind === 'address') {
          clients.address('moving kept', addressOf('moving'));
          clients.address('moving fresh', addressOf('moving'));
        }
        await sleep(gap * (0.5 + Math.random()));
      }
      await sleep(500);
      const reports = await clients.stop();

      const of = (target: Target, mode: string): AccountingReport => sum([reports[`${target} ${mode}`] ?? sum([])]);
      const rows = TARGETS.map((target) => {
        const kept = of(target, 'kept');
        const fresh = of(target, 'fresh');
        const cell = (report: AccountingReport): string => `${failures(report)} of ${round(report.written)}`;
        return [
          target,
          cell(kept),
          cell(fresh),
          String(kept.refused + fresh.refused),
          String(kept.asked),
          round(Math.max(kept.latencyMs.max, fresh.latencyMs.max)),
        ];
      });
      const all = sum(Object.values(reports));
      const made = [...took.values()].flat().length;
      const steady = TARGETS.filter((target) => target !== 'moving');
      const refused = steady.reduce((n, target) => n + of(target, 'kept').refused + of(target, 'fresh').refused, 0);
      const findings: readonly Finding[] = [
        {
          target: `requests lost over ${changes} changes: 0`,
          measured: `${failures(all)} of ${round(all.written)} in ${made} commits`,
          met: failures(all) === 0 && made === changes,
        },
        { target: 'an address that stays never refuses', measured: `${refused} refusals`, met: refused === 0 },
      ];
      return {
        tables: [
          {
            caption: 'What clients saw while all servers were changed in turn',
            columns: ['server', 'failed, kept', 'failed, new', 'refused', 'asked to reconnect', 'worst ms'],
            rows,
          },
          {
            caption: 'What a change took, from push to outcome',
            columns: ['change', 'commits', 'p50 ms', 'p95 ms', 'worst ms'],
            rows: [...took].map(([kind, ms]) => [
              kind,
              String(ms.length),
              ...[median(ms), quantile(ms, 0.95), quantile(ms, 1)].map(round),
            ]),
          },
        ],
        findings,
        notes: [
          `Calm before, twice (A/A): ${summarize(before)} – ${summarize(again)}.`,
          'Load: 2,000 requests/s on 40 kept connections and 500 new connections/s, spread over the five addresses.',
          'Clients of the moving server learn its new address after the commit: until then a new connection to the old one may be refused, which costs no request and is counted apart.',
          ...refusals.slice(0, 3),
          ...all.examples.slice(0, 5),
        ],
        missing: [],
        data: { reports, took: Object.fromEntries(took), before, again },
      };
    } finally {
      clients.kill();
      await server.end();
    }
  },
});
