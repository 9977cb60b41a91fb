import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { drainSignal } from '../../lib/server/http/drain-signal.ts';
import { ask, askAll } from './fixtures/asking.ts';
import { addressOf, calm, eventually, rig, running, saying, until } from './fixtures/clusters.ts';
import { freeAddresses } from './fixtures/ports.ts';

const directory = mkdtempSync(join(tmpdir(), 'sluice-'));
afterAll(() => rmSync(directory, { recursive: true, force: true }));

describe('servers come, change and go', () => {
  test('from none to two to one to none, with states and counts in step', async () => {
    const [one = '', two = ''] = await freeAddresses(2);
    const { cluster, states } = rig();
    await cluster.start();
    await cluster.apply({ one: saying('one', one), two: saying('two', two) });
    expect(Object.keys(cluster.snapshot.servers)).toEqual(['one', 'two']);
    expect(await askAll([one, two])).toEqual({ [one]: 'one', [two]: 'two' });
    await cluster.apply({ one: saying('one', one) });
    expect(Object.keys(cluster.snapshot.servers)).toEqual(['one']);
    await calm(cluster);
    expect(await askAll([one, two])).toEqual({ [one]: 'one', [two]: 'no answer: ECONNREFUSED' });
    await cluster.apply({});
    expect(cluster.snapshot).toMatchObject({ state: 'Running' });
    await cluster.stop();
    expect(states.filter((state) => state === 'Reloading')).toHaveLength(3);
    expect(states.at(-1)).toBe('Stopped');
  });

  test('a new address and a new route in one change, five times over', async () => {
    const addresses = await freeAddresses(6);
    const { cluster } = await running({ a: saying('0', addresses[0]), b: saying('b') });
    const b = cluster.snapshot.servers.b;
    for (let n = 1; n <= 5; n += 1) {
      await cluster.apply({ a: saying(`${n}`, addresses[n]), b: saying('b') });
      expect(await ask(addresses[n] ?? '')).toBe(`${n}`);
    }
    await calm(cluster);
    expect(new Set(Object.values(await askAll(addresses.slice(0, 5))))).toEqual(new Set(['no answer: ECONNREFUSED']));
    expect(cluster.snapshot.servers.b).toMatchObject({ since: b?.since, address: b?.address, restarts: 0 });
  });

  test('a server is disabled and enabled again', async () => {
    const [address = ''] = await freeAddresses(1);
    const { cluster, sockets } = await running({ a: saying('a', address), b: saying('b') });
    expect(await cluster.apply({ a: saying('a', address, { disabled: true }), b: saying('b') })).toMatchObject({
      status: 'committed',
      plan: { changes: [{ server: 'a', action: 'stop' }] },
    });
    await calm(cluster);
    expect(sockets.open).not.toContain(address);
    expect(cluster.snapshot.servers.a).toMatchObject({ state: 'stopped', address });
    expect(await cluster.apply({ a: saying('a', address), b: saying('b') })).toMatchObject({
      status: 'committed',
      plan: { changes: [{ server: 'a', action: 'start' }] },
    });
    expect(await ask(address)).toBe('a');
  });

  test('a server that is disabled leaves its address to another', async () => {
    const [address = ''] = await freeAddresses(1);
    const { cluster, sockets } = await running({ a: saying('a', address) });
    sockets.forget();
    await cluster.apply({ a: saying('a', address, { disabled: true }), b: saying('b', address) });
    expect(await ask(address)).toBe('b');
    expect(sockets.attempts).toEqual([]);
  });

  test('only disabled servers are a config like any other', async () => {
    const { cluster, sockets } = rig();
    await cluster.start();
    expect(await cluster.apply({ a: saying('a', ':1', { disabled: true }) })).toMatchObject({ status: 'unchanged' });
    expect(cluster.snapshot.servers.a).toMatchObject({ state: 'stopped' });
    expect(sockets.attempts).toEqual([]);
  });

  test('another name or URL is a change that touches no socket', async () => {
    const { cluster, sockets } = await running({ a: saying('a') });
    await cluster.apply({ a: saying('a', '127.0.0.1:0', { name: 'the a', expose: 'https://a.example/' }) });
    expect(cluster.snapshot.servers.a).toMatchObject({ name: 'the a', url: 'https://a.example/' });
    expect(sockets.attempts).toHaveLength(1);
  });
});

