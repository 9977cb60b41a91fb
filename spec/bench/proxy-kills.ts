import { createAccountingClient } from '../accounting/accounting-client.ts';
import { type AccountingReport, sum } from '../accounting/tally.ts';
import { defineBench } from './harness/bench.ts';
import { type Child, startChild } from './harness/child.ts';
import { freePorts } from './harness/machine.ts';
import { round } from './harness/statistics.ts';
import type { BalancerSetting } from './servers/balancer.ts';
import type { ProxiedSetting } from './servers/proxied.ts';

const TARGETS = 4;
const CONNECTIONS = 32;

interface Run {
  readonly report: AccountingReport;
  readonly errors: readonly string[];
  readonly elapsedMs: number;
}

const later = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

const runOnce = async (balance: BalancerSetting['balance'], kills: number, pauseMs: number): Promise<Run> => {
  const [front = 0, ...ports] = await freePorts(TARGETS + 1);
  const start = (port: number): Promise<Child> => startChild('proxied', { port } satisfies ProxiedSetting);
  const targets = await Promise.all(ports.map(start));
  const setting: BalancerSetting = { port: front, targets: ports.map((port) => `http://127.0.0.1:${port}`), balance };
  const balancer = await startChild('balancer', setting);
  const client = createAccountingClient({
    address: () => `127.0.0.1:${front}`,
    mode: 'keep-alive',
    connections: CONNECTIONS,
    limitMs: 10_000,
  });
  try {
    const since = performance.now();
    client.start();
    const periods: AccountingReport[] = [];
    for (let killed = 0; killed < kills; killed += 1) {
      await later(pauseMs);
      const index = killed % TARGETS;
      // SIGKILL: nobody says good-bye, and what was being answered is gone.
      await targets[index]?.end();
      targets[index] = await start(ports[index] ?? 0);
      periods.push(client.take());
    }
    periods.push(await client.stop());
    const elapsedMs = performance.now() - since;
    const errors = (await balancer.ask('errors')) as readonly string[];
    return { report: sum(periods), errors, elapsedMs };
  } finally {
    for (const child of [balancer, ...targets]) await child.end();
  }
};

/** Targets that are killed and started again under load, one at a time. */
export const proxyKills = defineBench({
  name: 'proxy-kills',
  title: `A proxy over ${TARGETS} targets, one of which is killed and started again, under load`,
  parameters: { kills: 50, pauseMs: 100 },
  run: async ({ kills, pauseMs }) => {
    const runs: readonly (readonly [string, Run])[] = [
      ['round-robin', await runOnce('round-robin', kills, pauseMs)],
      ['least-in-flight', await runOnce('least-in-flight', kills, pauseMs)],
    ];
    const failedIn = ({ written, answered }: AccountingReport): number => written - answered;
    const rows = runs.map(([name, { report, elapsedMs }]) => [
      name,
      round(kills),
      round(report.written),
      round(failedIn(report)),
      `${report.bad} / ${report.torn} / ${report.lost} / ${report.hung}`,
      round(report.written / (elapsedMs / 1000)),
      round(report.latencyMs.p50),
      round(report.latencyMs.p99),
      round(report.latencyMs.max),
    ]);
    const failed = runs.reduce((total, [, { report }]) => total + failedIn(report), 0);
    const errors = runs.flatMap(([, run]) => run.errors);
    return {
      tables: [
        {
          columns: [
            'balance',
            'kills',
            'requests',
            'failed',
            'bad / torn / lost / hung',
            'requests/s',
            'p50 ms',
            'p99 ms',
            'longest ms',
          ],
          rows,
        },
      ],
      findings: [{ target: '0 failed idempotent requests', measured: round(failed), met: failed === 0 }],
      notes: [
        `${CONNECTIONS} keep-alive connections that ask as soon as they are answered; every ${pauseMs} ms one of ${TARGETS} targets gets SIGKILL and is started again on its port. Every GET that was written is accounted for.`,
        ...errors.slice(0, 5).map((error) => `The proxy said: ${error}`),
      ],
      missing: [],
      data: runs,
    };
  },
});
