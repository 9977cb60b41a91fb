import { randomInt } from 'node:crypto';
import { Agent, request as askBy } from 'node:http';
import type { Balance } from '../../lib/index.ts';
import { createAccountingClient } from '../accounting/accounting-client.ts';
import { type AccountingReport, sum } from '../accounting/tally.ts';
import { defineBench, type Finding } from './harness/bench.ts';
import { SERVER_CPU, startChild } from './harness/child.ts';
import { freePorts, need } from './harness/machine.ts';
import { least, median, ratio, round, shuffled, spread } from './harness/statistics.ts';
import { OTHERS_LIMIT, type Sample, type StartedServer, sampleByWrk, WARM_UP_SECONDS } from './harness/wrk.ts';
import type { Act, PoolBalancerReport, PoolBalancerSetting } from './servers/pool-balancer.ts';

const MEMBERS = ['a', 'b', 'c', 'd'] as const;
const ACTS: readonly Act[] = ['drain', 'kill', 'restart'];
const CONNECTIONS = 32;

/** Milliseconds a member works under churn: long enough for several requests to be under way at once. */
const WORK_MS = 1;

const UNDER_CHURN: readonly (readonly [string, Balance])[] = [
  ['round-robin', 'round-robin'],
  ['least-in-flight', 'least-in-flight'],
];

const STATIC = 'a proxy over a list';
const CONTROL = `${STATIC}, again (A/A)`;
const VARIANTS: readonly (readonly [string, PoolBalancerSetting['by']])[] = [
  [STATIC, 'static'],
  [CONTROL, 'static'],
  ['balance, round-robin', 'round-robin'],
  ['balance, least-in-flight', 'least-in-flight'],
  ['balance, weighted', 'weighted'],
  ['balance, sticky by client address', { sticky: 'client-address' }],
];

const later = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

/** Sends POST requests one after the other, each with an id of its own, and counts what became of them. */
const posting = (port: number) => {
  const agent = new Agent({ keepAlive: true });
  const fates = { answered: 0, refused: 0, broken: 0 };
  let isOver = false;
  const post = (id: number): Promise<keyof typeof fates> =>
    new Promise((resolve) => {
      const headers = { 'x-id': String(id) };
      const asked = askBy({ port, host: '127.0.0.1', method: 'POST', agent, headers }, (answer) => {
        answer.resume().once('end', () => resolve(answer.statusCode === 200 ? 'answered' : 'refused'));
      });
      asked.once('error', () => resolve('broken'));
      asked.end('body');
    });
  const run = async (): Promise<void> => {
    for (let id = 0; !isOver; id += 1) fates[await post(id)] += 1;
  };
  const running = run();
  return async () => {
    isOver = true;
    await running;
    agent.destroy();
    return fates;
  };
};

interface Churned {
  readonly report: AccountingReport;
  readonly posts: Readonly<Record<'answered' | 'refused' | 'broken', number>>;
  readonly said: PoolBalancerReport;
  readonly shares: Readonly<Record<string, number>>;
  readonly elapsedMs: number;
}

const churn = async (by: Balance, acts: number, pauseMs: number): Promise<Churned> => {
  const [port = 0] = await freePorts(1);
  const setting: PoolBalancerSetting = { port, members: MEMBERS, by, workMs: WORK_MS };
  const child = await startChild('pool-balancer', setting);
  const shares: Record<string, number> = {};
  const client = createAccountingClient({
    address: () => `127.0.0.1:${port}`,
    mode: 'keep-alive',
    connections: CONNECTIONS,
    limitMs: 10_000,
    check: ({ status, body }) => {
      if (status === 200) shares[body] = (shares[body] ?? 0) + 1;
      return status === 200;
    },
  });
  try {
    const since = performance.now();
    client.start();
    const stopPosting = posting(port);
    const periods: AccountingReport[] = [];
    const plan = Array.from({ length: acts }, (_, n) => ACTS[n % ACTS.length] ?? 'restart');
    for (const act of shuffled(plan)) {
      await later(pauseMs);
      await child.ask('act', { act, member: randomInt(MEMBERS.length) });
      periods.push(client.take());
    }
    periods.push(await client.stop());
    const posts = await stopPosting();
    const elapsedMs = performance.now() - since;
    const said = (await child.ask('report')) as PoolBalancerReport;
    return { report: sum(periods), posts, said, shares, elapsedMs };
  } finally {
    await child.end();
  }
};

