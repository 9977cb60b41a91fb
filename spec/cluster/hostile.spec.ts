import { Observable, throwError } from 'rxjs';
import { describe, expect, test } from 'vitest';
import { type Cluster, createCluster } from '../../lib/cluster/cluster.ts';
import type { Listeners } from '../../lib/listener/listener.ts';
import { systemListeners } from '../../lib/listener/listeners.ts';
import type { Logger } from '../../lib/log/logger.ts';
import { ask } from './fixtures/asking.ts';
import { addressOf, eventually, rig, running, saying, until } from './fixtures/clusters.ts';
import { createJournal } from './fixtures/journal.ts';
import { createSockets, listening } from './fixtures/sockets.ts';

// An error that nobody catches fails the whole run: that none does is half of what is tested here.

const boom = (what: string) => (): never => {
  throw new Error(what);
};

/** One of the streams, as a stream of anything. */
const pick = (cluster: Cluster, stream: 'state$' | 'cluster$' | 'outcomes$'): Observable<unknown> => cluster[stream];

for (const stream of ['state$', 'cluster$', 'outcomes$'] as const) {
  describe(`subscribers of ${stream}`, () => {
    test('that throw wherever they can harm neither the cluster nor the others', async () => {
      const { cluster, journal } = rig();
      const [first, last]: [unknown[], unknown[]] = [[], []];
      pick(cluster, stream).subscribe((value) => first.push(value));
      pick(cluster, stream).subscribe({ next: boom('next'), complete: boom('complete') });
      pick(cluster, stream).subscribe({
        next: async () => boom('async next')(),
        complete: async () => boom('async complete')(),
      });
      pick(cluster, stream).subscribe().add(boom('teardown'));
      const leaving = pick(cluster, stream).subscribe();
      leaving.add(boom('unsubscribe'));
      pick(cluster, stream).subscribe(boom('function'));
      pick(cluster, stream).subscribe((value) => last.push(value));

      await cluster.start();
      await cluster.apply({ a: saying('a') });
      leaving.unsubscribe();
      await cluster.apply({ a: saying('b') });
      expect(await ask(addressOf(cluster, 'a'))).toBe('b');
      await cluster.stop();
      await eventually(() => last.length === first.length);

      expect(first.length).toBeGreaterThan(1);
      expect(last).toEqual(first);
      const reported = journal.lines.filter((line) => line === 'error: a subscriber of the cluster failed');
      expect(reported.length).toBeGreaterThan(5);
    });

    test('that never come back from a promise hold nothing up', async () => {
      const { cluster } = rig();
      pick(cluster, stream).subscribe(() => new Promise<void>(() => {}));
      await cluster.start();
      expect(await cluster.apply({ a: saying('a') })).toMatchObject({ status: 'committed' });
    });

    test('that leave while they are told are told nothing more, and the others are', async () => {
      const { cluster } = rig();
      let told = 0;
      const others: unknown[] = [];
      const leaving = pick(cluster, stream).subscribe(() => {
        told += 1;
        // The first value may come before there is anything to unsubscribe from.
        queueMicrotask(() => leaving.unsubscribe());
      });
      pick(cluster, stream).subscribe((value) => others.push(value));
      await cluster.start();
      for (const word of ['a', 'b', 'c', 'd']) await cluster.apply({ a: saying(word) });
      const toldThen = told;
      expect(leaving.closed).toBe(true);
      await cluster.stop();
      expect(told).toBe(toldThen);
      expect(told).toBeLessThan(others.length);
    });
  });
}

describe('loggers', () => {
  const use = async (logger: Logger) => {
    const sockets = createSockets();
    const cluster = createCluster({ logger, listeners: sockets.listeners });
    await cluster.start();
    await cluster.apply({ a: saying('a', '127.0.0.1:0', { restart: { initialMs: 1, maxMs: 1 } }) });
    await cluster.apply(Object.assign({ a: 5 }));
    cluster.siphon.error(new Error('source'));
    sockets.crash(addressOf(cluster, 'a'));
    await until(cluster, ({ servers }) => servers.a?.state === 'running' && servers.a.restarts === 1);
    expect(await ask(addressOf(cluster, 'a'))).toBe('a');
    await cluster.stop();
    expect(sockets.open).toEqual([]);
  };

  test('that throw are ignored', async () => {
    const fail = boom('logger');
    await use({ error: fail, warn: fail, info: fail, debug: fail });
  });

  test('that reject are ignored', async () => {
    const fail = async () => boom('logger')();
    await use({ error: fail, warn: fail, info: fail, debug: fail });
  });

  test('whose methods cannot even be read are ignored', async () => {
    await use(new Proxy(createJournal(), { get: boom('get') }));
  });
});

