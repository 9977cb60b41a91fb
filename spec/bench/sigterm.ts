import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { type Reports, startAccounting } from '../accounting/accounting-process.ts';
import { type AccountingReport, failures, sum } from '../accounting/tally.ts';
import { defineBench, type Finding } from './harness/bench.ts';
import { type Child, CLIENT_CPU, SERVER_CPU, startChild } from './harness/child.ts';
import { freePorts, pinnedTo } from './harness/machine.ts';
import { round, spread } from './harness/statistics.ts';
import type { ClusterSetting } from './servers/cluster.ts';
import type { PlainSetting } from './servers/plain.ts';

const DRAIN_MS = 3000;
const SHORT_DRAIN_MS = 1000;
/** What the exit may take beyond the drain. */
const RESERVE_MS = 500;
/** After this a process counts as one that does not exit. */
const GIVE_UP_MS = 8000;
const EACH = 5;

/** Clients that make a graceful end hard: what each of them sends, and whether it reads. */
const DIFFICULT: Readonly<Record<string, { readonly sends: string; readonly reads: boolean }>> = {
  'silent connections': { sends: '', reads: true },
  'half a head': { sends: 'GET / HTTP/1.1\r\nHost: localhost\r\nX-Half', reads: true },
  'half a body': { sends: 'POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 10\r\n\r\nhalf', reads: true },
  'a handler that outlasts the drain': { sends: 'GET /after/60000 HTTP/1.1\r\nHost: localhost\r\n\r\n', reads: true },
  'readers that stopped reading': { sends: 'GET /bytes/30000000 HTTP/1.1\r\nHost: localhost\r\n\r\n', reads: false },
};

const attach = async (port: number, names: readonly string[]): Promise<readonly Socket[]> => {
  const sockets: Socket[] = [];
  for (const name of names) {
    const client = DIFFICULT[name];
    for (let n = 0; client !== undefined && n < EACH; n += 1) {
      const socket = connect(port, '127.0.0.1');
      // Being cut is what these are for.
      socket.on('error', () => undefined);
      await once(socket, 'connect');
      socket.write(client.sends);
      if (client.reads) socket.resume();
      else socket.pause();
      sockets.push(socket);
    }
  }
  return sockets;
};

interface Ending {
  readonly report: AccountingReport;
  readonly reports: Reports;
  /** Milliseconds from SIGTERM to the end of the process; infinite when it had to be killed. */
  readonly exitMs: number;
  readonly code: number | null;
  readonly cut: number | undefined;
}

const sleep = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

const end = async (server: Child, port: number, clients: readonly string[]): Promise<Ending> => {
  const address = `127.0.0.1:${port}`;
  const load = await startAccounting(
    [
      { name: 'kept', mode: 'keep-alive', connections: 32, rate: 2000, address },
      { name: 'fresh', mode: 'fresh', rate: 500, address },
      // Always in flight, and shorter than the drain: each of them has a right to its answer.
      { name: 'slow', mode: 'keep-alive', connections: 8, path: '/after/200', address },
    ],
    pinnedTo(CLIENT_CPU),
  );
  const sockets = await attach(port, clients);
  await sleep(700);
  const since = performance.now();
  server.kill('SIGTERM');
  const exit = await Promise.race([server.exited, sleep(GIVE_UP_MS).then(() => undefined)]);
  const exitMs = exit === undefined ? Number.POSITIVE_INFINITY : performance.now() - since;
  // Stopped before a kill, so that only what the server did on its own account is counted.
  const reports = await load.stop();
  if (exit === undefined) await server.end();
  for (const socket of sockets) socket.destroy();
  const said = server.said() as { readonly cut: number } | undefined;
  return { report: sum(Object.values(reports)), reports, exitMs, code: exit?.code ?? null, cut: said?.cut };
};

interface Scenario {
  readonly name: string;
  readonly server: 'sluice' | 'plain';
  readonly clients: readonly string[];
  readonly drainMs: number;
}

const own = (name: string, clients: readonly string[], drainMs = DRAIN_MS): Scenario => ({
  name: `sluice, ${name}`,
  server: 'sluice',
  clients,
  drainMs,
});

