import { defineBench, MissingPeerError } from './harness/bench.ts';
import { freePorts, watchOthers } from './harness/machine.ts';
import { median, quantile, ratio, round } from './harness/statistics.ts';
import { watchFirstAnswers } from './peers/first-answers.ts';
import { allServing, type StartFleet } from './peers/fleet.ts';
import { startNodeCluster } from './peers/node-cluster.ts';
import { startPm2Fleet } from './peers/pm2.ts';
import { startSluiceFleet } from './peers/sluice-fleet.ts';

const WORKERS = 2;
const GIVE_UP_MS = 10_000;

const SPARE = 'sluice, clusterWorkers, a spare';
const SPARE_SCRIPT = 'sluice, createWorkers, a spare';
const NO_SPARE = 'sluice, clusterWorkers, no spare';
const PM2 = 'pm2';

// Others start the next one at once, so this library is told to as well; what it waits by default is a line of its own.
const atOnce = { maxCrashes: 0, respawnDelayMs: 0 };
const CONTENDERS: readonly (readonly [name: string, start: StartFleet])[] = [
  [SPARE, startSluiceFleet('cluster', { ...atOnce, spares: 1 })],
  [SPARE_SCRIPT, startSluiceFleet('script', { ...atOnce, spares: 1 })],
  [NO_SPARE, startSluiceFleet('cluster', atOnce)],
  ['sluice, createWorkers, no spare', startSluiceFleet('script', atOnce)],
  ['sluice, createWorkers, no spare, 100 ms before (default)', startSluiceFleet('script', { maxCrashes: 0 })],
  ['node:cluster, fork on exit, shared handle', startNodeCluster('shared')],
  [PM2, startPm2Fleet],
];

const measure = async (start: StartFleet, kills: number): Promise<readonly number[]> => {
  const [port = 0] = await freePorts(1);
  const fleet = await start(port, WORKERS);
  const answers = watchFirstAnswers(port);
  try {
    const tookMs: number[] = [];
    for (let n = 0; n < kills; n += 1) {
      await allServing(fleet, WORKERS);
      while (!(await fleet.pids()).every((pid) => answers.seen.has(String(pid))));
      const pids = await fleet.pids();
      const known = new Set(answers.seen.keys());
      const since = performance.now();
      process.kill(pids[n % pids.length] ?? 0, 'SIGKILL');
      tookMs.push((await answers.stranger(known, GIVE_UP_MS)) - since);
    }
    return tookMs;
  } finally {
    answers.stop();
    await fleet.stop();
  }
};

/** How soon somebody serves in the place of a process that was killed. */
export const workerRespawn = defineBench({
  name: 'worker-respawn',
  title: `From the SIGKILL of one of ${WORKERS} processes until another answers`,
  parameters: { kills: 30 },
  run: async ({ kills }) => {
    const runs = new Map<string, readonly number[]>();
    const missing: string[] = [];
    const others = watchOthers();
    for (const [name, start] of CONTENDERS) {
      try {
        runs.set(name, await measure(start, kills));
      } catch (cause) {
        if (!(cause instanceof MissingPeerError)) throw cause;
        missing.push(`${name}: ${cause.message}`);
      }
    }
    const busy = others();
    const p50 = (name: string): number => median(runs.get(name) ?? []);
    const toPm2 = (name: string): number => p50(name) / p50(PM2);
    const target = (name: string, most: number, words: string) => ({
      target: `${name}: p50 ≤ ${words} of pm2's`,
      measured: ratio(toPm2(name)),
      met: toPm2(name) <= most,
    });
    return {
      tables: [
        {
          columns: ['by', 'p50 ms', 'p90 ms', 'longest ms', "ratio to pm2's p50"],
          rows: [...runs].map(([name, took]) => [
            name,
            round(median(took)),
            round(quantile(took, 0.9)),
            round(Math.max(...took)),
            ratio(toPm2(name)),
          ]),
        },
      ],
      findings: runs.has(PM2)
        ? [target(SPARE, 1 / 3, '1/3'), target(SPARE_SCRIPT, 1 / 3, '1/3'), target(NO_SPARE, 1, '1.0 ×')]
        : [],
      notes: [
        `${kills} kills each, the next when all serve again and the spare has booted; the same Hono app everywhere. Two clients open a connection every millisecond or two, and see who answers.`,
        'pm2 and node:cluster start the next process at once; sluice was told to (`respawnDelayMs: 0`), except where it says so.',
        `Others kept ${round(busy)} CPUs busy meanwhile.`,
      ],
      missing,
      data: Object.fromEntries(runs),
    };
  },
});
