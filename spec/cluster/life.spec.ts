import { filter, firstValueFrom, toArray } from 'rxjs';
import { describe, expect, test } from 'vitest';
import { ask, askAll } from './fixtures/asking.ts';
import { addressOf, eventually, rig, running, saying, until } from './fixtures/clusters.ts';
import { keepOpen } from './fixtures/kept.ts';
import { freeAddresses } from './fixtures/ports.ts';
import { listening } from './fixtures/sockets.ts';

const LIFE = ['New', 'Booting', 'Running', 'Stopping', 'Stopped'];

test('a cluster that was just made is New, holds nothing and opens nothing', async () => {
  const { cluster, sockets } = rig();
  expect(cluster.snapshot).toMatchObject({
    state: 'New',
    revision: { desired: 0, applied: 0 },
    degraded: false,
    source: 'open',
    draining: [],
  });
  expect(cluster.snapshot.servers).toEqual({});
  expect(cluster.name).toBe('cluster');
  expect(sockets.attempts).toEqual([]);
});

describe('starting', () => {
  test('without a config is done at once, and a subscriber that came before sees every state', async () => {
    const { cluster, states } = rig();
    await cluster.start();
    expect(states).toEqual(['New', 'Booting', 'Running']);
    await cluster.stop();
    expect(states).toEqual(LIFE);
  });

  test('any number of times, by anybody, is starting once', async () => {
    const { cluster, states, sockets } = rig();
    void cluster.apply({ a: saying('a') });
    await Promise.all(Array.from({ length: 10 }, () => cluster.start()));
    await cluster.start();
    expect(states).toEqual(['New', 'Booting', 'Running']);
    expect(sockets.attempts).toEqual(['127.0.0.1:0']);
  });

  test('with a held config is done when that is in force', async () => {
    const { cluster } = rig();
    cluster.siphon.next({ a: saying('a') });
    await cluster.start();
    expect(cluster.snapshot).toMatchObject({ state: 'Running', revision: { applied: 1 } });
    expect(await ask(addressOf(cluster, 'a'))).toBe('a');
  });

  test('with a held config that is not valid ends in Error, and a good one leads out', async () => {
    const { cluster, states } = rig();
    cluster.siphon.next(Object.assign({ a: saying('a', 'nowhere') }));
    await cluster.start();
    expect(cluster.snapshot).toMatchObject({ state: 'Error', degraded: true, revision: { desired: 1, applied: 0 } });
    expect(cluster.snapshot.issues).toMatchObject([{ server: 'a', path: 'listen' }]);
    expect(await cluster.apply({ a: saying('a') })).toMatchObject({ status: 'committed' });
    expect(states).toEqual(['New', 'Booting', 'Error', 'Reloading', 'Running']);
    expect(cluster.snapshot).toMatchObject({ degraded: false });
    expect(cluster.snapshot.issues).toBeUndefined();
  });

  test('with a held config that cannot be bound ends in Error, and pushing it again heals it', async () => {
    const { cluster, states, sockets } = rig();
    sockets.fault(() => 'refuse');
    const outcome = cluster.apply({ a: saying('a') });
    await cluster.start();
    expect(await outcome).toMatchObject({ status: 'rolledBack', server: 'a', cause: { errno: 'EADDRINUSE' } });
    expect(cluster.snapshot.state).toBe('Error');
    expect(cluster.snapshot.error).toMatchObject({ name: 'BindError' });
    sockets.heal();
    expect(await cluster.apply({ a: saying('a') })).toMatchObject({ status: 'committed' });
    expect(states).toEqual(['New', 'Booting', 'Error', 'Reloading', 'Running']);
  });
});

