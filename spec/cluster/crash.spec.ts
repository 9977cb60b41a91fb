import { describe, expect, test } from 'vitest';
import type { RestartConfig } from '../../lib/config/server-config.ts';
import { ask } from './fixtures/asking.ts';
import { addressOf, eventually, running, saying, until } from './fixtures/clusters.ts';
import { freeAddresses } from './fixtures/ports.ts';
import { injected, listening } from './fixtures/sockets.ts';

const QUICK: RestartConfig = { initialMs: 1, maxMs: 4, intensity: 5, periodMs: 60_000 };
const SLOW: RestartConfig = { initialMs: 60_000, maxMs: 60_000 };

/**
 * An address for a server that crashes and comes back. The system gives its port to nobody: while nobody listens on a
 * port from the system's own range, any other server on a free port may get it, and so may the near end of a connection.
 */
const ownAddress = async (): Promise<string> => (await freeAddresses(1))[0] ?? '';

test('a server whose socket dies is started again, its siblings notice nothing', async () => {
  const own = await ownAddress();
  const { cluster, sockets, states } = await running({
    a: saying('a', own, { restart: QUICK }),
    b: saying('b'),
  });
  const [a, b] = [addressOf(cluster, 'a'), addressOf(cluster, 'b')];
  const sibling = cluster.snapshot.servers.b;
  sockets.crash(a, injected('EIO'));
  expect(cluster.snapshot.servers.a).toMatchObject({
    state: 'starting',
    error: { name: 'ListenerError', address: a, cause: { code: 'EIO' } },
    uptimeMs: 0,
  });
  expect(cluster.snapshot.degraded).toBe(true);
  expect(await ask(b)).toBe('b');
  const snapshot = await until(cluster, ({ servers }) => servers.a?.state === 'running');
  expect(snapshot).toMatchObject({ state: 'Running', degraded: false });
  expect(snapshot.servers.a).toMatchObject({ restarts: 1, address: a });
  expect(snapshot.servers.a).not.toHaveProperty('error');
  expect(snapshot.servers.b).toMatchObject({ since: sibling?.since, restarts: 0 });
  expect(await ask(a)).toBe('a');
  expect(states.at(-1)).toBe('Running');
  expect(states.filter((state) => state === 'Error')).toEqual([]);
});

test('a socket that somebody else closes is a crash like any other', async () => {
  const own = await ownAddress();
  const { cluster } = await running({ a: saying('a', own, { restart: QUICK }) });
  const address = addressOf(cluster, 'a');
  const handles: unknown = Reflect.get(process, '_getActiveHandles').call(process);
  const server = Array.isArray(handles)
    ? handles.find((handle) => handle.address?.()?.port === Number(address.slice(address.lastIndexOf(':') + 1)))
    : undefined;
  server.close();
  await until(cluster, ({ servers }) => servers.a?.restarts === 1 && servers.a.state === 'running');
  expect(await ask(address)).toBe('a');
});

describe('a server that crashes again and again', () => {
  test('waits longer each time, and after the sixth time in a minute has failed with the last cause', async () => {
    const own = await ownAddress();
    const { cluster, sockets, journal } = await running({
      a: saying('a', own, { restart: { ...QUICK, initialMs: 20, maxMs: 1_000 } }),
      b: saying('b'),
    });
    const address = addressOf(cluster, 'a');
    const waits: number[] = [];
    for (let crash = 1; crash <= 5; crash += 1) {
      const at = performance.now();
      sockets.crash(address, injected(`E${crash}`));
      await until(cluster, ({ servers }) => servers.a?.restarts === crash && servers.a.state === 'running');
      waits.push(performance.now() - at);
    }
    sockets.crash(address, injected('E6'));
    const snapshot = await until(cluster, ({ servers }) => servers.a?.state === 'failed');
    expect(snapshot.servers.a).toMatchObject({ restarts: 5, error: { cause: { code: 'E6' } } });
    expect(snapshot).toMatchObject({ state: 'Running', degraded: true });
    expect(await ask(addressOf(cluster, 'b'))).toBe('b');
    expect(await ask(address)).toBe('no answer: ECONNREFUSED');
    // Half to the whole of 20, 40, 80, 160, 320 ms: each at least half as long as twice the one before could be.
    [10, 20, 40, 80, 160].forEach((least, index) => {
      expect(waits[index]).toBeGreaterThanOrEqual(least - 2);
    });
    expect(journal.lines.filter((line) => line.includes('server a crashed'))).toHaveLength(5);
  });

  test('because its address was taken meanwhile fails with that cause', async () => {
    const { cluster, sockets } = await running({
      a: saying('a', '127.0.0.1:0', { restart: { ...QUICK, intensity: 2 } }),
    });
    const address = addressOf(cluster, 'a');
    sockets.fault(() => 'refuse');
    sockets.crash(address);
    const { servers } = await until(cluster, (snapshot) => snapshot.servers.a?.state === 'failed');
    expect(servers.a).toMatchObject({ restarts: 2, error: { code: 'ERR_BIND', errno: 'EADDRINUSE' } });
  });

  test('is never tried again with intensity 0', async () => {
    const { cluster, sockets } = await running({ a: saying('a', '127.0.0.1:0', { restart: { intensity: 0 } }) });
    sockets.crash(addressOf(cluster, 'a'));
    expect(cluster.snapshot.servers.a).toMatchObject({ state: 'failed', restarts: 0 });
  });

  test('is forgiven crashes that are longer ago than the period', async () => {
    const own = await ownAddress();
    const { cluster, sockets } = await running({
      a: saying('a', own, { restart: { ...QUICK, intensity: 1, periodMs: 30 } }),
    });
    for (let crash = 1; crash <= 3; crash += 1) {
      sockets.crash(addressOf(cluster, 'a'));
      await until(cluster, ({ servers }) => servers.a?.restarts === crash && servers.a.state === 'running');
      await new Promise((resolve) => setTimeout(resolve, 40));
    }
    expect(cluster.snapshot.servers.a).toMatchObject({ state: 'running', restarts: 3 });
  });
});

