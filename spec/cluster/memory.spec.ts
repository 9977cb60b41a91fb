import { readdirSync } from 'node:fs';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { expect, test } from 'vitest';
import { createCluster } from '../../lib/cluster/cluster.ts';
import type { ClusterConfig } from '../../lib/config/server-config.ts';
import { ask } from './fixtures/asking.ts';
import { addressOf, eventually, rig, running, saying, until } from './fixtures/clusters.ts';
import { listening } from './fixtures/sockets.ts';

setFlagsFromString('--expose-gc');
const collect: unknown = runInNewContext('gc');

const MIB = 2 ** 20;

/** Bytes in use after everything that can go has gone. */
const heap = async (): Promise<number> => {
  if (typeof collect !== 'function') throw new Error('no garbage collector to ask');
  // Now and then the engine holds on to a few megabytes for some rounds more: the least of them counts.
  let least = Number.POSITIVE_INFINITY;
  for (let n = 0; n < 12; n += 1) {
    await new Promise((resolve) => setTimeout(resolve, 5));
    collect();
    least = Math.min(least, process.memoryUsage().heapUsed);
  }
  return least;
};

/** Open files; 0 on systems that do not tell. */
const openFiles = (): number => {
  try {
    return readdirSync('/proc/self/fd').length;
  } catch {
    return 0;
  }
};

const ignore = (): void => {};

const timers = (): number => process.getActiveResourcesInfo().filter((kind) => kind === 'Timeout').length;

const many = (count: number, word: string): ClusterConfig =>
  Object.fromEntries(Array.from({ length: count }, (_, index) => [`s${index}`, saying(`${word} ${index}`)]));

test('a thousand servers come and go without a trace', async () => {
  const { cluster, forget } = rig();
  const before = { files: openFiles(), sockets: await listening(), timers: timers() };
  const lives: number[] = [];
  for (let life = 0; life < 3; life += 1) {
    await cluster.start();
    expect(await cluster.apply(many(1_000, `${life}`))).toMatchObject({ status: 'committed' });
    expect(await ask(addressOf(cluster, 's999'))).toBe(`${life} 999`);
    expect(await listening()).toBe(before.sockets + 1_000);
    await cluster.apply({});
    await cluster.stop({ drainTimeoutMs: 0 });
    expect(await listening()).toBe(before.sockets);
    await eventually(() => openFiles() <= before.files);
    forget();
    lives.push(await heap());
  }
  expect(timers()).toBeLessThanOrEqual(before.timers);
  // The first life warms up what stays: code, pools, the shapes of objects.
  expect((lives[2] ?? 0) - (lives[0] ?? 0)).toBeLessThan(2 * MIB);
});

test('a thousand changes leave nothing behind', async () => {
  const { cluster, sockets, forget } = await running({ a: saying('a'), b: saying('b') });
  const change = async (from: number, to: number): Promise<void> => {
    for (let n = from; n < to; n += 1) {
      const [left, right] = [addressOf(cluster, 'a'), addressOf(cluster, 'b')];
      // Exchanged every time, with other words every time.
      await cluster.apply({ a: saying(`a${n}`, right), b: saying(`b${n}`, left) });
    }
  };
  await change(0, 200);
  forget();
  const before = await heap();
  await change(200, 1_200);
  forget();
  expect((await heap()) - before).toBeLessThan(1.5 * MIB);
  expect(sockets.open).toHaveLength(2);
});

test('five hundred commits that fail leave nothing behind', async () => {
  const { cluster, sockets } = await running({ a: saying('a') });
  const files = openFiles();
  const sockets0 = await listening();
  sockets.fault((_, attempt) => (attempt % 10 === 0 ? 'refuse' : 'none'));
  const fail = async (times: number): Promise<void> => {
    for (let n = 0; n < times; n += 1) {
      sockets.forget();
      const outcome = await cluster.apply({ a: saying('a'), ...many(10, `${n}`) });
      expect(outcome.status).toBe('rolledBack');
      sockets.forget();
    }
  };
  await fail(50);
  const before = await heap();
  await fail(450);
  expect((await heap()) - before).toBeLessThan(2 * MIB);
  expect(await listening()).toBe(sockets0);
  await eventually(() => openFiles() <= files);
});

test('ten thousand pushes in a loop leave nothing behind', async () => {
  // Not a rig: that remembers every outcome.
  const cluster = createCluster({ logger: { error: ignore, warn: ignore, info: ignore, debug: ignore } });
  await cluster.start();
  const flood = (): Promise<unknown> =>
    Promise.all(Array.from({ length: 10_000 }, (_, index) => cluster.apply({ a: saying(`${index}`) })));
  for (let n = 0; n < 2; n += 1) await flood();
  const before = await heap();
  for (let n = 0; n < 5; n += 1) await flood();
  // 50,000 pushes: less than 64 bytes for each.
  expect((await heap()) - before).toBeLessThan(3 * MIB);
  await cluster.stop({ drainTimeoutMs: 0 });
});

test('two hundred crashes leave nothing behind', async () => {
  const restart = { initialMs: 0, maxMs: 0, intensity: 1_000_000 };
  const { cluster, sockets } = await running({ a: saying('a', '127.0.0.1:0', { restart }) });
  const crash = async (from: number, to: number): Promise<void> => {
    for (let n = from; n < to; n += 1) {
      sockets.crash(addressOf(cluster, 'a'));
      await until(cluster, ({ servers }) => servers.a?.restarts === n + 1 && servers.a.state === 'running');
    }
  };
  await crash(0, 50);
  const before = await heap();
  await crash(50, 250);
  expect((await heap()) - before).toBeLessThan(1 * MIB);
  expect(sockets.open).toHaveLength(1);
});

test('subscribers that left are forgotten', async () => {
  const { cluster } = await running({ a: saying('a') });
  const visit = (): void => {
    for (let n = 0; n < 20_000; n += 1) {
      cluster.cluster$.subscribe().unsubscribe();
      cluster.state$.subscribe().unsubscribe();
      cluster.outcomes$.subscribe().unsubscribe();
    }
  };
  visit();
  const before = await heap();
  visit();
  expect((await heap()) - before).toBeLessThan(1 * MIB);
});