describe('stopping', () => {
  test('ten times at once is one stop, and everybody gets its report', async () => {
    const { cluster, states } = await running({ a: saying('a') });
    const reports = await Promise.all(Array.from({ length: 10 }, () => cluster.stop()));
    expect(new Set(reports.map((report) => JSON.stringify(report))).size).toBe(1);
    expect(reports[0]).toMatchObject({ cut: 0 });
    expect(reports[0]?.durationMs).toBeGreaterThan(0);
    expect(states).toEqual(['New', 'Booting', 'Running', 'Reloading', 'Running', 'Stopping', 'Stopped']);
    expect(await cluster.stop()).toEqual(reports[0]);
  });

  test('before the start cancels what is held and changes nothing else', async () => {
    const { cluster, states } = rig();
    const held = cluster.apply({ a: saying('a') });
    expect(await cluster.stop()).toEqual({ cut: 0, durationMs: 0 });
    expect(await held).toMatchObject({ status: 'cancelled' });
    expect(states).toEqual(['New']);
    await cluster.start();
    expect(cluster.snapshot).toMatchObject({ state: 'Running' });
    expect(cluster.snapshot.servers).toEqual({});
  });

  test('frees every address and answers nobody afterwards', async () => {
    const [one = '', two = ''] = await freeAddresses(2);
    const before = await listening();
    const { cluster, sockets } = await running({ a: saying('a', one), b: saying('b', two) });
    expect(await askAll([one, two])).toEqual({ [one]: 'a', [two]: 'b' });
    await cluster.stop();
    expect(sockets.open).toEqual([]);
    expect(await listening()).toBe(before);
    expect(Object.values(await askAll([one, two]))).toEqual(['no answer: ECONNREFUSED', 'no answer: ECONNREFUSED']);
    expect(cluster.snapshot.servers).toMatchObject({ a: { state: 'stopped' }, b: { state: 'stopped' } });
  });

  test('while the first config hangs cancels it and leaves nothing behind', async () => {
    const before = await listening();
    const { cluster, sockets, states } = rig();
    const [free = '', hanging = ''] = await freeAddresses(2);
    sockets.fault((address) => (address === hanging ? 'hang' : 'none'));
    const outcome = cluster.apply({ a: saying('a', free), b: saying('b', hanging) });
    const started = cluster.start();
    await eventually(() => sockets.open.includes(free));
    await cluster.stop();
    await started;
    expect(await outcome).toMatchObject({ status: 'cancelled' });
    expect(states).toEqual(LIFE);
    expect(sockets.open).toEqual([]);
    expect(await listening()).toBe(before);
  });

  test('while a change hangs cancels it, and those that run finish as usual', async () => {
    const { cluster, sockets, states } = await running({ a: saying('a') });
    sockets.fault(() => 'hang');
    const outcome = cluster.apply({ a: saying('changed'), b: saying('b') });
    await firstValueFrom(cluster.state$.pipe(filter((state) => state === 'Reloading')));
    expect(await ask(addressOf(cluster, 'a'))).toBe('a');
    await cluster.stop();
    expect(await outcome).toMatchObject({ status: 'cancelled' });
    expect(states.slice(3)).toEqual(['Reloading', 'Running', 'Reloading', 'Running', 'Stopping', 'Stopped']);
    expect(sockets.open).toEqual([]);
  });

  test('takes no longer because a server failed or waits for its restart', async () => {
    const restart = { intensity: 1, initialMs: 60_000, maxMs: 60_000 };
    const { cluster, sockets } = await running({
      failed: saying('failed', '127.0.0.1:0', { restart: { intensity: 0 } }),
      waiting: saying('waiting', '127.0.0.1:0', { restart }),
      well: saying('well'),
    });
    sockets.crash(addressOf(cluster, 'failed'));
    sockets.crash(addressOf(cluster, 'waiting'));
    await until(cluster, ({ servers }) => servers.failed?.state === 'failed' && servers.waiting?.state === 'starting');
    const { durationMs } = await cluster.stop();
    expect(durationMs).toBeLessThan(2_000);
    expect(Object.values(cluster.snapshot.servers).map(({ state }) => state)).toEqual([
      'stopped',
      'stopped',
      'stopped',
    ]);
  });

  test('is bounded by shutdownTimeoutMs whatever a handler does, and says what it cut', async () => {
    const { cluster } = await running(
      { a: { listen: '127.0.0.1:0', app: () => new Promise<Response>(() => {}) } },
      { shutdownTimeoutMs: 200 },
    );
    const asked = ask(addressOf(cluster, 'a'));
    await eventually(() => cluster.snapshot.servers.a?.inFlight === 1);
    const report = await cluster.stop();
    expect(report).toMatchObject({ cut: 1 });
    expect(report.durationMs).toBeGreaterThanOrEqual(190);
    expect(report.durationMs).toBeLessThan(2_000);
    expect(await asked).toMatch(/^no answer/);
  });

  test('counts what is cut in generations that had left already', async () => {
    const { cluster } = await running({ a: { listen: '127.0.0.1:0', app: () => new Promise<Response>(() => {}) } });
    const asked = ask(addressOf(cluster, 'a'));
    await eventually(() => cluster.snapshot.servers.a?.inFlight === 1);
    await cluster.apply({});
    expect(cluster.snapshot.draining).toMatchObject([{ server: 'a', connections: 1 }]);
    expect(await cluster.stop({ drainTimeoutMs: 100 })).toMatchObject({ cut: 1 });
    expect(await asked).toMatch(/^no answer/);
  });

  test('counts nobody who was idle in a generation that had left already, and waits no longer than it may', async () => {
    const { cluster } = await running({ a: saying('a') });
    const connection = await keepOpen(addressOf(cluster, 'a'));
    expect(await connection.ask()).toBe('a');
    await cluster.apply({});
    const report = await cluster.stop({ drainTimeoutMs: 50 });
    expect(report).toMatchObject({ cut: 0 });
    expect(report.durationMs).toBeLessThan(1_000);
    await eventually(() => connection.closed);
  });

  test('`await using` stops it', async () => {
    const { cluster, states } = rig();
    {
      await using own = cluster;
      await own.start();
    }
    expect(states).toEqual(LIFE);
  });
});