describe('a server that leaves', () => {
  test('tells handlers that ask, and lets them finish', async () => {
    const { cluster } = await running({
      a: {
        listen: '127.0.0.1:0',
        app: (request, env) =>
          new Promise<Response>((resolve) => {
            drainSignal(env).addEventListener('abort', () => {
              resolve(new Response(`asked to leave, aborted: ${request.signal.aborted}`));
            });
          }),
      },
    });
    const asked = ask(addressOf(cluster, 'a'));
    await eventually(() => cluster.snapshot.servers.a?.inFlight === 1);
    await cluster.apply({});
    expect(await asked).toBe('asked to leave, aborted: false');
    await calm(cluster);
  });

  test('gives a slow answer all the time its drain allows, and no more', async () => {
    for (const [drainTimeoutMs, expected] of [
      [2_000, /^slow$/],
      [100, /^no answer/],
    ] as const) {
      const { cluster } = await running({
        a: {
          listen: '127.0.0.1:0',
          drainTimeoutMs,
          app: () => new Promise<Response>((resolve) => setTimeout(() => resolve(new Response('slow')), 400)),
        },
      });
      const asked = ask(addressOf(cluster, 'a'));
      await eventually(() => cluster.snapshot.servers.a?.inFlight === 1);
      const startedAt = performance.now();
      await cluster.stop();
      expect(await asked).toMatch(expected);
      expect(performance.now() - startedAt).toBeLessThan(1_500);
    }
  });

  test('with drainTimeoutMs 0 is gone at once, and that is no Error', async () => {
    const { cluster, sockets } = await running({
      a: { listen: '127.0.0.1:0', drainTimeoutMs: 0, app: () => new Promise<Response>(() => {}) },
    });
    const asked = ask(addressOf(cluster, 'a'));
    await eventually(() => cluster.snapshot.servers.a?.inFlight === 1);
    await cluster.apply({});
    expect(await asked).toMatch(/^no answer/);
    await calm(cluster);
    expect(cluster.snapshot).toMatchObject({ state: 'Running', degraded: false });
    expect(sockets.open).toEqual([]);
  });
});

describe('unix sockets', () => {
  const path = (name: string): string => join(directory, name);

  test('are answered on, exchanged, moved and removed', async () => {
    const [x, y, z] = [path('x'), path('y'), path('z')];
    const { cluster, sockets } = await running({ a: saying('a', `unix:${x}`), b: saying('b', `unix:${y}`) });
    expect(cluster.snapshot.servers.a).toMatchObject({ address: x, url: `unix:${x}` });
    expect(await askAll([x, y])).toEqual({ [x]: 'a', [y]: 'b' });
    sockets.forget();
    await cluster.apply({ a: saying('a', `unix:${y}`), b: saying('b', `unix:${x}`) });
    expect(await askAll([x, y])).toEqual({ [x]: 'b', [y]: 'a' });
    expect([...sockets.attempts, ...sockets.closed]).toEqual([]);
    await cluster.apply({ a: saying('a', `unix:${z}`), b: saying('b', '127.0.0.1:0') });
    await calm(cluster);
    expect(await ask(z)).toBe('a');
    expect(readdirSync(directory)).toEqual(['z']);
    await cluster.stop();
    expect(readdirSync(directory)).toEqual([]);
  });

  test('in the place of a file are refused, and everything else is undone', async () => {
    writeFileSync(path('file'), 'not a socket');
    const { cluster } = await running({ a: saying('a', `unix:${path('a')}`) });
    expect(
      await cluster.apply({ a: saying('a2', `unix:${path('b')}`), c: saying('c', `unix:${path('file')}`) }),
    ).toMatchObject({ status: 'rolledBack', server: 'c' });
    expect(await ask(path('a'))).toBe('a');
    expect(readdirSync(directory).sort()).toEqual(['a', 'file']);
    rmSync(path('file'));
  });

  test('are stopped first and started again on the same path, and put back when that fails', async () => {
    const restart = { strategy: 'stop-then-start' } as const;
    const { cluster, sockets } = await running({ a: saying('one', `unix:${path('s')}`, restart) });
    expect(await cluster.apply({ a: saying('two', `unix:${path('s')}`, restart) })).toMatchObject({
      status: 'committed',
    });
    expect(await ask(path('s'))).toBe('two');
    sockets.forget();
    sockets.fault((_, attempt) => (attempt === 1 ? 'refuse' : 'none'));
    expect(await cluster.apply({ a: saying('three', `unix:${path('s')}`, restart) })).toMatchObject({
      status: 'rolledBack',
      unrestored: [],
    });
    expect(await ask(path('s'))).toBe('two');
  });
});

test('sixteen readers see nothing inconsistent while servers come and go and the cluster stops', async () => {
  const { cluster } = await running({ a: saying('a'), b: saying('b') });
  let reading = true;
  let looks = 0;
  const readers = Array.from({ length: 16 }, async () => {
    while (reading) {
      const { state, servers, revision, draining } = cluster.snapshot;
      looks += 1;
      expect(revision.applied).toBeLessThanOrEqual(revision.desired);
      for (const [id, server] of Object.entries(servers)) {
        expect(server.id).toBe(id);
        if (state === 'Stopped') expect(server.state).toBe('stopped');
      }
      if (state === 'Stopped') expect(draining).toEqual([]);
      await new Promise((resolve) => setImmediate(resolve));
    }
  });
  for (let n = 0; n < 20; n += 1) await cluster.apply(n % 2 === 0 ? { a: saying('a') } : { b: saying(`${n}`) });
  await cluster.stop();
  await until(cluster, ({ state }) => state === 'Stopped');
  reading = false;
  await Promise.all(readers);
  expect(looks).toBeGreaterThan(16);
});
