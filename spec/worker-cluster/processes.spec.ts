import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import type {
  WorkerCluster,
  WorkerClusterConfig,
  WorkerClusterOptions,
} from '../../lib/worker-cluster/worker-cluster.ts';
import { type AccountingClient, createAccountingClient } from '../accounting/accounting-client.ts';
import { failures } from '../accounting/tally.ts';
import { ask } from '../cluster/fixtures/asking.ts';
import { saying } from '../cluster/fixtures/clusters.ts';
import { createJournal } from '../cluster/fixtures/journal.ts';
import { freeAddresses } from '../cluster/fixtures/ports.ts';
import { builtWorkers } from '../workers/built-workers.ts';
import { isAlive } from '../workers/program.ts';
import { addressIn, untilWorkers } from './rig.ts';

const baseDir = join(import.meta.dirname, 'modules');
const listen = '127.0.0.1:0';

/** A cluster on real processes, with a config in force; stopped when the test is over. */
const onProcesses = async (
  config: WorkerClusterConfig,
  options: WorkerClusterOptions = {},
): Promise<{ readonly cluster: WorkerCluster; readonly lines: readonly string[] }> => {
  const { clusterWorkers } = await builtWorkers();
  const journal = createJournal();
  const cluster = clusterWorkers({ count: 2, startupDelayMs: 0, execArgv: [], logger: journal, baseDir, ...options });
  onTestFinished(async () => {
    await cluster.stop({ drainTimeoutMs: 0 });
  });
  const applied = cluster.apply(config);
  await cluster.start();
  expect(await applied).toMatchObject({ status: 'committed' });
  return { cluster, lines: journal.lines };
};

const pidsOf = (cluster: WorkerCluster): readonly number[] => cluster.snapshot.workers.map(({ pid }) => pid);

const lossesOf = async (client: AccountingClient): Promise<object> => {
  const report = await client.stop();
  expect(report.answered).toBeGreaterThan(0);
  return { failed: failures(report), examples: report.examples };
};

/** Who answers, asked on a connection of its own each time. */
const whoAnswers = async (address: string, times = 40): Promise<ReadonlySet<number>> =>
  new Set(await Promise.all(Array.from({ length: times }, async () => Number(await ask(address)))));

const upToDate = (cluster: WorkerCluster, revision: number): Promise<unknown> =>
  untilWorkers(
    cluster,
    ({ workers }) => workers.every((worker) => worker.state === 'active' && worker.revision === revision),
    15_000,
  );

test('all workers serve one address, and nothing of them is left after a stop', async () => {
  const { cluster } = await onProcesses({ a: { listen, app: './who.mjs' } });
  const pids = pidsOf(cluster);
  const address = addressIn(cluster, 'a');
  const answered = new Set<number>();
  while (answered.size < 2) for (const pid of await whoAnswers(address)) answered.add(pid);
  expect([...answered].toSorted()).toEqual([...pids].toSorted());
  expect(await cluster.stop()).toMatchObject({ cut: 0, forced: [] });
  expect(pids.filter(isAlive)).toEqual([]);
  expect(await ask(address)).toBe('no answer: ECONNREFUSED');
});

test('a config that one worker cannot prepare changes neither, and the outcome names worker and cause', async () => {
  const { cluster } = await onProcesses(
    { a: saying('old') },
    { env: (slot) => ({ PICKY: slot === 1 ? 'yes' : undefined }) },
  );
  const [, pid] = pidsOf(cluster);
  const outcome = await cluster.apply({ a: saying('new'), b: { listen, app: './picky.mjs' } });
  expect(outcome).toMatchObject({
    status: 'rolledBack',
    server: 'b',
    cause: {
      code: 'ERR_WORKER_COMMIT',
      slot: 1,
      pid,
      cause: { code: 'ERR_MODULE_LOAD', message: expect.stringContaining('not in this worker') },
    },
    unrestored: [],
  });
  const address = addressIn(cluster, 'a');
  expect(new Set(await Promise.all(Array.from({ length: 20 }, () => ask(address))))).toEqual(new Set(['old']));
  expect(cluster.snapshot.workers.map(({ revision }) => revision)).toEqual([1, 1]);
});

test('what is in force changes again and again under load, and no request is lost', async () => {
  const { cluster } = await onProcesses({ a: saying('0') });
  const address = addressIn(cluster, 'a');
  const clients = (['keep-alive', 'fresh'] as const).map((mode) =>
    createAccountingClient({
      address: () => address,
      mode,
      connections: 8,
      ...(mode === 'fresh' ? { rate: 200 } : {}),
    }),
  );
  for (const client of clients) client.start();
  for (let count = 1; count <= 20; count += 1) {
    expect(await cluster.apply({ a: saying(String(count)) })).toMatchObject({ status: 'committed' });
  }
  for (const client of clients) expect(await lossesOf(client)).toEqual({ failed: 0, examples: [] });
});

