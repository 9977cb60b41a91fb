import { execFileSync } from 'node:child_process';
import { once } from 'node:events';
import { createServer } from 'node:net';
import { startAccounting } from '../accounting/accounting-process.ts';
import { failures, sum } from '../accounting/tally.ts';
import { defineBench, type Finding } from './harness/bench.ts';
import { CLIENT_CPU, SERVER_CPU, startChild } from './harness/child.ts';
import { freePorts, need, pinnedTo } from './harness/machine.ts';
import { median, round } from './harness/statistics.ts';
import { bodyAt } from './peers/peer.ts';
import type { Applied, ClusterOrder, ClusterSetting } from './servers/cluster.ts';

const SERVERS = 5;

/** How the k-th server of a commit cannot be prepared: where it should listen. */
const FAILURES: Readonly<Record<string, { readonly listen: (busy: number) => string; readonly overlap?: boolean }>> = {
  'its port is taken': { listen: (busy) => `127.0.0.1:${busy}` },
  'its socket’s folder is missing': { listen: () => 'unix:/nonexistent/folder/x.sock' },
  // TEST-NET-1, never an address of this machine: nothing can be bound there.
  'its address is another machine’s': { listen: () => '192.0.2.1:8080' },
  'its port is taken and others must release theirs first': {
    listen: (busy) => `127.0.0.1:${busy}`,
    overlap: true,
  },
};

interface Row {
  readonly what: string;
  readonly status: string;
  /** Ports, answers or both differ from before. */
  readonly differs: string;
  readonly ms: number;
}

/** The listening TCP addresses of one process, as the kernel tells them. */
const listening = (ss: string, pid: number): string =>
  execFileSync(ss, ['-Hltnp'], { encoding: 'utf8' })
    .split('\n')
    .filter((line) => line.includes(`pid=${pid},`))
    .map((line) => line.trim().split(/\s+/)[3] ?? '')
    .sort()
    .join('\n');

/** What becomes of configurations that cannot be committed, and of what ran meanwhile. */
export const refused = defineBench({
  name: 'refused',
  title: 'Configurations that are refused or undone',
  parameters: {},
  run: async () => {
    const ss = need('ss', 'apt-get install iproute2');
    const ports = await freePorts(2 * SERVERS);
    const ids = Array.from({ length: SERVERS }, (_, n) => `server${n}`);
    const good: ClusterOrder = Object.fromEntries(
      ids.map((id, n) => [id, { listen: `127.0.0.1:${ports[n]}`, body: `${id}-old` }]),
    );
    // Every handler would change too, so that a part of a commit that went ahead would show in the answers.
    const changed: ClusterOrder = Object.fromEntries(
      Object.entries(good).map(([id, order]) => [id, { ...order, body: `${id}-new` }]),
    );

    const occupant = createServer();
    occupant.listen(0, '127.0.0.1');
    await once(occupant, 'listening');
    const taken = occupant.address();
    const busy = typeof taken === 'object' && taken !== null ? taken.port : 0;

    const server = await startChild('cluster', { servers: good } satisfies ClusterSetting, { cpu: SERVER_CPU });
    const clients = await startAccounting(
      ids.map((name, n) => ({
        name,
        mode: 'keep-alive' as const,
        connections: 4,
        rate: 200,
        address: `127.0.0.1:${ports[n]}`,
        expectBody: `^${name}-old$`,
      })),
      pinnedTo(CLIENT_CPU),
    );
    try {
      const observe = async (): Promise<{ readonly ports: string; readonly bodies: string }> => {
        const bodies: (string | undefined)[] = [];
        for (const port of ports.slice(0, SERVERS)) bodies.push(await bodyAt(port));
        return { ports: listening(ss, server.pid), bodies: bodies.join('\n') };
      };
      const before = await observe();
      const attempt = async (what: string, ask: () => Promise<unknown>): Promise<Row> => {
        const since = performance.now();
        const { status } = (await ask()) as Applied;
        const ms = performance.now() - since;
        const after = await observe();
        const differs = [
          ...(after.ports === before.ports ? [] : ['ports']),
          ...(after.bodies === before.bodies ? [] : ['answers']),
        ];
        // Whatever was accepted by mistake must not spoil the rows that follow.
        if (differs.length > 0) await server.ask('apply', good);
        return { what, status, differs: differs.join(' and ') || 'nothing', ms };
      };

      const names = (await server.ask('badNames')) as readonly string[];
      const bad: Row[] = [];
      for (const name of names) {
        bad.push(await attempt(name, () => server.ask('applyBad', { name, good: changed })));
      }

      const undone: Row[] = [];
      for (const [cause, { listen, overlap = false }] of Object.entries(FAILURES)) {
        if (overlap) continue;
        for (let step = 0; step < SERVERS; step += 1) {
          undone.push(
            await attempt(`server ${step + 1} of 5: ${cause}`, () => server.ask('apply', failing(step, listen))),
          );
        }
      }
      const reports = await clients.stop();
      // Releasing before binding refuses connections for a moment, so these run without clients.
      for (const [cause, { listen, overlap = false }] of Object.entries(FAILURES)) {
        if (!overlap) continue;
        for (let step = 0; step < SERVERS; step += 1) {
          undone.push(
            await attempt(`server ${step + 1} of 5: ${cause}`, () => server.ask('apply', failing(step, listen, true))),
          );
        }
      }

      function failing(step: number, listen: (busy: number) => string, wide = false): ClusterOrder {
        return Object.fromEntries(
          ids.map((id, n) => {
            const moved = wide ? `:${ports[n]}` : `127.0.0.1:${ports[SERVERS + n]}`;
            return [id, { listen: n === step ? listen(busy) : moved, body: `${id}-new` }];
          }),
        );
      }

      const all = sum(Object.values(reports));
      const lost = failures(all);
      const same = [...bad, ...undone].filter(({ differs }) => differs === 'nothing').length;
      const total = bad.length + undone.length;
      const right =
        bad.every(({ status }) => status === 'rejected') && undone.every(({ status }) => status === 'rolledBack');
      const findings: readonly Finding[] = [
        {
          target: 'ports and answers identical before and after',
          measured: `${same} of ${total}`,
          met: same === total,
        },
        { target: 'bad ones rejected, failed ones rolled back', measured: right ? 'all' : 'not all', met: right },
        { target: 'requests lost meanwhile: 0', measured: `${lost} of ${round(all.written)}`, met: lost === 0 },
      ];
      const table = (caption: string, rows: readonly Row[]) => ({
        caption,
        columns: ['configuration', 'outcome', 'differs', 'ms'],
        rows: rows.map(({ what, status, differs, ms }) => [what, status, differs, round(ms)]),
      });
      return {
        tables: [
          table(`${bad.length} kinds of bad configuration for ${SERVERS} running servers`, bad),
          table(`A commit that moves ${SERVERS} servers and fails at one of them`, undone),
        ],
        findings,
        notes: [
          `Compared: \`ss -ltnp\` of the process and one answer of each server. A refusal took ${round(median(bad.map(({ ms }) => ms)))} ms, undoing a commit ${round(median(undone.map(({ ms }) => ms)))} ms (medians, with the message to the process).`,
          'Load: 1,000 requests/s on 20 kept connections, except while addresses overlap.',
          ...all.examples.slice(0, 3),
        ],
        missing: [],
        data: { bad, undone, reports },
      };
    } finally {
      clients.kill();
      await server.end();
      occupant.close();
    }
  },
});
