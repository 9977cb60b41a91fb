import { generate } from 'selfsigned';
import { startAccounting } from '../accounting/accounting-process.ts';
import { type AccountingReport, failures, sum } from '../accounting/tally.ts';
import { defineBench, type Finding } from './harness/bench.ts';
import { CLIENT_CPU, SERVER_CPU, startChild } from './harness/child.ts';
import { freePorts, pinnedTo } from './harness/machine.ts';
import { median, quantile, round } from './harness/statistics.ts';
import type { Applied, ClusterOrder, ClusterSetting } from './servers/cluster.ts';

/** What is spoken on the port, in turn. */
const LEGS = ['http', 'https', 'http2'] as const;
type Leg = (typeof LEGS)[number];

/** Who speaks it: over HTTP/2 ports HTTP/1.1 is spoken as well. */
const SPEAKERS: Readonly<Record<Leg, readonly string[]>> = {
  http: ['http kept', 'http fresh'],
  https: ['https kept', 'https fresh'],
  http2: ['https kept', 'https fresh', 'h2 kept'],
};

const NAMES = ['http kept', 'http fresh', 'https kept', 'https fresh', 'h2 kept'] as const;

const KEPT_RATE = 400;
const FRESH_RATE = 50;

const sleep = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

/** One port that speaks one protocol after the other, while everybody who speaks it goes on asking. */
export const protocolChange = defineBench({
  name: 'protocol-change',
  title: 'Requests lost while one port changes from http to https to http2 and back under load',
  parameters: { rounds: 20, gap: 300 },
  run: async ({ rounds, gap }) => {
    const [port = 0] = await freePorts(1);
    const address = `127.0.0.1:${port}`;
    const { cert, private: key } = await generate([{ name: 'commonName', value: 'localhost' }], {
      algorithm: 'sha256',
      keyType: 'ec',
    });
    const orderOf = (leg: Leg): ClusterOrder => ({
      one: {
        listen: address,
        body: leg,
        ...(leg === 'http' ? {} : { tls: { cert, key }, http2: leg === 'http2' }),
      },
    });
    const setting: ClusterSetting = { servers: orderOf('http') };
    const server = await startChild('cluster', setting, { cpu: SERVER_CPU });
    const clients = await startAccounting(
      NAMES.map((name) => {
        const [protocol, how] = name.split(' ');
        const order = {
          name,
          address: SPEAKERS.http.includes(name) ? address : '',
          expectBody: '^(http|https|http2)$',
          tls: protocol === 'https',
          http2: protocol === 'h2',
        };
        return how === 'kept'
          ? {
              ...order,
              mode: 'keep-alive' as const,
              connections: 16,
              ...(protocol === 'h2' ? {} : { rate: KEPT_RATE }),
            }
          : { ...order, mode: 'fresh' as const, rate: FRESH_RATE };
      }),
      pinnedTo(CLIENT_CPU),
    );
    const took: number[] = [];
    const refusals: string[] = [];

    /** Nobody new comes while nobody can know what is spoken; who is there goes on asking. */
    const change = async (from: Leg, to: Leg): Promise<void> => {
      for (const name of SPEAKERS[from]) clients.address(name, '');
      await clients.settled(SPEAKERS[from]);
      const applied = (await server.ask('apply', orderOf(to))) as Applied;
      if (applied.status === 'committed') took.push(applied.durationMs);
      else refusals.push(`${from} to ${to} was ${applied.status}: ${applied.reason}`);
      for (const name of SPEAKERS[to]) clients.address(name, address);
    };

    try {
      await sleep(1000);
      for (let round = 0; round < rounds; round += 1) {
        for (const [index, leg] of LEGS.entries()) {
          await change(leg, LEGS[(index + 1) % LEGS.length] ?? 'http');
          await sleep(gap * (0.75 + Math.random() / 2));
        }
      }
      await sleep(500);
      const reports = await clients.stop();
      const all = sum(Object.values(reports));
      const of = (name: string): AccountingReport => reports[name] ?? sum([]);
      const changes = rounds * LEGS.length;
      const findings: readonly Finding[] = [
        {
          target: `requests failed over ${changes} changes of protocol: 0`,
          measured: `${failures(all)} of ${round(all.written)} in ${took.length} commits`,
          met: failures(all) === 0 && took.length === changes,
        },
        {
          target: 'every protocol was spoken in its turn',
          measured: NAMES.map((name) => `${name}: ${of(name).answered}`).join(', '),
          met: NAMES.every((name) => of(name).answered > 0),
        },
      ];
      return {
        tables: [
          {
            caption: 'What clients saw',
            columns: [
              'protocol',
              'client',
              'requests',
              'failed',
              'connections',
              'asked to reconnect',
              'refused',
              'p99 ms',
              'worst ms',
            ],
            rows: NAMES.map((name) => {
              const report = of(name);
              return [
                ...name.split(' '),
                round(report.written),
                String(failures(report)),
                String(report.connected),
                String(report.asked),
                String(report.refused),
                ...[report.latencyMs.p99, report.latencyMs.max].map(round),
              ];
            }),
          },
        ],
        findings,
        notes: [
          `A change took ${round(median(took))} ms at the median and ${round(quantile(took, 1))} ms at most.`,
          `Load: ${KEPT_RATE} requests/s on 16 kept connections and ${FRESH_RATE} new connections/s for each protocol in force; 16 HTTP/2 sessions with four requests under way on each.`,
          'Kept connections are in use while the protocol changes. New ones are made up to the change and from it on: a client that connects in the very moment cannot know what is spoken. Refused are HTTP/2 requests that the server has not looked at and said so, which every client may repeat.',
          ...refusals.slice(0, 3),
          ...all.examples.slice(0, 5),
        ],
        missing: [],
        data: { reports, took },
      };
    } finally {
      clients.kill();
      await server.end();
    }
  },
});
