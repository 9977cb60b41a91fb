import { startAccounting } from '../accounting/accounting-process.ts';
import { type AccountingReport, failures, sum } from '../accounting/tally.ts';
import { ATTACKS, type AttackKind, type AttackOrder, type AttackReport } from '../attack/attackers.ts';
import { defineBench, type Finding } from './harness/bench.ts';
import { CLIENT_CPU, SERVER_CPU, startChild } from './harness/child.ts';
import { freePorts, pinnedTo } from './harness/machine.ts';
import { round } from './harness/statistics.ts';
import type { ClusterSetting, Sight } from './servers/cluster.ts';

const LIMITS = { headersTimeoutMs: 2_000, requestTimeoutMs: 3_000, writeTimeoutMs: 3_000 };

const LIMIT_OF: Readonly<Record<AttackKind, number>> = {
  silent: LIMITS.headersTimeoutMs,
  'slow-headers': LIMITS.headersTimeoutMs,
  'slow-body': LIMITS.requestTimeoutMs,
  'slow-reader': LIMITS.writeTimeoutMs,
};

/** What sockets of one machine hold between them is less than this. */
const LARGE = '/stream/67108864';

/**
 * Between two sockets of one machine the kernel keeps up to 4 MiB of an answer that nobody reads. So many that all of it
 * stays below what the kernel gives to TCP: beyond that everybody waits, whatever the server does.
 */
const MOST_READERS = 150;

const CONNECTIONS = 16;
const LOOK_MS = 100;
const ARRIVE_MS = 2_500;

const sleep = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

/** Well-behaved clients beside hundreds who hold their connections as long as they can. */
export const attackers = defineBench({
  name: 'attackers',
  title: 'Good clients beside slow headers, slow bodies, slow readers and silence',
  parameters: { attackers: 500, calm: 4000 },
  run: async ({ attackers: count, calm }) => {
    const [port] = await freePorts(1);
    const address = `127.0.0.1:${port}`;
    const setting: ClusterSetting = { servers: { site: { listen: address, body: 'site', ...LIMITS } } };
    const server = await startChild('cluster', setting, { cpu: SERVER_CPU });
    const crowd = await startChild('attackers', {}, { cpu: CLIENT_CPU });
    const order = { address, expectBody: '^site$' };
    const clients = await startAccounting(
      [
        { ...order, name: 'kept', mode: 'keep-alive', connections: CONNECTIONS, rate: 1000 },
        { ...order, name: 'fresh', mode: 'fresh', rate: 100 },
      ],
      pinnedTo(CLIENT_CPU),
    );
    const take = async (): Promise<AccountingReport> => sum(Object.values(await clients.take()));
    const look = async (): Promise<Sight> => (await server.ask('look')) as Sight;
    try {
      await sleep(1000);
      const rows: string[][] = [];
      const findings: Finding[] = [];
      const data: unknown[] = [];
      const crowds: readonly (readonly [name: string, kinds: readonly AttackKind[]])[] = [
        ['all kinds', ATTACKS],
        ...ATTACKS.map((kind) => [kind, [kind]] as const),
      ];
      for (const [name, kinds] of crowds) {
        await take();
        await sleep(calm);
        const before = await take();
        const quiet = await look();

        const since = performance.now();
        const attacks = kinds.map((kind): AttackOrder => {
          const share = Math.ceil(count / kinds.length);
          const order = { kind, address, intervalMs: 500, arriveMs: ARRIVE_MS };
          return kind === 'slow-reader'
            ? { ...order, path: LARGE, count: Math.min(share, MOST_READERS) }
            : { ...order, path: '/', count: share };
        });
        await crowd.ask('begin', attacks);
        const begunMs = performance.now() - since;
        let peak = quiet.rss;
        let goneMs = Number.POSITIVE_INFINITY;
        const limit = Math.max(...kinds.map((kind) => LIMIT_OF[kind]));
        while (performance.now() - since < begunMs + limit + 3_000) {
          await sleep(LOOK_MS);
          const sight = await look();
          peak = Math.max(peak, sight.rss);
          // A fresh client may be there at any moment.
          const left = sight.connections - CONNECTIONS;
          if (left > 5) goneMs = Number.POSITIVE_INFINITY;
          else if (goneMs === Number.POSITIVE_INFINITY) goneMs = performance.now() - since - begunMs;
        }
        const during = await take();
        const reports = (await crowd.ask('report')) as readonly AttackReport[];
        const connected = reports.reduce((n, report) => n + report.connected, 0);
        await crowd.ask('stop');

        const ratio = during.latencyMs.p99 / before.latencyMs.p99;
        const grown = (peak - quiet.rss) / 2 ** 20;
        rows.push([
          name,
          String(connected),
          `${round(goneMs)} (limit ${limit})`,
          `${round(before.latencyMs.p99)} → ${round(during.latencyMs.p99)}`,
          ratio.toFixed(2),
          `${failures(during)} of ${round(during.written)}`,
          round(grown),
        ]);
        findings.push({
          target: `${name}: gone by the limit + 1 s, good p99 < 2 ×, none failed, < 1 MiB each`,
          measured: `gone after ${round(goneMs)} ms, ${ratio.toFixed(2)} ×, ${failures(during)} failed, ${(grown / connected).toFixed(2)} MiB each`,
          met: goneMs <= limit + 1_000 && ratio < 2 && failures(during) === 0 && grown < connected,
        });
        data.push({ name, before, during, goneMs, quiet, peak, reports });
      }
      return {
        tables: [
          {
            caption: `${count} attackers, who arrive within ${ARRIVE_MS / 1_000} s`,
            columns: ['attack', 'connected', 'gone after ms', 'good p99 ms', 'ratio', 'good failed', 'RSS + MiB'],
            rows,
          },
        ],
        findings,
        notes: [
          'Good clients: 1,000 requests/s on 16 kept connections and 100 new connections/s.',
          `At most ${MOST_READERS} slow readers: on one machine the kernel holds some 4 MiB of an answer for each, and gives TCP only so much.`,
        ],
        missing: [],
        data,
      };
    } finally {
      clients.kill();
      await crowd.end();
      await server.end();
    }
  },
});