const plain = (name: string, clients: readonly string[]): Scenario => ({
  name: `server.close(), ${name}`,
  server: 'plain',
  clients,
  drainMs: Number.POSITIVE_INFINITY,
});

const SCENARIOS: readonly Scenario[] = [
  own('load only', []),
  own('load only, again (A/A)', []),
  own(`load only, drain of ${SHORT_DRAIN_MS} ms`, [], SHORT_DRAIN_MS),
  ...Object.keys(DIFFICULT).map((name) => own(name, [name])),
  own('all of these', Object.keys(DIFFICULT)),
  own(`all of these, drain of ${SHORT_DRAIN_MS} ms`, Object.keys(DIFFICULT), SHORT_DRAIN_MS),
  plain('load only', []),
  plain('silent connections', ['silent connections']),
];

const start = async ({ server, drainMs }: Scenario, port: number): Promise<Child> => {
  if (server === 'plain') {
    const plain: PlainSetting = { how: 'slot', port, body: 'ok' };
    return startChild('plain', plain, { cpu: SERVER_CPU });
  }
  const cluster: ClusterSetting = {
    servers: { site: { listen: `127.0.0.1:${port}`, body: 'ok', drainTimeoutMs: drainMs } },
  };
  return startChild('cluster', cluster, { cpu: SERVER_CPU });
};

/** What SIGTERM under load costs, and whether difficult clients can keep a process from ending. */
export const sigterm = defineBench({
  name: 'sigterm',
  title: 'SIGTERM under load, with clients that make ending hard',
  parameters: { terminations: 3 },
  run: async ({ terminations }) => {
    const endings = new Map<Scenario, Ending[]>(SCENARIOS.map((scenario) => [scenario, []]));
    for (let n = 0; n < terminations; n += 1) {
      for (const [scenario, results] of endings) {
        const [port = 0] = await freePorts(1);
        results.push(await end(await start(scenario, port), port, scenario.clients));
      }
    }
    const ours = [...endings].flatMap(([{ server, drainMs }, results]) =>
      server === 'sluice' ? results.map((result) => ({ ...result, overMs: result.exitMs - drainMs })) : [],
    );
    const lost = ours.reduce((total, { report }) => total + failures(report), 0);
    const written = ours.reduce((total, { report }) => total + report.written, 0);
    const latest = Math.max(...ours.map(({ overMs }) => overMs));
    const findings: readonly Finding[] = [
      { target: 'requests lost at SIGTERM: 0', measured: `${lost} of ${round(written)}`, met: lost === 0 },
      {
        target: `exit within the drain + ${RESERVE_MS} ms, always`,
        measured: `drain ${latest < 0 ? '−' : '+'} ${round(Math.abs(latest))} ms at the latest, in ${ours.length} terminations`,
        met: latest <= RESERVE_MS,
      },
      {
        target: 'exit code 0',
        measured: [...new Set(ours.map(({ code }) => String(code)))].join(', '),
        met: ours.every(({ code }) => code === 0),
      },
    ];
    return {
      tables: [
        {
          columns: ['server and clients', 'failed', 'written', 'exit after ms', 'connections cut'],
          rows: [...endings].map(([{ name }, results]) => {
            const report = sum(results.map((result) => result.report));
            const exits = results.map(({ exitMs }) => exitMs);
            return [
              name,
              String(failures(report)),
              round(report.written),
              exits.every(Number.isFinite) ? spread(exits) : `not within ${GIVE_UP_MS}`,
              [...new Set(results.map(({ cut }) => (cut === undefined ? '–' : String(cut))))].join(', '),
            ];
          }),
        },
      ],
      findings,
      notes: [
        `Drain: ${DRAIN_MS} ms unless it says otherwise. Load: 2,000 requests/s on 32 kept connections, 500 new connections/s and 8 connections with a request of 200 ms always in flight; ${EACH} difficult clients of a kind; ${terminations} terminations each, medians (least–most).`,
        'Requests of difficult clients are not counted: they never finish asking, never read, or ask for more time than the drain has.',
        ...ours.flatMap(({ report }) => report.examples).slice(0, 3),
      ],
      missing: [],
      data: [...endings].map(([scenario, results]) => ({ ...scenario, results })),
    };
  },
});
