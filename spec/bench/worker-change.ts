import { startAccounting } from '../accounting/accounting-process.ts';
import { type AccountingReport, failures, monotonicMs, sum } from '../accounting/tally.ts';
import { defineBench, type Finding, MissingPeerError } from './harness/bench.ts';
import { CLIENT_CPU, SERVER_CPU } from './harness/child.ts';
import { freePorts, watchOthers } from './harness/machine.ts';
import { median, quantile, ratio, round } from './harness/statistics.ts';
import { startCaddy } from './peers/caddy.ts';
import type { StartPeer } from './peers/peer.ts';
import { startPm2 } from './peers/pm2.ts';
import { startSluice } from './peers/sluice.ts';
import { startSluiceSites } from './peers/sluice-sites.ts';

const WORKERS = 2;
const SITES = 10;

const OURS = `sluice, ${WORKERS} workers`;
const CADDY = 'caddy POST /load';
const PM2 = 'pm2 reload (2 workers)';

interface Contender {
  readonly name: string;
  readonly start: StartPeer;
  readonly sites: number;
  /** Quiet milliseconds after a change was reported done, in which the old generation may leave. */
  readonly gapMs: number;
  /** Slow ones are asked less often. */
  readonly share: number;
}

const CONTENDERS: readonly Contender[] = [
  { name: OURS, start: startSluiceSites(WORKERS), sites: SITES, gapMs: 60, share: 1 },
  { name: 'sluice, one process', start: startSluice, sites: SITES, gapMs: 60, share: 1 },
  { name: CADDY, start: startCaddy, sites: SITES, gapMs: 60, share: 1 },
  { name: PM2, start: startPm2, sites: 1, gapMs: 200, share: 0.1 },
];

interface Effects {
  readonly effectsMs: readonly number[];
  readonly doneMs: readonly number[];
  readonly report: AccountingReport;
  readonly others: number;
}

const later = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

const measure = async ({ start, sites, gapMs, share }: Contender, changes: number): Promise<Effects> => {
  const ports = await freePorts(sites);
  const versionOf = (n: number) => ports.map((port) => ({ port, body: `v${n}` }));
  const peer = await start(versionOf(0), SERVER_CPU);
  const order = { address: `127.0.0.1:${ports[0]}`, expectBody: '^v\\d+$', version: '^(v\\d+)$' };
  const clients = await startAccounting([
    { ...order, name: 'kept', mode: 'keep-alive', connections: 32, rate: 1000 },
    { ...order, name: 'fresh', mode: 'fresh', rate: 200 },
  ]);
  try {
    // What the warm-up meets is not this peer's doing.
    await later(1000);
    await clients.take();
    const others = watchOthers();
    const requested = new Map<string, number>();
    const doneMs: number[] = [];
    for (let n = 1; n <= Math.max(5, Math.round(changes * share)); n += 1) {
      const since = monotonicMs();
      requested.set(`v${n}`, since);
      await peer.change(versionOf(n));
      doneMs.push(monotonicMs() - since);
      await later(gapMs * (0.75 + Math.random() / 2));
    }
    await later(500);
    const busy = others();
    const report = sum(Object.values(await clients.stop()));
    const effectsMs = [...requested].flatMap(([body, at]) => {
      const seen = report.firstSeen[body];
      return seen === undefined ? [] : [seen - at];
    });
    return { effectsMs, doneMs, report, others: busy };
  } finally {
    clients.kill();
    await peer.stop();
  }
};

/** A change of every server, made by all processes or none. */
export const workerChange = defineBench({
  name: 'worker-change',
  title: `A change of ${SITES} servers on ${WORKERS} processes, from its request to its first answer, under load`,
  parameters: { changes: 100 },
  run: async ({ changes }) => {
    const results = new Map<string, Effects>();
    const missing: string[] = [];
    for (const contender of CONTENDERS) {
      try {
        results.set(contender.name, await measure(contender, changes));
      } catch (cause) {
        if (!(cause instanceof MissingPeerError)) throw cause;
        missing.push(`${contender.name}: ${cause.message}`);
      }
    }
    const p50 = (name: string): number => median(results.get(name)?.effectsMs ?? []);
    const against = (name: string, most: number): readonly Finding[] => {
      const value = p50(OURS) / p50(name);
      return results.has(name)
        ? [{ target: `p50 ≤ ${most} × ${name}`, measured: ratio(value), met: value <= most }]
        : [];
    };
    const own = results.get(OURS)?.report ?? sum([]);
    const lost = failures(own) + own.refused;
    return {
      tables: [
        {
          columns: ['by', 'servers', 'changes', 'effect p50 ms', 'p95 ms', 'done p50 ms', 'failed', 'refused'],
          rows: CONTENDERS.flatMap(({ name, sites }) => {
            const result = results.get(name);
            if (result === undefined) return [];
            const { effectsMs, doneMs, report } = result;
            return [
              [
                name,
                round(sites),
                round(doneMs.length),
                round(median(effectsMs)),
                round(quantile(effectsMs, 0.95)),
                round(median(doneMs)),
                `${failures(report)} of ${round(report.written)}`,
                round(report.refused),
              ],
            ];
          }),
        },
      ],
      findings: [
        ...against(CADDY, 0.5),
        ...against(PM2, 0.005),
        { target: `${OURS}: 0 requests failed, 0 refused`, measured: round(lost), met: lost === 0 },
      ],
      notes: [
        'Load: 1,000 requests/s on 32 kept connections and 200 new connections/s, of one of the servers.',
        `The workers of this library run anywhere, as do the clients; what is one process, and pm2, is kept on CPU ${SERVER_CPU}. CPU ${CLIENT_CPU} is nobody's own.`,
        `Others used ${round(Math.max(...[...results.values()].map((result) => result.others)))} CPU at the worst.`,
        ...[...results].flatMap(([name, { report }]) =>
          report.examples.slice(0, 1).map((example) => `First failure of ${name}: ${example}.`),
        ),
      ],
      missing,
      data: Object.fromEntries(results),
    };
  },
});
