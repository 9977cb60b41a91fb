import { describe, expect, onTestFinished, test, vi } from 'vitest';
import type { ClusterConfig } from '../../lib/config/server-config.ts';
import { addressOf, eventually, rig, running, saying, until } from './fixtures/clusters.ts';
import { freePorts } from './fixtures/ports.ts';

/** Everything in it, as deep as it is data; apps and errors belong to others. */
const unfrozen = (value: unknown, path = 'snapshot'): string[] => {
  if (typeof value !== 'object' || value === null || value instanceof Error) return [];
  const own = Object.isFrozen(value) ? [] : [path];
  return [...own, ...Object.entries(value).flatMap(([key, member]) => unfrozen(member, `${path}.${key}`))];
};

describe('a snapshot', () => {
  test('is frozen all the way down, whatever it tells', async () => {
    const { cluster, sockets } = await running(
      { a: saying('a'), gone: { listen: '127.0.0.1:0', app: () => new Promise<Response>(() => {}) } },
      { commit: 'independent' },
    );
    expect(unfrozen(cluster.snapshot)).toEqual([]);
    sockets.crash(addressOf(cluster, 'a'));
    await cluster.apply(
      Object.assign({ a: saying('a'), off: saying('off', ':1', { disabled: true }), b: { listen: 5 } }),
    );
    expect(cluster.snapshot.issues).toBeDefined();
    expect(cluster.snapshot.draining).toHaveLength(1);
    expect(unfrozen(cluster.snapshot)).toEqual([]);
    await cluster.apply(Object.assign({ a: 5 }));
    expect(unfrozen(cluster.snapshot)).toEqual([]);
  });

  test('does not change after it was handed out', async () => {
    const { cluster } = await running({ a: saying('a') });
    const before = cluster.snapshot;
    const copy = structuredClone(before);
    await cluster.apply({ b: saying('b') });
    expect(before).toEqual(copy);
    expect(cluster.snapshot).not.toBe(before);
  });

  test('is the same object as long as nothing happens in a turn', async () => {
    const { cluster } = await running({ a: saying('a') });
    expect(cluster.snapshot).toBe(cluster.snapshot);
  });

  test('is data: it survives being sent to another thread or written as JSON', async () => {
    const { cluster } = await running({ a: saying('a'), b: { listen: '127.0.0.1:0', app: () => new Response('b') } });
    const { snapshot } = cluster;
    expect(structuredClone(snapshot)).toEqual(snapshot);
    expect(JSON.parse(JSON.stringify(snapshot))).toEqual(snapshot);
  });

  test('has no prototype that an id could be mistaken for', async () => {
    const { cluster } = await running({ toString: saying('a'), valueOf: saying('b'), 'a.stop': saying('c') });
    const { servers } = cluster.snapshot;
    expect(Object.getPrototypeOf(servers)).toBeNull();
    expect(Object.keys(servers)).toEqual(['toString', 'valueOf', 'a.stop']);
    expect(servers.hasOwnProperty).toBeUndefined();
    expect(servers.toString).toMatchObject({ id: 'toString', state: 'running' });
  });

  test('lists servers in the order of the config in force, whenever they came', async () => {
    const { cluster } = await running({ b: saying('b'), a: saying('a') });
    expect(Object.keys(cluster.snapshot.servers)).toEqual(['b', 'a']);
    const config: ClusterConfig = {
      c: saying('c'),
      off: saying('off', ':1', { disabled: true }),
      a: saying('a'),
      b: saying('b'),
    };
    await cluster.apply(config);
    expect(Object.keys(cluster.snapshot.servers)).toEqual(['c', 'off', 'a', 'b']);
  });
});