describe('a new config', () => {
  test('wins over a restart that is waited for', async () => {
    const own = await ownAddress();
    const { cluster, sockets } = await running({ a: saying('old', own, { restart: SLOW }) });
    const address = addressOf(cluster, 'a');
    sockets.crash(address);
    expect(cluster.snapshot.servers.a).toMatchObject({ state: 'starting' });
    expect(await cluster.apply({ a: saying('new', own, { restart: SLOW }) })).toMatchObject({
      status: 'committed',
      plan: { changes: [{ server: 'a', action: 'start', to: address }] },
    });
    expect(await ask(address)).toBe('new');
    expect(cluster.snapshot).toMatchObject({ degraded: false, draining: [] });
  });

  test('that is the same starts what waits or has failed, and nothing else', async () => {
    const [first = '', second = ''] = await freeAddresses(2);
    const { cluster, sockets } = await running({
      failed: saying('failed', first, { restart: { intensity: 0 } }),
      waiting: saying('waiting', second, { restart: SLOW }),
      well: saying('well'),
    });
    for (const id of ['failed', 'waiting']) sockets.crash(addressOf(cluster, id));
    sockets.forget();
    const outcome = await cluster.apply({
      failed: saying('failed', first, { restart: { intensity: 0 } }),
      waiting: saying('waiting', second, { restart: SLOW }),
      well: saying('well'),
    });
    expect(outcome).toMatchObject({
      status: 'committed',
      plan: { changes: [{ server: 'failed', action: 'start' }, { server: 'waiting' }], unchanged: ['well'] },
    });
    expect(sockets.attempts).toHaveLength(2);
    for (const id of ['failed', 'waiting', 'well']) expect(await ask(addressOf(cluster, id))).toBe(id);
    expect(cluster.snapshot).toMatchObject({ degraded: false, draining: [] });
  });

  test('can move a server that is down, and remove it', async () => {
    const [elsewhere = ''] = await freeAddresses(1);
    const { cluster, sockets } = await running({ a: saying('a', '127.0.0.1:0', { restart: SLOW }), b: saying('b') });
    sockets.crash(addressOf(cluster, 'a'));
    expect(await cluster.apply({ a: saying('a', elsewhere, { restart: SLOW }), b: saying('b') })).toMatchObject({
      status: 'committed',
    });
    expect(await ask(elsewhere)).toBe('a');
    sockets.crash(elsewhere);
    expect(await cluster.apply({ b: saying('b') })).toMatchObject({ status: 'committed' });
    await until(cluster, ({ draining }) => draining.length === 0);
    expect(Object.keys(cluster.snapshot.servers)).toEqual(['b']);
    expect(sockets.open).toEqual([addressOf(cluster, 'b')]);
  });

  test('gives the address of a server that is down to another one, which a late restart does not take back', async () => {
    const restart = { initialMs: 40, maxMs: 40 };
    const [address = '', other = ''] = await freeAddresses(2);
    const { cluster, sockets } = await running({ a: saying('a', address, { restart }) });
    sockets.crash(address);
    expect(await cluster.apply({ a: saying('a', other, { restart }), b: saying('b', address) })).toMatchObject({
      status: 'committed',
    });
    await new Promise((resolve) => setTimeout(resolve, 80));
    expect(await ask(address)).toBe('b');
    expect(await ask(other)).toBe('a');
    expect([...sockets.open].sort()).toEqual([address, other].sort());
    expect(cluster.snapshot.servers).toMatchObject({ a: { state: 'running' }, b: { state: 'running' } });
  });

  test('that fails leaves a server that is down to its restarts', async () => {
    const own = await ownAddress();
    const [taken = ''] = await freeAddresses(1);
    const { cluster, sockets } = await running({
      a: saying('a', own, { restart: { initialMs: 100, maxMs: 100 } }),
    });
    const address = addressOf(cluster, 'a');
    sockets.crash(address);
    sockets.fault((asked) => (asked === taken ? 'refuse' : 'none'));
    const outcome = await cluster.apply({
      a: saying('a', own, { restart: { initialMs: 100, maxMs: 100 } }),
      b: saying('b', taken),
    });
    expect(outcome).toMatchObject({ status: 'rolledBack', server: 'b' });
    expect(sockets.open).toEqual([]);
    await until(cluster, ({ servers }) => servers.a?.state === 'running');
    expect(await ask(address)).toBe('a');
  });
});