describe('starting and stopping at once', () => {
  test('a start during the stop begins the next life when this one is over', async () => {
    const { cluster, states } = await running({ a: saying('a') });
    const stopped = cluster.stop();
    const started = Promise.all([cluster.start(), cluster.start()]);
    await stopped;
    expect(states.at(-1)).toBe('Stopped');
    await started;
    expect(cluster.snapshot.state).toBe('Running');
    expect(await ask(addressOf(cluster, 'a'))).toBe('a');
  });

  test('of a stop, a start and a stop the last one counts', async () => {
    const { cluster } = await running({ a: saying('a') });
    const states = cluster.state$.pipe(toArray());
    const [heard] = await Promise.all([firstValueFrom(states), cluster.stop(), cluster.start(), cluster.stop()]);
    expect(heard).toEqual(['Running', 'Stopping', 'Stopped']);
    await new Promise((resolve) => setImmediate(resolve));
    expect(cluster.snapshot.state).toBe('Stopped');
  });

  test('of a start and a stop in one turn the stop counts', async () => {
    const { cluster, states } = rig();
    await Promise.all([cluster.start(), cluster.stop()]);
    expect(states).toEqual(LIFE);
  });

  test('twenty lives in a row leave nothing behind', async () => {
    const before = await listening();
    const { cluster, sockets } = await running({ a: saying('a') });
    for (let life = 0; life < 20; life += 1) {
      await cluster.stop({ drainTimeoutMs: 0 });
      await cluster.start();
      expect(cluster.snapshot).toMatchObject({ state: 'Running', revision: { applied: 1 } });
    }
    expect(sockets.open).toHaveLength(1);
    await cluster.stop();
    expect(await listening()).toBe(before);
  });
});
