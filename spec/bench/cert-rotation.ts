import { X509Certificate } from 'node:crypto';
import { mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { generate } from 'selfsigned';
import { startAccounting } from '../accounting/accounting-process.ts';
import { failures, summarize } from '../accounting/tally.ts';
import { defineBench, type Finding } from './harness/bench.ts';
import { CLIENT_CPU, SERVER_CPU, startChild } from './harness/child.ts';
import { freePorts, pinnedTo } from './harness/machine.ts';
import { median, quantile, round } from './harness/statistics.ts';
import type { Applied, ClusterSetting, Seen } from './servers/cluster.ts';

const KEPT = 40;
const KEPT_RATE = 400;
const FRESH_RATE = 60;

const sleep = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

interface Pair {
  readonly cert: string;
  readonly key: string;
}

const makePair = async (): Promise<Pair> => {
  const { cert, private: key } = await generate([{ name: 'commonName', value: 'localhost' }], {
    algorithm: 'sha256',
    keyType: 'ec',
  });
  return { cert, key };
};

/** Writes beside its place and renames, as careful tools do. */
const replace = (path: string, text: string): void => {
  writeFileSync(`${path}.new`, text);
  renameSync(`${path}.new`, path);
};

/** Whether anybody notices that certificates are exchanged, by a config or in their files. */
export const certRotation = defineBench({
  name: 'cert-rotation',
  title: 'Requests and connections lost over certificate rotations under constant load',
  parameters: { rotations: 100, gap: 200 },
  run: async ({ rotations, gap }) => {
    const [pushed = 0, followed = 0] = await freePorts(2);
    const directory = mkdtempSync(join(tmpdir(), 'sluice-rotation-'));
    const files = { cert: join(directory, 'tls.crt'), key: join(directory, 'tls.key') };
    // Made before: a key takes time of the same CPUs.
    const pairs = await Promise.all(Array.from({ length: rotations + 1 }, makePair));
    const pairAt = (n: number): Pair => pairs[n] ?? { cert: '', key: '' };
    const orderOf = (n: number) => ({
      pushed: { listen: `127.0.0.1:${pushed}`, body: 'pushed', tls: pairAt(n) },
      followed: { listen: `127.0.0.1:${followed}`, body: 'followed', tls: files },
    });
    writeFileSync(files.cert, pairAt(0).cert);
    writeFileSync(files.key, pairAt(0).key);
    const setting: ClusterSetting = { servers: orderOf(0) };
    const server = await startChild('cluster', setting, { cpu: SERVER_CPU });
    const targets = [
      ['pushed', pushed],
      ['followed', followed],
    ] as const;
    const clients = await startAccounting(
      targets.flatMap(([name, port]) => {
        const order = { address: `127.0.0.1:${port}`, expectBody: `^${name}$`, tls: true };
        return [
          { ...order, name: `${name} kept`, mode: 'keep-alive' as const, connections: KEPT / 2, rate: KEPT_RATE / 2 },
          { ...order, name: `${name} fresh`, mode: 'fresh' as const, rate: FRESH_RATE / 2 },
        ];
      }),
      pinnedTo(CLIENT_CPU),
    );
    try {
      await server.ask('certificates');
      await sleep(1000);
      const before = await clients.take();
      const took: number[] = [];
      const refusals: string[] = [];
      for (let n = 1; n <= rotations; n += 1) {
        // One of them by a config, the other by its files, certificate before key.
        replace(files.cert, pairAt(n).cert);
        replace(files.key, pairAt(n).key);
        const applied = (await server.ask('apply', orderOf(n))) as Applied;
        if (applied.status === 'committed') took.push(applied.durationMs);
        else refusals.push(`rotation ${n} was ${applied.status}: ${applied.reason}`);
        await sleep(gap * (0.75 + Math.random() / 2));
      }
      await sleep(500);
      const seen = (await server.ask('certificates')) as Seen;
      const last = new X509Certificate(pairAt(rotations).cert).fingerprint256;
      const reports = await clients.stop();
      const all = Object.values(reports);
      const failed = all.reduce((sum, report) => sum + failures(report), 0);
      const written = all.reduce((sum, report) => sum + report.written, 0);
      const refused = all.reduce((sum, report) => sum + report.refused, 0);
      const kept = targets.map(([name]) => reports[`${name} kept`]);
      const closed = kept.reduce((sum, report) => sum + (report?.asked ?? 0) + (report?.closedIdle ?? 0), 0);
      const fresh = targets.reduce((sum, [name]) => sum + (reports[`${name} fresh`]?.connected ?? 0), 0);
      const findings: readonly Finding[] = [
        {
          target: `requests failed over ${rotations} rotations: 0`,
          measured: `${failed} of ${round(written)}, and ${refused} of ${round(fresh)} handshakes; ${took.length} commits`,
          met: failed === 0 && refused === 0 && took.length === rotations,
        },
        {
          target: 'every certificate was in use, and the last one still is',
          measured: targets.map(([name]) => `${name}: ${seen[name]?.length}`).join(', '),
          met: targets.every(([name]) => seen[name]?.length === rotations + 1 && seen[name].at(-1) === last),
        },
        { target: 'no connection closed by a rotation', measured: `${closed} of ${KEPT}`, met: closed === 0 },
      ];
      return {
        tables: [
          {
            caption: 'What clients saw',
            columns: [
              'server',
              'client',
              'requests',
              'failed',
              'connections',
              'refused',
              'closed',
              'p50 ms',
              'p99 ms',
              'worst ms',
            ],
            rows: Object.entries(reports).map(([name, report]) => [
              ...name.split(' '),
              round(report.written),
              String(failures(report)),
              String((before[name]?.connected ?? 0) + report.connected),
              String(report.refused),
              String(name.endsWith('kept') ? report.asked + report.closedIdle : 0),
              ...[report.latencyMs.p50, report.latencyMs.p99, report.latencyMs.max].map(round),
            ]),
          },
        ],
        findings,
        notes: [
          `A commit with a new certificate took ${round(median(took))} ms at the median and ${round(quantile(took, 1))} ms at most, the check of the material included.`,
          `Calm before: ${Object.values(before).map(summarize).join('; ')}.`,
          `Load: ${KEPT_RATE} requests/s on ${KEPT} kept connections and ${FRESH_RATE} new connections/s, each with a whole handshake.`,
          'Server "pushed" gets every certificate in a config, server "followed" finds it in its files, which are exchanged one after the other.',
          ...refusals.slice(0, 3),
          ...all.flatMap(({ examples }) => examples).slice(0, 5),
        ],
        missing: [],
        data: { reports, before, took },
      };
    } finally {
      clients.kill();
      await server.end();
      rmSync(directory, { recursive: true, force: true });
    }
  },
});
