import { pathToFileURL } from 'node:url';
import { defineBench, type Finding } from './harness/bench.ts';
import { startChild } from './harness/child.ts';
import { compiled } from './harness/compile.ts';
import { freePorts, watchOthers } from './harness/machine.ts';
import { median, quantile, ratio, round, shuffled } from './harness/statistics.ts';
import { watchFirstAnswers } from './peers/first-answers.ts';
import { startNodeCluster } from './peers/node-cluster.ts';
import { startSluiceFleet } from './peers/sluice-fleet.ts';
import type { BootSetting } from './servers/boot.ts';

const BARE = 'node:cluster: fork until the app on a bare adapter answers';
const CLUSTER = 'clusterWorkers: fork until active';
const SCRIPT = 'createWorkers: fork until active';
const UNBUNDLED = 'node with this library, hono and @hono/node-server, one by one';

/** Whole processes, from their start until they have loaded these. */
const PROCESSES: readonly (readonly [name: string, modules: readonly string[]])[] = [
  ['node with nothing', []],
  ['node with hono and @hono/node-server', ['hono', '@hono/node-server']],
  ['node with rxjs', ['rxjs']],
  [UNBUNDLED, ['hono', '@hono/node-server', 'rxjs', 'lib/index.ts', 'lib/workers.ts']],
];

const urlOf = (name: string): string => (name.startsWith('lib/') ? pathToFileURL(compiled(name)).href : name);

const processMs = async (modules: readonly string[]): Promise<number> => {
  const since = performance.now();
  const child = await startChild('boot', { modules: modules.map(urlOf) } satisfies BootSetting);
  const took = performance.now() - since;
  await child.end();
  return took;
};

/** One fleet, of which one process after the other is replaced: what this library says of each that became active. */
const workerMs = async (by: 'cluster' | 'script', rounds: number): Promise<readonly number[]> => {
  const [port = 0] = await freePorts(1);
  const fleet = await startSluiceFleet(by)(port, 1);
  try {
    for (let n = 0; n < rounds; n += 1) await fleet.restart();
    // The first one also filled the caches of the disk.
    return ((await fleet.primary.ask('boots')) as readonly number[]).slice(1);
  } finally {
    await fleet.stop();
  }
};

/** Of a bare fork nobody tells, so it is seen from outside: killed, and forked again at that moment. */
const bareMs = async (rounds: number): Promise<readonly number[]> => {
  const [port = 0] = await freePorts(1);
  const fleet = await startNodeCluster('shared')(port, 1);
  const answers = watchFirstAnswers(port);
  try {
    const took: number[] = [];
    for (let n = 0; n < rounds; n += 1) {
      const [pid = 0] = await fleet.pids();
      while (!answers.seen.has(String(pid))) await new Promise((resolve) => setTimeout(resolve, 1));
      const known = new Set(answers.seen.keys());
      const since = performance.now();
      process.kill(pid, 'SIGKILL');
      took.push((await answers.stranger(known, 10_000)) - since);
    }
    return took;
  } finally {
    answers.stop();
    await fleet.stop();
  }
};

/** How long a worker takes to boot, and what of that is loading modules. */
export const workerBoot = defineBench({
  name: 'worker-boot',
  title: 'The boot of a worker',
  parameters: { rounds: 15 },
  run: async ({ rounds }) => {
    const others = watchOthers();
    const took = new Map<string, number[]>(PROCESSES.map(([name]) => [name, []]));
    for (let n = 0; n < rounds; n += 1) {
      for (const [name, modules] of shuffled(PROCESSES)) took.get(name)?.push(await processMs(modules));
    }
    took.set(BARE, [...(await bareMs(rounds))]);
    took.set(SCRIPT, [...(await workerMs('script', rounds))]);
    took.set(CLUSTER, [...(await workerMs('cluster', rounds))]);
    const busy = others();
    const p50 = (name: string): number => median(took.get(name) ?? []);
    const finding = (name: string): Finding => {
      const value = p50(name) / p50(UNBUNDLED);
      return {
        target: `${name} ≤ 0.6 × ${UNBUNDLED}`,
        measured: ratio(value),
        met: value <= 0.6,
      };
    };
    return {
      tables: [
        {
          columns: ['what', 'p50 ms', 'p90 ms', 'least ms', 'ratio to a bare fork'],
          rows: [...took].map(([name, values]) => [
            name,
            round(p50(name)),
            round(quantile(values, 0.9)),
            round(Math.min(...values)),
            ratio(p50(name) / p50(BARE)),
          ]),
        },
      ],
      findings: [finding(CLUSTER), finding(SCRIPT)],
      notes: [
        `${rounds} of each, whole processes; those of node alone shuffled. The modules are in the cache of the disk.`,
        'What `clusterWorkers` boots has loaded this library, the code of the configuration, and has a server in force when it is active.',
        `Others kept ${round(busy)} CPUs busy meanwhile.`,
      ],
      missing: [],
      data: Object.fromEntries(took),
    };
  },
});