const throughput = async (rounds: number, seconds: number): Promise<ReadonlyMap<string, readonly Sample[]>> => {
  const wrkPath = need('wrk', 'apt-get install wrk');
  const start = (by: PoolBalancerSetting['by']) => async (): Promise<StartedServer> => {
    const [port = 0] = await freePorts(1);
    const setting: PoolBalancerSetting = { port, members: MEMBERS, by, workMs: 0 };
    return { server: await startChild('pool-balancer', setting, { cpu: SERVER_CPU }), port };
  };
  const samples = new Map<string, Sample[]>(VARIANTS.map(([name]) => [name, []]));
  for (let n = 0; n < rounds; n += 1) {
    for (const [name, by] of shuffled(VARIANTS)) {
      samples.get(name)?.push(await sampleByWrk(wrkPath, start(by), seconds));
    }
  }
  return samples;
};

const failedIn = ({ written, answered }: AccountingReport): number => written - answered;

const percent = (part: number, whole: number): string => `${((100 * part) / whole).toFixed(0)} %`;

/** Servers of a pool that come and go under load, and what following them costs. */
export const balancer = defineBench({
  name: 'balancer',
  title: `A balancer over ${MEMBERS.length} servers of a pool, which are drained, killed and restarted under load`,
  parameters: { acts: 100, pauseMs: 50, rounds: 5, seconds: 2 },
  run: async ({ acts, pauseMs, rounds, seconds }) => {
    const runs: (readonly [string, Churned])[] = [];
    for (const [name, by] of UNDER_CHURN) runs.push([name, await churn(by, acts, pauseMs)]);
    const samples = await throughput(rounds, seconds);
    const of = (name: string): readonly number[] => (samples.get(name) ?? []).map(({ perSecond }) => perSecond);
    const pairs = (name: string): readonly number[] => {
      const bases = of(STATIC);
      return of(name).map((value, n) => value / (bases[n] ?? Number.NaN));
    };
    const failed = runs.reduce((total, [, { report }]) => total + failedIn(report), 0);
    const twice = runs.reduce((total, [, { said }]) => total + said.twice, 0);
    const toStatic = median(pairs('balance, round-robin'));
    const findings: readonly Finding[] = [
      { target: '0 failed idempotent requests', measured: round(failed), met: failed === 0 },
      { target: '0 POST requests done twice', measured: round(twice), met: twice === 0 },
      { target: 'requests/s ≥ 0.95 × a proxy over a list', measured: ratio(toStatic), met: toStatic >= 0.95 },
    ];
    const noisy = [...samples.values()].flat().filter(({ others }) => others > OTHERS_LIMIT).length;
    const errors = runs.flatMap(([, { said }]) => said.errors);
    return {
      tables: [
        {
          caption: 'Under churn',
          columns: [
            'balance',
            'acts',
            'GET requests',
            'failed',
            'bad / torn / lost / hung',
            'shares',
            'POST requests',
            'not answered',
            'done twice',
            'p99 ms',
            'longest ms',
          ],
          rows: runs.map(([name, { report, posts, said, shares }]) => [
            name,
            round(acts),
            round(report.written),
            round(failedIn(report)),
            `${report.bad} / ${report.torn} / ${report.lost} / ${report.hung}`,
            MEMBERS.map((member) => percent(shares[member] ?? 0, report.answered)).join(', '),
            round(posts.answered + posts.refused + posts.broken),
            round(posts.refused + posts.broken),
            round(said.twice),
            round(report.latencyMs.p99),
            round(report.latencyMs.max),
          ]),
        },
        {
          caption: 'What following the pool costs',
          columns: ['balancer', 'requests/s', 'ratio', 'CPU µs/request (least)', 'p50 µs', 'p99 µs'],
          rows: VARIANTS.map(([name]) => [
            name,
            spread(of(name)),
            spread(pairs(name)),
            round(least((samples.get(name) ?? []).map(({ cpuUs }) => cpuUs))),
            round(median((samples.get(name) ?? []).map(({ p50Us }) => p50Us))),
            round(median((samples.get(name) ?? []).map(({ p99Us }) => p99Us))),
          ]),
        },
      ],
      findings,
      notes: [
        `${CONNECTIONS} keep-alive connections that ask as soon as they are answered; ${pauseMs} ms after each act a member that chance picks is drained and started, killed (its connections are cut) and started, or restarted. Every GET that was written is accounted for; a POST whose connection was cut is not repeated.`,
        `Balancer and members are one process. For its cost members answer at once: wrk -t1 -c64, ${rounds} shuffled rounds of ${seconds} s with fresh processes after ${WARM_UP_SECONDS} s of warm-up; medians (least–most), ratios within a round.`,
        `The A/A control is off by ${((median(pairs(CONTROL)) - 1) * 100).toFixed(1)} %; ${noisy} of ${rounds * VARIANTS.length} samples were taken while others used more than ${OTHERS_LIMIT} CPU.`,
        ...errors.slice(0, 5).map((error) => `The balancer said: ${error}`),
      ],
      missing: [],
      data: { runs, samples: Object.fromEntries(samples) },
    };
  },
});