test('workers that are killed in the middle of commits come back with what is in force then', async () => {
  const { cluster } = await onProcesses({ a: saying('0') }, { maxCrashes: 0, respawnDelayMs: 10 });
  for (let count = 1; count <= 6; count += 1) {
    const applied = cluster.apply({ a: saying(String(count)) });
    const [first = 0, second = 0] = pidsOf(cluster);
    const pid = count % 2 === 0 ? first : second;
    if (pid !== 0) process.kill(pid, 'SIGKILL');
    expect(['committed', 'rolledBack']).toContain((await applied).status);
  }
  await upToDate(cluster, cluster.snapshot.revision.applied);
  expect(await cluster.apply({ a: saying('last') })).toMatchObject({ status: 'committed' });
  await upToDate(cluster, cluster.snapshot.revision.applied);
  const address = addressIn(cluster, 'a');
  expect(new Set(await Promise.all(Array.from({ length: 20 }, () => ask(address))))).toEqual(new Set(['last']));
});

test('a worker that stands still in the middle of a commit is replaced, and waited for no longer', async () => {
  const { cluster } = await onProcesses(
    { a: saying('old') },
    { heartbeatMs: 100, heartbeatTimeoutMs: 600, prepareTimeoutMs: 10_000, respawnDelayMs: 10 },
  );
  const [, pid = 0] = pidsOf(cluster);
  process.kill(pid, 'SIGSTOP');
  onTestFinished(() => {
    if (isAlive(pid)) process.kill(pid, 'SIGKILL');
  });
  const startedAt = performance.now();
  const outcome = await cluster.apply({ a: saying('new') });
  expect(performance.now() - startedAt).toBeLessThan(9_000);
  expect(outcome).toMatchObject({ status: 'rolledBack', cause: { slot: 1, cause: { code: 'ERR_WORKER_SILENT' } } });
  expect(await cluster.apply({ a: saying('new') })).toMatchObject({ status: 'committed' });
  await upToDate(cluster, 3);
  await expect.poll(() => isAlive(pid), { timeout: 5_000 }).toBe(false);
});

test('a rolling restart under load loses nobody, while configs are committed', async () => {
  const { cluster } = await onProcesses({ a: saying('0') });
  const before = pidsOf(cluster);
  const address = addressIn(cluster, 'a');
  const client = createAccountingClient({ address: () => address, mode: 'keep-alive', connections: 8 });
  client.start();
  const restarting = cluster.workers.restart();
  for (let count = 1; count <= 5; count += 1) await cluster.apply({ a: saying(String(count)) });
  expect(await restarting).toMatchObject({ status: 'done', replaced: [0, 1] });
  expect(await lossesOf(client)).toEqual({ failed: 0, examples: [] });
  expect(pidsOf(cluster).filter((pid) => before.includes(pid))).toEqual([]);
  await upToDate(cluster, 6);
});

test('addresses are exchanged, let go of and had again', async () => {
  const [one = '', two = ''] = await freeAddresses(2);
  const { cluster } = await onProcesses({ a: saying('a', one), b: saying('b', two) });
  expect(await cluster.apply({ a: saying('a', two), b: saying('b', one) })).toMatchObject({ status: 'committed' });
  expect(await Promise.all(Array.from({ length: 10 }, () => ask(one)))).toEqual(Array.from({ length: 10 }, () => 'b'));
  expect(await cluster.apply({ a: saying('a', two) })).toMatchObject({ status: 'committed' });
  expect(await cluster.apply({ c: saying('c', one) })).toMatchObject({ status: 'committed' });
  expect(await ask(one)).toBe('c');
  const port = one.split(':')[1];
  expect(await cluster.apply({ d: saying('d', `0.0.0.0:${port}`) })).toMatchObject({ status: 'committed' });
  expect(await ask(one)).toBe('d');
});

test('what workers log is written by the primary, with their slots', async () => {
  const failing = { listen, routes: [{ path: '/', handler: './failing.mjs' }] };
  const { cluster, lines } = await onProcesses({ a: failing }, { count: 1 });
  expect(await ask(addressIn(cluster, 'a'))).toContain('Internal Server Error');
  await expect.poll(() => lines.find((line) => line.startsWith('error: worker 0: '))).toBeDefined();
});

test('a cluster that was stopped starts again with its config and its port', async () => {
  const { cluster } = await onProcesses({ a: saying('a') });
  const address = addressIn(cluster, 'a');
  await cluster.stop();
  await cluster.start();
  expect(addressIn(cluster, 'a')).toBe(address);
  expect(await ask(address)).toBe('a');
});

test('the line of a handler that failed in a worker says with what, as it does in one process', async () => {
  const journal = createJournal();
  const routes = [{ path: '/', handler: './failing.mjs' }];
  const { cluster } = await onProcesses({ a: { listen, routes } }, { logger: journal });
  await ask(addressIn(cluster, 'a'));
  await expect
    .poll(() => journal.lines)
    .toContainEqual(expect.stringMatching(/^error: worker \d: server a: request \S+ failed$/));
  expect(journal.details[journal.lines.findIndex((line) => line.includes('failed'))]).toMatchObject({
    method: 'GET',
    path: '/',
    headersWritten: false,
    error: { message: 'it fails on every request', stack: expect.stringContaining('failing.mjs') },
  });
});