describe('a server in a snapshot', () => {
  test('says where it answers, what is in force and since when', async () => {
    const before = Date.now();
    const { cluster } = await running({
      a: saying('a', '127.0.0.1:0', { name: 'the first', drainTimeoutMs: 123 }),
    });
    const server = cluster.snapshot.servers.a;
    expect(server).toMatchObject({
      id: 'a',
      name: 'the first',
      state: 'running',
      config: { listen: '127.0.0.1:0', routes: [{ path: '*', kind: 'respond' }], drainTimeoutMs: 123 },
      connections: 0,
      inFlight: 0,
      restarts: 0,
    });
    expect(server?.url).toBe(`http://${server?.address}`);
    expect(server?.since).toBeGreaterThanOrEqual(before);
    expect(server?.uptimeMs).toBeGreaterThanOrEqual(0);
    expect(server).not.toHaveProperty('error');
  });

  test('has been up for as long as it has, whatever is done to the clock', async () => {
    const { cluster } = await running({ a: saying('a') });
    const began = performance.now() - (cluster.snapshot.servers.a?.uptimeMs ?? 0);
    onTestFinished(() => {
      vi.restoreAllMocks();
    });
    for (const jumpMs of [-86_400_000, 86_400_000]) {
      const now = Date.now() + jumpMs;
      vi.spyOn(Date, 'now').mockReturnValue(now);
      await cluster.apply({ a: saying(`another ${jumpMs}`) });
      const uptimeMs = cluster.snapshot.servers.a?.uptimeMs ?? Number.NaN;
      expect(Math.abs(performance.now() - began - uptimeMs)).toBeLessThan(50);
    }
  });

  test('shows its URL as clients have to write it', async () => {
    const [port = 0] = await freePorts(1);
    const { cluster } = await running({
      all: saying('all', `0.0.0.0:${port}`),
      told: saying('told', '127.0.0.1:0', { expose: 'https://example.com/' }),
    });
    expect(cluster.snapshot.servers).toMatchObject({
      all: { address: `0.0.0.0:${port}`, url: `http://localhost:${port}` },
      told: { url: 'https://example.com/' },
    });
  });

  test('that is disabled is known and stopped', async () => {
    const { cluster, sockets } = await running({
      on: saying('on'),
      off: saying('off', '127.0.0.1:9', { disabled: true }),
    });
    expect(cluster.snapshot.servers.off).toMatchObject({
      state: 'stopped',
      address: '127.0.0.1:9',
      uptimeMs: 0,
      connections: 0,
    });
    expect(cluster.snapshot).toMatchObject({ degraded: false });
    expect(sockets.open).toHaveLength(1);
  });

  test('is up since the change only when it was not up before', async () => {
    const { cluster } = await running({ a: saying('a') });
    const since = cluster.snapshot.servers.a?.since;
    await cluster.apply({ a: saying('b') });
    expect(cluster.snapshot.servers.a?.since).toBe(since);
  });
});

test('generations that still finish are listed with the connections they wait for', async () => {
  let answer: (response: Response) => void = () => {};
  const { cluster } = await running({
    a: {
      listen: '127.0.0.1:0',
      app: () =>
        new Promise<Response>((resolve) => {
          answer = resolve;
        }),
    },
  });
  const address = addressOf(cluster, 'a');
  const asked = fetch(`http://${address}`);
  await eventually(() => cluster.snapshot.servers.a?.inFlight === 1);
  await cluster.apply({});
  expect(cluster.snapshot.servers).toEqual({});
  expect(cluster.snapshot.draining).toMatchObject([{ server: 'a', address, connections: 1 }]);
  answer(new Response('done'));
  expect(await (await asked).text()).toBe('done');
  await until(cluster, ({ draining }) => draining.length === 0);
});

test('revisions say what was looked at last and what is in force', async () => {
  const { cluster } = await running({ a: saying('a') });
  await cluster.apply(Object.assign({ a: 5 }));
  expect(cluster.snapshot.revision).toEqual({ desired: 2, applied: 1 });
  await cluster.apply({ a: saying('a') });
  expect(cluster.snapshot.revision).toEqual({ desired: 3, applied: 3 });
  expect(cluster.snapshot.issues).toBeUndefined();
});

test('before the start there is nothing in it', () => {
  const { cluster } = rig();
  expect(unfrozen(cluster.snapshot)).toEqual([]);
  expect(Object.keys(cluster.snapshot.servers)).toEqual([]);
});
