import { randomInt } from 'node:crypto';
import { startAccounting } from '../accounting/accounting-process.ts';
import { type AccountingReport, failures, sum } from '../accounting/tally.ts';
import { defineBench, type Finding, MissingPeerError } from './harness/bench.ts';
import { connectionsOf, freePorts } from './harness/machine.ts';
import { median, quantile, round } from './harness/statistics.ts';
import { watchFirstAnswers } from './peers/first-answers.ts';
import type { StartFleet } from './peers/fleet.ts';
import { startNodeCluster } from './peers/node-cluster.ts';
import { startPm2Fleet } from './peers/pm2.ts';
import { startSluiceFleet } from './peers/sluice-fleet.ts';

const WORKERS = 2;
const CONNECTIONS = 32;
/** Milliseconds a request takes: nearly all of its life it is in flight, and the machine has time for the kills. */
const WORK_MS = 20;
const SERVING_LIMIT_MS = 500;
const GIVE_UP_MS = 10_000;

// Three crashes within five seconds disable a slot by default; here every worker is to come back.
const options = { maxCrashes: 0 };
const CONTENDERS: readonly (readonly [name: string, start: StartFleet, isOurs: boolean])[] = [
  ['sluice, clusterWorkers', startSluiceFleet('cluster', options), true],
  ['sluice, createWorkers', startSluiceFleet('script', options), true],
  ['pm2', startPm2Fleet, false],
  ['node:cluster, fork on exit, shared handle', startNodeCluster('shared'), false],
];

interface Kills {
  /** By kill, how many requests could be in flight in the process that died: connections it had, one request each. */
  readonly inFlight: readonly number[];
  /** By kill, milliseconds until the process in its place answered. */
  readonly servingMs: readonly number[];
  readonly kept: AccountingReport;
}

const later = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

const measure = async (start: StartFleet, kills: number, everyMs: number): Promise<Kills> => {
  const [port = 0] = await freePorts(1);
  const fleet = await start(port, WORKERS);
  const clients = await startAccounting([
    {
      name: 'kept',
      address: `127.0.0.1:${port}`,
      path: `/after/${WORK_MS}`,
      expectBody: '^\\d+$',
      mode: 'keep-alive',
      connections: CONNECTIONS,
    },
  ]);
  const answers = watchFirstAnswers(port);
  try {
    await answers.stranger(new Set(), GIVE_UP_MS);
    while (answers.seen.size < WORKERS) await later(1);
    await later(500);
    await clients.take();
    const dead = new Set<string>();
    const killedAt: number[] = [];
    const inFlight: number[] = [];
    const first = performance.now();
    for (let n = 0; n < kills; n += 1) {
      const dueAt = first + n * everyMs;
      await later(Math.max(0, dueAt - performance.now()));
      // Only those who have answered: each replacement is to be seen, so that it belongs to one kill.
      while ([...answers.seen.keys()].every((pid) => dead.has(pid))) await later(1);
      const living = [...answers.seen.keys()].filter((pid) => !dead.has(pid));
      const victim = living[randomInt(living.length)] ?? '';
      dead.add(victim);
      // Held still, so that what is counted is what dies.
      process.kill(Number(victim), 'SIGSTOP');
      inFlight.push(connectionsOf(Number(victim), port));
      killedAt.push(performance.now());
      process.kill(Number(victim), 'SIGKILL');
    }
    const limit = performance.now() + GIVE_UP_MS;
    while (answers.seen.size < WORKERS + kills && performance.now() < limit) await later(5);
    const newcomers = [...answers.seen.values()].slice(WORKERS);
    const servingMs = killedAt.map((at, n) => (newcomers[n] ?? Number.POSITIVE_INFINITY) - at);
    const { kept = sum([]) } = await clients.stop();
    return { inFlight, servingMs, kept };
  } finally {
    answers.stop();
    clients.kill();
    await fleet.stop();
  }
};

/** Processes that are killed one after the other under load. */
export const workerKills = defineBench({
  name: 'worker-kills',
  title: `One of ${WORKERS} processes killed again and again, under load`,
  parameters: { kills: 20, everyMs: 300 },
  run: async ({ kills, everyMs }) => {
    const runs = new Map<string, Kills>();
    const missing: string[] = [];
    for (const [name, start] of CONTENDERS) {
      try {
        runs.set(name, await measure(start, kills, everyMs));
      } catch (cause) {
        if (!(cause instanceof MissingPeerError)) throw cause;
        missing.push(`${name}: ${cause.message}`);
      }
    }
    const total = (values: readonly number[]): number => values.reduce((a, b) => a + b, 0);
    const rows = [...runs].map(([name, { inFlight, servingMs, kept }]) => [
      name,
      round(kills),
      round(kept.written),
      round(failures(kept)),
      round(total(inFlight)),
      round(kept.hung),
      round(kept.refused),
      round(median(servingMs)),
      round(quantile(servingMs, 0.9)),
      round(Math.max(...servingMs)),
      round(kept.latencyMs.max),
    ]);
    const findings = CONTENDERS.filter(([, , isOurs]) => isOurs).flatMap(([name]): readonly Finding[] => {
      const run = runs.get(name);
      if (run === undefined) return [];
      const lost = failures(run.kept);
      const slowest = Math.max(...run.servingMs);
      return [
        { target: `${name}: 0 hung`, measured: round(run.kept.hung), met: run.kept.hung === 0 },
        {
          target: `${name}: failed ≤ in flight in who was killed`,
          measured: `${round(lost)} of ${round(total(run.inFlight))}`,
          met: lost <= total(run.inFlight),
        },
        {
          target: `${name}: replacement serves within ${SERVING_LIMIT_MS} ms`,
          measured: `${round(slowest)} ms at most`,
          met: slowest <= SERVING_LIMIT_MS,
        },
      ];
    });
    return {
      tables: [
        {
          columns: [
            'by',
            'kills',
            'requests',
            'failed',
            'in flight in who was killed',
            'hung',
            'refused',
            'serves after ms, p50',
            'p90',
            'longest',
            'longest answer ms',
          ],
          rows,
        },
      ],
      findings,
      notes: [
        `${CONNECTIONS} kept connections that ask as soon as they are answered, ${WORK_MS} ms each; every ${everyMs} ms one of those that serve gets SIGKILL. Kills and replacements are paired in their order.`,
        'A process is held still (SIGSTOP) while its connections are counted, and then killed. What the library waits before it starts another (100 ms) is its default.',
        ...[...runs].flatMap(([name, { kept }]) => kept.examples.slice(0, 1).map((example) => `${name}: ${example}`)),
      ],
      missing,
      data: Object.fromEntries(runs),
    };
  },
});