describe('a crash while a config is being put in force', () => {
  test('of a server that changes: the new version starts in its place', async () => {
    const own = await ownAddress();
    const [slow = ''] = await freeAddresses(1);
    const { cluster, sockets } = await running({ a: saying('old', own, { restart: SLOW }) });
    const address = addressOf(cluster, 'a');
    sockets.fault((asked) => (asked === slow ? 'hang' : 'none'));
    const outcome = cluster.apply({ a: saying('new', own, { restart: SLOW }), b: saying('b', slow) });
    await eventually(() => sockets.attempts.includes(slow));
    sockets.crash(address);
    expect(cluster.snapshot.servers.a?.state).toBe('starting');
    sockets.heal();
    expect(await outcome).toMatchObject({ status: 'committed' });
    await until(cluster, ({ servers }) => servers.a?.state === 'running');
    expect(await ask(address)).toBe('new');
    expect(await ask(slow)).toBe('b');
    expect([...sockets.open].sort()).toEqual([address, slow].sort());
  });

  test('of a server that does not change: the commit goes on, and so do its restarts', async () => {
    const own = await ownAddress();
    const { cluster, sockets } = await running({ a: saying('a', own, { restart: QUICK }) });
    const address = addressOf(cluster, 'a');
    const many = Object.fromEntries(Array.from({ length: 60 }, (_, index) => [`s${index}`, saying(`${index}`)]));
    sockets.fault((_, attempt) => {
      if (attempt === 10) sockets.crash(address);
      return 'none';
    });
    const outcome = await cluster.apply({ a: saying('a', own, { restart: QUICK }), ...many });
    expect(outcome).toMatchObject({ status: 'committed' });
    await until(cluster, ({ servers }) => servers.a?.restarts === 1 && servers.a.state === 'running');
    expect(cluster.snapshot).toMatchObject({ state: 'Running', degraded: false });
  });
});

test('a late report of a server that was replaced does not touch its replacement', async () => {
  const [one = '', two = ''] = await freeAddresses(2);
  const { cluster, sockets } = await running({ a: saying('old', one) });
  await cluster.apply({ a: saying('new', two) });
  // The old socket is still held for those who come too late.
  expect(sockets.open).toContain(one);
  sockets.crash(one);
  expect(cluster.snapshot.servers.a).toMatchObject({ state: 'running', address: two, restarts: 0 });
  expect(cluster.snapshot.degraded).toBe(false);
  expect(await ask(two)).toBe('new');
  await until(cluster, ({ draining }) => draining.length === 0);
  expect(await ask(two)).toBe('new');
});

test('connections that a crashed server has stay and are answered', async () => {
  const own = await ownAddress();
  let answer: (response: Response) => void = () => {};
  const { cluster, sockets } = await running({
    a: {
      listen: own,
      restart: QUICK,
      app: () =>
        new Promise<Response>((resolve) => {
          answer = resolve;
        }),
    },
  });
  const asked = ask(addressOf(cluster, 'a'));
  await eventually(() => cluster.snapshot.servers.a?.inFlight === 1);
  sockets.crash(addressOf(cluster, 'a'));
  await until(cluster, ({ servers }) => servers.a?.state === 'running');
  answer(new Response('done'));
  expect(await asked).toBe('done');
});

test('a hundred crashes of a hundred servers leave nothing behind', async () => {
  const addresses = await freeAddresses(100);
  const before = await listening();
  const ids = Array.from({ length: 100 }, (_, index) => `s${index}`);
  const { cluster, sockets } = await running(
    Object.fromEntries(ids.map((id, index) => [id, saying(id, addresses[index], { restart: QUICK })])),
  );
  for (const id of ids) sockets.crash(addressOf(cluster, id));
  await until(cluster, ({ servers }) =>
    Object.values(servers).every(({ state, restarts }) => state === 'running' && restarts === 1),
  );
  expect(sockets.open).toHaveLength(100);
  expect(await listening()).toBe(before + 100);
  await cluster.stop();
  expect(await listening()).toBe(before);
});
