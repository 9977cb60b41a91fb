import { startAccounting } from '../accounting/accounting-process.ts';
import { type AccountingReport, failures, monotonicMs } from '../accounting/tally.ts';
import { defineBench, type Finding, MissingPeerError } from './harness/bench.ts';
import { CLIENT_CPU, SERVER_CPU } from './harness/child.ts';
import { freePorts, pinnedTo, watchOthers } from './harness/machine.ts';
import { median, quantile, ratio, round } from './harness/statistics.ts';
import { startCaddy } from './peers/caddy.ts';
import { startNginx } from './peers/nginx.ts';
import { startNodeHttp } from './peers/node-http.ts';
import type { StartPeer } from './peers/peer.ts';
import { startPm2 } from './peers/pm2.ts';
import { startSluice } from './peers/sluice.ts';

interface Contender {
  readonly name: string;
  readonly start: StartPeer;
  /** Quiet milliseconds after a change was reported done, in which the old generation may leave. */
  readonly gapMs: number;
  /** Slow ones are asked less often. */
  readonly share: number;
}

const SLUICE = 'sluice';
const CONTENDERS: readonly Contender[] = [
  { name: 'node:http, one slot (floor)', start: startNodeHttp('slot'), gapMs: 60, share: 1 },
  { name: 'node:http, close() + listen()', start: startNodeHttp('close-and-listen'), gapMs: 60, share: 1 },
  { name: SLUICE, start: startSluice, gapMs: 60, share: 1 },
  { name: 'sluice, again (A/A)', start: startSluice, gapMs: 60, share: 1 },
  { name: 'caddy POST /load', start: startCaddy, gapMs: 60, share: 1 },
  { name: 'nginx -s reload', start: startNginx, gapMs: 250, share: 0.5 },
  { name: 'pm2 reload (2 workers)', start: startPm2, gapMs: 200, share: 0.1 },
];

interface Effects {
  /** Milliseconds from the request of each change to its first answer. */
  readonly effectsMs: readonly number[];
  readonly changes: number;
  readonly kept: AccountingReport;
  readonly fresh: AccountingReport;
  readonly others: number;
}

const sleep = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

const measure = async ({ start, gapMs, share }: Contender, changes: number): Promise<Effects> => {
  const [port = 0] = await freePorts(1);
  const peer = await start([{ port, body: 'v0' }], SERVER_CPU);
  try {
    const address = `127.0.0.1:${port}`;
    const order = { address, expectBody: '^v\\d+$', version: '^(v\\d+)$' };
    const clients = await startAccounting(
      [
        { ...order, name: 'kept', mode: 'keep-alive', connections: 32, rate: 2000 },
        { ...order, name: 'fresh', mode: 'fresh', rate: 500 },
      ],
      pinnedTo(CLIENT_CPU),
    );
    // What the warm-up meets is not this peer's doing.
    await sleep(1000);
    await clients.take();
    const others = watchOthers();
    const requested = new Map<string, number>();
    for (let n = 1; n <= Math.max(5, Math.round(changes * share)); n += 1) {
      const body = `v${n}`;
      requested.set(body, monotonicMs());
      await peer.change([{ port, body }]);
      await sleep(gapMs * (0.75 + Math.random() / 2));
    }
    await sleep(500);
    const busy = others();
    const { kept, fresh } = await clients.stop();
    if (kept === undefined || fresh === undefined) throw new Error('a client gave no report');
    const effectsMs = [...requested].flatMap(([body, at]) => {
      const seen = kept.firstSeen[body];
      return seen === undefined ? [] : [seen - at];
    });
    return { effectsMs, changes: requested.size, kept, fresh, others: busy };
  } finally {
    await peer.stop();
  }
};

const lossOf = (report: AccountingReport): string =>
  `${failures(report)} of ${round(report.written)}${report.refused > 0 ? ` (+ ${report.refused} refused)` : ''}`;

/** How soon a changed handler answers under load, and what the change costs: this library and its peers in one run. */
export const swapEffect = defineBench({
  name: 'swap-effect',
  title: 'From the request of a handler change to its first answer, under load',
  parameters: { changes: 100 },
  run: async ({ changes }) => {
    const results = new Map<string, Effects>();
    const missing: string[] = [];
    for (const contender of CONTENDERS) {
      try {
        results.set(contender.name, await measure(contender, changes));
      } catch (cause) {
        if (!(cause instanceof MissingPeerError)) throw cause;
        missing.push(cause.message);
      }
    }
    const own = results.get(SLUICE);
    const ownP50 = median(own?.effectsMs ?? []);
    const p50 = (name: string): number => median(results.get(name)?.effectsMs ?? []);
    const rows = [...results].map(([name, { effectsMs, changes: made, kept, fresh }]) => [
      name,
      String(made),
      round(median(effectsMs)),
      round(quantile(effectsMs, 0.95)),
      `${round(quantile(effectsMs, 0))}–${round(quantile(effectsMs, 1))}`,
      ratio(ownP50 / median(effectsMs)),
      lossOf(kept),
      lossOf(fresh),
    ]);
    const against = (peer: string, limit: number, words: string): Finding => ({
      target: `p50 ≤ ${words} of ${peer}`,
      measured: ratio(ownP50 / p50(peer)),
      met: ownP50 / p50(peer) <= limit,
    });
    const lost = own === undefined ? Number.NaN : failures(own.kept) + failures(own.fresh);
    return {
      tables: [
        {
          columns: [
            ...['peer', 'changes', 'effect p50 ms', 'p95 ms', 'least–most ms', 'sluice / peer'],
            ...['failed, keep-alive', 'failed, new connections'],
          ],
          rows,
        },
      ],
      findings: [
        against('caddy POST /load', 1 / 3, '1/3'),
        against('nginx -s reload', 1 / 50, '1/50'),
        against('pm2 reload (2 workers)', 1 / 300, '1/300'),
        { target: 'requests lost by sluice: 0', measured: String(lost), met: lost === 0 },
      ],
      notes: [
        'Load: 2,000 requests/s on 32 kept connections and 500 new connections/s at the same time; server and client on a CPU each.',
        `Others used ${round(Math.max(...[...results.values()].map((result) => result.others)))} CPU at the worst.`,
        ...[...results].flatMap(([name, { kept, fresh }]) =>
          [...kept.examples, ...fresh.examples].slice(0, 1).map((example) => `First failure of ${name}: ${example}.`),
        ),
      ],
      missing,
      data: Object.fromEntries(results),
    };
  },
});