describe('listeners of the user', () => {
  const start = async (listeners: Listeners) => {
    const cluster = createCluster({ listeners, logger: createJournal(), startTimeoutMs: 50 });
    await cluster.start();
    return cluster;
  };

  test('that throw instead of returning are a failed bind, and hold nothing back afterwards', async () => {
    const before = await listening();
    let attempts = 0;
    const cluster = await start((address) => {
      attempts += 1;
      if (attempts % 2 === 1) throw new Error('no socket today');
      return systemListeners(address);
    });
    expect(await cluster.apply({ a: saying('a') })).toMatchObject({
      status: 'rolledBack',
      cause: { message: 'no socket today' },
    });
    expect(await cluster.apply({ a: saying('a') })).toMatchObject({ status: 'committed' });
    expect(await ask(addressOf(cluster, 'a'))).toBe('a');
    await cluster.stop();
    expect(await listening()).toBe(before);
  });

  test('that throw when a crashed server is started again are another crash, and hold nothing back afterwards', async () => {
    const sockets = createSockets();
    let isBroken = false;
    const cluster = await start((address) => {
      if (isBroken) throw new Error('no socket today');
      return sockets.listeners(address);
    });
    await cluster.apply({ a: saying('a', '127.0.0.1:0', { restart: { initialMs: 1, maxMs: 1, intensity: 100 } }) });
    isBroken = true;
    sockets.crash(addressOf(cluster, 'a'));
    await until(cluster, ({ servers }) => (servers.a?.restarts ?? 0) > 2);
    expect(cluster.snapshot.servers.a?.error).toMatchObject({ message: 'no socket today' });
    isBroken = false;
    await until(cluster, ({ servers }) => servers.a?.state === 'running');
    expect(await ask(addressOf(cluster, 'a'))).toBe('a');
    await cluster.apply({});
    await until(cluster, ({ draining }) => draining.length === 0);
    expect(sockets.open).toEqual([]);
    await cluster.stop();
  });

  test('that error with something that is no error are a failed bind', async () => {
    const cluster = await start(() => throwError(() => 'just a word'));
    expect(await cluster.apply({ a: saying('a') })).toMatchObject({
      status: 'rolledBack',
      cause: { message: 'just a word' },
    });
    await cluster.stop();
  });

  test('that never say anything are a failed bind in time', async () => {
    const cluster = await start(() => new Observable());
    expect(await cluster.apply({ a: saying('a') })).toMatchObject({
      status: 'rolledBack',
      cause: { code: 'ERR_BIND_TIMEOUT', timeoutMs: 50 },
    });
    await cluster.stop();
  });
});

describe('configs', () => {
  test('are frozen once they are in force, with all their data and without the apps in them', async () => {
    const app = { fetch: () => new Response('a') };
    const config = { a: { listen: '127.0.0.1:0', app }, b: saying('b') };
    const { cluster } = await running(config);
    expect(Object.isFrozen(config.a)).toBe(true);
    expect(Object.isFrozen(config.b.routes)).toBe(true);
    expect(Object.isFrozen(app)).toBe(false);
    expect(() => Object.assign(config.b, { listen: 'elsewhere' })).toThrow(TypeError);
    expect(await cluster.apply({ ...config })).toMatchObject({ status: 'unchanged' });
  });

  test('a handler that was exchanged is noticed, even under the same name and text', async () => {
    const app = (word: string) => ({ fetch: () => new Response(word) });
    const { cluster } = await running({ a: { listen: '127.0.0.1:0', app: app('one') } });
    expect(await cluster.apply({ a: { listen: '127.0.0.1:0', app: app('two') } })).toMatchObject({
      status: 'committed',
      plan: { changes: [{ server: 'a', action: 'update' }] },
    });
    expect(await ask(addressOf(cluster, 'a'))).toBe('two');
  });

  test('the same app under two ids is two servers', async () => {
    const shared = { listen: '127.0.0.1:0', app: () => new Response('shared') };
    const { cluster } = await running({ a: shared, b: shared });
    expect(addressOf(cluster, 'a')).not.toBe(addressOf(cluster, 'b'));
    expect(await ask(addressOf(cluster, 'a'))).toBe('shared');
    expect(await cluster.apply({ a: shared, b: shared })).toMatchObject({ status: 'unchanged' });
  });

  test('ids as odd as they are allowed to be live beside each other', async () => {
    const ids = ['a', 'a.stop', 'a-start', '0', '-', '.', '_', 'hasOwnProperty', 'toString', 'x'.repeat(64)];
    const { cluster } = await running(Object.fromEntries(ids.map((id) => [id, saying(id)])));
    for (const id of ids) expect(await ask(addressOf(cluster, id))).toBe(id);
    expect(await cluster.apply({ 'a.stop': saying('a.stop') })).toMatchObject({ status: 'committed' });
    expect(Object.keys(cluster.snapshot.servers)).toEqual(['a.stop']);
  });

  test('ids that are not allowed are rejected by name', async () => {
    const { cluster } = await running({ a: saying('a') });
    for (const id of ['a:stop', '', 'x'.repeat(65), 'a b', '🚀', 'constructor', 'prototype']) {
      expect(await cluster.apply({ [id]: saying('x') })).toMatchObject({ status: 'rejected' });
    }
    expect(Object.getPrototypeOf({})).toBe(Object.prototype);
  });
});

test('two clusters in one process know nothing of each other', async () => {
  const config = { a: saying('a') };
  const one = await running(config);
  const two = await running(config);
  await one.cluster.apply({});
  await one.cluster.stop();
  expect(await ask(addressOf(two.cluster, 'a'))).toBe('a');
  expect(two.outcomes).toHaveLength(1);
});
