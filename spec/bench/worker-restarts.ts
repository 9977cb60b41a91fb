import { startAccounting } from '../accounting/accounting-process.ts';
import { type AccountingReport, failures, sum } from '../accounting/tally.ts';
import { defineBench, type Finding, MissingPeerError } from './harness/bench.ts';
import { freePorts, isAlive, watchOthers } from './harness/machine.ts';
import { median, ratio, round, spread } from './harness/statistics.ts';
import { KILL_AFTER_MS, type StartFleet } from './peers/fleet.ts';
import { startNodeCluster } from './peers/node-cluster.ts';
import { startPm2Fleet } from './peers/pm2.ts';
import { startSluiceFleet } from './peers/sluice-fleet.ts';

const WORKERS = 2;
const KEPT_RATE = 2000;
const FRESH_RATE = 200;

const CLUSTER = 'sluice, clusterWorkers';
const SCRIPT = 'sluice, createWorkers';
const PM2 = 'pm2 reload';

const CONTENDERS: readonly (readonly [name: string, start: StartFleet, isOurs: boolean])[] = [
  [CLUSTER, startSluiceFleet('cluster'), true],
  [SCRIPT, startSluiceFleet('script'), true],
  [PM2, startPm2Fleet, false],
  ['node:cluster, disconnect(), shared handle', startNodeCluster('shared'), false],
  ['node:cluster, disconnect(), round robin', startNodeCluster('round-robin'), false],
];

interface Restarts {
  /** Milliseconds from the request until it was said to be done. */
  readonly saidMs: readonly number[];
  /** Milliseconds from the request until none of the processes from before was left. */
  readonly goneMs: readonly number[];
  readonly kept: AccountingReport;
  readonly fresh: AccountingReport;
  readonly others: number;
}

const later = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

const measure = async (start: StartFleet, restarts: number): Promise<Restarts> => {
  const [port = 0] = await freePorts(1);
  const fleet = await start(port, WORKERS);
  const order = { address: `127.0.0.1:${port}`, expectBody: '^\\d+$' };
  const clients = await startAccounting([
    { ...order, name: 'kept', mode: 'keep-alive', connections: 32, rate: KEPT_RATE },
    { ...order, name: 'fresh', mode: 'fresh', rate: FRESH_RATE },
  ]);
  try {
    // What the warm-up meets is not this peer's doing.
    await later(1000);
    await clients.take();
    const others = watchOthers();
    const saidMs: number[] = [];
    const goneMs: number[] = [];
    for (let n = 0; n < restarts; n += 1) {
      const before = await fleet.pids();
      const since = performance.now();
      await fleet.restart();
      saidMs.push(performance.now() - since);
      while (before.some(isAlive)) await later(1);
      goneMs.push(performance.now() - since);
      await later(100);
    }
    await later(500);
    const busy = others();
    const { kept = sum([]), fresh = sum([]) } = await clients.stop();
    return { saidMs, goneMs, kept, fresh, others: busy };
  } finally {
    clients.kill();
    await fleet.stop();
  }
};

/** Rolling restarts of two processes under load. */
export const workerRestarts = defineBench({
  name: 'worker-restarts',
  title: `Rolling restarts of ${WORKERS} processes under load`,
  parameters: { restarts: 50, peerRestarts: 20 },
  run: async ({ restarts, peerRestarts }) => {
    const runs = new Map<string, Restarts>();
    const missing: string[] = [];
    for (const [name, start, isOurs] of CONTENDERS) {
      try {
        runs.set(name, await measure(start, isOurs ? restarts : peerRestarts));
      } catch (cause) {
        if (!(cause instanceof MissingPeerError)) throw cause;
        missing.push(`${name}: ${cause.message}`);
      }
    }
    const failed = ({ kept, fresh }: Restarts): number => failures(sum([kept, fresh]));
    const rows = [...runs].map(([name, run]) => [
      name,
      round(run.saidMs.length),
      `${failures(run.kept)} of ${round(run.kept.written)}`,
      `${failures(run.fresh)} of ${round(run.fresh.written)}`,
      round(run.kept.refused + run.fresh.refused),
      spread(run.saidMs),
      spread(run.goneMs),
      round(Math.max(run.kept.latencyMs.max, run.fresh.latencyMs.max)),
    ]);
    const pm2 = runs.get(PM2);
    const findings = CONTENDERS.filter(([, , isOurs]) => isOurs).flatMap(([name]): readonly Finding[] => {
      const run = runs.get(name);
      if (run === undefined) return [];
      const lost = failed(run) + run.kept.refused + run.fresh.refused;
      const toPm2 = pm2 === undefined ? Number.NaN : median(run.saidMs) / median(pm2.saidMs);
      return [
        { target: `${name}: 0 requests failed, 0 refused`, measured: round(lost), met: lost === 0 },
        ...(pm2 === undefined
          ? []
          : [{ target: `${name}: ≤ 1/3 of the time of pm2 reload`, measured: ratio(toPm2), met: toPm2 <= 1 / 3 }]),
      ];
    });
    return {
      tables: [
        {
          columns: [
            'by',
            'restarts',
            'kept: failed',
            'fresh: failed',
            'refused',
            'ms until done',
            'ms until the old are gone',
            'longest ms',
          ],
          rows,
        },
      ],
      findings,
      notes: [
        `Load: ${round(KEPT_RATE)} requests/s on 32 kept connections, ${FRESH_RATE} new connections/s; nothing is kept on a CPU of its own. Medians (least–most).`,
        `pm2 is asked through its programmatic interface, without the start of its command line. Workers of pm2 and of node:cluster have ${KILL_AFTER_MS} ms to leave, then they are killed: kept connections do not end by themselves there.`,
        `Others kept up to ${round(Math.max(...[...runs.values()].map(({ others }) => others)))} CPUs busy meanwhile.`,
        ...[...runs].flatMap(([name, { kept, fresh }]) =>
          [...kept.examples, ...fresh.examples].slice(0, 1).map((example) => `${name}: ${example}`),
        ),
      ],
      missing,
      data: Object.fromEntries(runs),
    };
  },
});
