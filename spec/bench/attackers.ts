import { startAccounting } from '../accounting/accounting-process.ts';
import { type AccountingReport, failures, sum } from '../accounting/tally.ts';
import { ATTACKS, type AttackKind, type AttackOrder, type AttackReport } from '../attack/attackers.ts';
import { defineBench, type Finding } from './harness/bench.ts';
import { CLIENT_CPU, SERVER_CPU, startChild } from './harness/child.ts';
import { freePorts, pinnedTo } from './harness/machine.ts';
import { median, round, shuffled } from './harness/statistics.ts';
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

type Crowd = readonly [name: string, kinds: readonly AttackKind[]];

const CROWDS: readonly Crowd[] = [['all kinds', ATTACKS], ...ATTACKS.map((kind): Crowd => [kind, [kind]])];

interface Siege {
  readonly name: string;
  /** The calm before, twice: how far two measurements of the same lie apart. */
  readonly earlier: AccountingReport;
  readonly before: AccountingReport;
  readonly during: AccountingReport;
  readonly connected: number;
  /** From the last arrival until none of them is left. */
  readonly goneMs: number;
  readonly limitMs: number;
  readonly grownMiB: number;
}

const sleep = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

/** Well-behaved clients beside hundreds who hold their connections as long as they can. */
export const attackers = defineBench({
  name: 'attackers',
  title: 'Good clients beside slow headers, slow bodies, slow readers and silence',
  parameters: { attackers: 500, calm: 4000, rounds: 3 },
  run: async ({ attackers: count, calm, rounds }) => {
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
    /** One crowd comes, is sent away, and is gone. */
    const siege = async ([name, kinds]: Crowd): Promise<Siege> => {
      const calmly = async (): Promise<AccountingReport> => {
        await take();
        await sleep(calm);
        return take();
      };
      const earlier = await calmly();
      const before = await calmly();
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
      const limitMs = Math.max(...kinds.map((kind) => LIMIT_OF[kind]));
      let peak = quiet.rss;
      let goneMs = Number.POSITIVE_INFINITY;
      while (performance.now() - since < begunMs + limitMs + 3_000) {
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
      await crowd.ask('stop');
      const connected = reports.reduce((n, report) => n + report.connected, 0);
      return { name, earlier, before, during, connected, goneMs, limitMs, grownMiB: (peak - quiet.rss) / 2 ** 20 };
    };
    try {
      await sleep(1000);
      const sieges: Siege[] = [];
      for (let n = 0; n < rounds; n += 1) for (const each of shuffled(CROWDS)) sieges.push(await siege(each));
      const verdicts = CROWDS.map(([name]) => {
        const own = sieges.filter((each) => each.name === name);
        const middle = (pick: (each: Siege) => number): number => median(own.map(pick));
        const [{ limitMs = 0 } = {}] = own;
        return {
          name,
          limitMs,
          connected: middle(({ connected }) => connected),
          goneMs: Math.max(...own.map(({ goneMs }) => goneMs)),
          calmMs: middle(({ before }) => before.latencyMs.p99),
          duringMs: middle(({ during }) => during.latencyMs.p99),
          ratio: middle(({ before, during }) => during.latencyMs.p99 / before.latencyMs.p99),
          again: middle(({ earlier, before }) => before.latencyMs.p99 / earlier.latencyMs.p99),
          failed: own.reduce((n, { during }) => n + failures(during), 0),
          written: own.reduce((n, { during }) => n + during.written, 0),
          grownMiB: Math.max(...own.map(({ grownMiB }) => grownMiB)),
        };
      });
      return {
        tables: [
          {
            caption: `${count} attackers, who arrive within ${ARRIVE_MS / 1_000} s; ${rounds} shuffled rounds`,
            columns: [
              'attack',
              'connected',
              'gone after ms',
              'good p99 ms',
              'ratio',
              'calm (A/A)',
              'good failed',
              'RSS + MiB',
            ],
            rows: verdicts.map((one) => [
              one.name,
              String(one.connected),
              `${round(one.goneMs)} (limit ${one.limitMs})`,
              `${round(one.calmMs)} → ${round(one.duringMs)}`,
              one.ratio.toFixed(2),
              one.again.toFixed(2),
              `${one.failed} of ${round(one.written)}`,
              round(one.grownMiB),
            ]),
          },
        ],
        findings: verdicts.map(
          ({ name, goneMs, limitMs, ratio, failed, grownMiB, connected }): Finding => ({
            target: `${name}: gone by the limit + 1 s, good p99 < 2 ×, none failed, < 1 MiB each`,
            measured: `gone after ${round(goneMs)} ms, ${ratio.toFixed(2)} ×, ${failed} failed, ${(grownMiB / connected).toFixed(2)} MiB each`,
            met: goneMs <= limitMs + 1_000 && ratio < 2 && failed === 0 && grownMiB < connected,
          }),
        ),
        notes: [
          'Good clients: 1,000 requests/s on 16 kept connections and 100 new connections/s. Latencies and ratios are medians of the rounds, times and memory the worst of them.',
          `At most ${MOST_READERS} slow readers: on one machine the kernel holds some 4 MiB of an answer for each, and gives TCP only so much.`,
        ],
        missing: [],
        data: sieges,
      };
    } finally {
      clients.kill();
      await crowd.end();
      await server.end();
    }
  },
});
