import { readFileSync } from 'node:fs';
import { generate } from 'selfsigned';
import { startAccounting } from '../accounting/accounting-process.ts';
import { createHttp2AccountingClient } from '../accounting/http2-client.ts';
import { type AccountingReport, failures } from '../accounting/tally.ts';
import { FLOODS, type Flooded } from '../attack/http2-attackers.ts';
import { defineBench, type Finding } from './harness/bench.ts';
import { CLIENT_CPU, SERVER_CPU, startChild } from './harness/child.ts';
import { freePorts, pinnedTo } from './harness/machine.ts';
import { round } from './harness/statistics.ts';
import type { ClusterSetting, Sight } from './servers/cluster.ts';
import type { FloodOrder } from './servers/http2-attackers.ts';

/** Far more than any of them gets rid of. */
const MOST_BYTES = 200_000_000;

const LOOK_MS = 100;

/** Share of a processor beyond that of its good clients at which a process counts as calm again. */
const CALM_SHARE = 0.15;

/** A tick of the counters in `/proc`, the same on every Linux. */
const TICK_MS = 10;

const sleep = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

/** Milliseconds of processor time a process has had. */
const cpuMs = (pid: number): number => {
  const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1]?.split(' ') ?? [];
  return (Number(fields[11]) + Number(fields[12])) * TICK_MS;
};

/** The share of a processor it takes for a moment. */
const shareOf = async (pid: number, ms: number): Promise<number> => {
  const [before, since] = [cpuMs(pid), performance.now()];
  await sleep(ms);
  return (cpuMs(pid) - before) / (performance.now() - since);
};

/** Well-behaved clients beside floods of frames that lead to nothing. */
export const http2Floods = defineBench({
  name: 'http2-floods',
  title: 'Good clients beside floods of HTTP/2 frames',
  parameters: { attackers: 10, calm: 4000 },
  run: async ({ attackers, calm }) => {
    const [plain = 0, secure = 0] = await freePorts(2);
    const { cert, private: key } = await generate([{ name: 'commonName', value: 'localhost' }]);
    const setting: ClusterSetting = {
      servers: {
        plain: { listen: `127.0.0.1:${plain}`, body: 'plain' },
        secure: { listen: `127.0.0.1:${secure}`, body: 'secure', tls: { cert, key }, http2: true },
      },
    };
    const server = await startChild('cluster', setting, { cpu: SERVER_CPU });
    const crowd = await startChild('http2-attackers', {}, { cpu: CLIENT_CPU });
    // Its latency is what the event loop of the server allows; another protocol adds nothing of its own.
    const clients = await startAccounting(
      [{ name: 'kept', address: `127.0.0.1:${plain}`, mode: 'keep-alive', connections: 16, rate: 500 }],
      pinnedTo(CLIENT_CPU),
    );
    const neighbour = createHttp2AccountingClient({
      address: () => `127.0.0.1:${secure}`,
      tls: { rejectUnauthorized: false, servername: 'localhost' },
      sessions: 1,
      streams: 1,
      path: '/after/5',
    });
    const take = async (): Promise<AccountingReport> => {
      const { kept } = await clients.take();
      if (kept === undefined) throw new Error('there is one client');
      return kept;
    };
    neighbour.start();
    try {
      await sleep(1000);
      const rows: string[][] = [];
      const findings: Finding[] = [];
      const data: unknown[] = [];
      for (const kind of FLOODS) {
        await take();
        const share = await shareOf(server.pid, calm);
        const before = await take();
        neighbour.take();
        const since = performance.now();
        const order: FloodOrder = { kind, port: secure, count: attackers, mostBytes: MOST_BYTES };
        const flooded = (await crowd.ask('flood', order)) as readonly Flooded[];
        const endedMs = performance.now() - since;
        while ((await shareOf(server.pid, LOOK_MS)) > share + CALM_SHARE && performance.now() - since < 20_000);
        const calmMs = performance.now() - since;
        // A window as long as the quiet one: a flood that is over in a moment is seen in it as its neighbours saw it.
        await sleep(Math.max(0, calm - calmMs));
        const during = await take();
        const beside = neighbour.take();
        const { connections } = (await server.ask('look')) as Sight;
        const cut = flooded.filter(({ bytes }) => bytes < MOST_BYTES).length;
        const ratio = during.latencyMs.p99 / before.latencyMs.p99;
        const failed = failures(during) + failures(beside);
        rows.push([
          kind,
          `${cut} of ${attackers}`,
          round(Math.max(...flooded.map(({ bytes }) => bytes)) / 1_000),
          round(endedMs),
          round(calmMs),
          `${round(before.latencyMs.p99)} → ${round(during.latencyMs.p99)}`,
          ratio.toFixed(2),
          `${failed} of ${during.written + beside.written}`,
        ]);
        findings.push({
          target: `${kind}: every session ended, processor back < 5 s, good p99 < 2 ×, none failed`,
          measured: `${cut} of ${attackers} ended, back after ${round(calmMs)} ms, ${ratio.toFixed(2)} ×, ${failed} failed`,
          met: cut === attackers && calmMs < 5_000 && ratio < 2 && failed === 0,
        });
        data.push({ kind, before, during, beside, flooded, endedMs, calmMs, share, connections });
      }
      return {
        tables: [
          {
            caption: `${attackers} attackers at once, each on a session of its own`,
            columns: [
              'flood',
              'ended',
              'most kB',
              'ended after ms',
              'calm after ms',
              'good p99 ms',
              'ratio',
              'good failed',
            ],
            rows,
          },
        ],
        findings,
        notes: [
          'Good clients: 500 HTTP/1 requests/s on 16 connections, and one HTTP/2 session on the attacked port.',
          'Attackers send as fast as they can until they are cut off, and do not come back.',
        ],
        missing: [],
        data,
      };
    } finally {
      await neighbour.stop();
      clients.kill();
      await crowd.end();
      await server.end();
    }
  },
});
