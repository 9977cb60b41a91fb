import { readdirSync } from 'node:fs';
import { createServer } from 'node:net';
import { describe, expect, test } from 'vitest';
import type { ClusterConfig } from '../../lib/config/server-config.ts';
import { BindError } from '../../lib/listener/errors.ts';
import { ask, askAll } from './fixtures/asking.ts';
import { addressOf, calm, eventually, rig, running, saying } from './fixtures/clusters.ts';
import { freeAddresses } from './fixtures/ports.ts';
import { listening } from './fixtures/sockets.ts';

const IDS = ['a', 'b', 'c', 'd', 'e'] as const;

const configOf = (addresses: readonly string[], word: string): ClusterConfig =>
  Object.fromEntries(IDS.map((id, index) => [id, saying(`${id} ${word}`, addresses[index])]));

/** Open files of this process; where the system does not tell, as many as ever. */
const openFiles = (): number => {
  try {
    return readdirSync('/proc/self/fd').length;
  } catch {
    return 0;
  }
};

/** Something like a Hono app that falls apart when it is looked at closely. */
const unbuildable = {
  fetch: () => new Response('never'),
  router: {},
  onError: () => {},
  get errorHandler(): unknown {
    throw new Error('no error handler');
  },
};

describe('of a commit of five servers that all move', () => {
  for (const [index, id] of IDS.entries()) {
    for (const fault of ['refuse', 'hang'] as const) {
      test(`a bind that ${fault}s at step ${index + 1} leaves ports and bodies as they were`, async () => {
        const before = await freeAddresses(5);
        const after = await freeAddresses(5);
        const { cluster, sockets } = await running(configOf(before, 'old'), { startTimeoutMs: 40 });
        const open = [...sockets.open].sort();
        const handles = await listening();
        const bodies = await askAll(before);
        const files = openFiles();
        sockets.fault((address) => (address === after[index] ? fault : 'none'));

        const outcome = await cluster.apply(configOf(after, 'new'));

        expect(outcome).toMatchObject({ status: 'rolledBack', server: id, unrestored: [] });
        expect(outcome.status === 'rolledBack' && outcome.cause).toMatchObject({
          code: fault === 'hang' ? 'ERR_BIND_TIMEOUT' : 'ERR_BIND',
        });
        expect([...sockets.open].sort()).toEqual(open);
        expect(await listening()).toBe(handles);
        expect(await askAll(before)).toEqual(bodies);
        expect(Object.values(await askAll(after))).toEqual(after.map(() => 'no answer: ECONNREFUSED'));
        await eventually(() => openFiles() <= files);
        expect(cluster.snapshot).toMatchObject({ state: 'Running', degraded: false, draining: [] });
      });
    }

    test(`an app that cannot be built at step ${index + 1} does so too, before anything is bound after it`, async () => {
      const before = await freeAddresses(5);
      const after = await freeAddresses(5);
      const { cluster, sockets } = await running(configOf(before, 'old'));
      sockets.forget();
      const config = { ...configOf(after, 'new'), [id]: { listen: after[index] ?? '', app: unbuildable } };
      expect(await cluster.apply(config)).toMatchObject({
        status: 'rolledBack',
        server: id,
        cause: { code: 'ERR_APP', cause: { message: 'no error handler' } },
      });
      expect([...sockets.open].sort()).toEqual([...before].sort());
      expect(Object.values(await askAll(before))).toEqual(IDS.map((one) => `${one} old`));
    });
  }
});

test('what was bound is let go in the reverse of the order in which it was bound', async () => {
  const addresses = await freeAddresses(5);
  const { cluster, sockets } = rig({ startTimeoutMs: 50 });
  sockets.fault((address) => (address === addresses[4] ? 'hang' : 'none'));
  await cluster.start();
  expect(await cluster.apply(configOf(addresses, 'x'))).toMatchObject({ status: 'rolledBack', server: 'e' });
  expect(sockets.closed).toEqual([...addresses.slice(0, 4)].reverse());
});

test('the last of sixty that fails undoes the fifty-nine before it', async () => {
  const before = await listening();
  const { cluster, sockets } = await running({ old: saying('old') });
  const many = Object.fromEntries(Array.from({ length: 60 }, (_, index) => [`s${index}`, saying(`${index}`)]));
  sockets.forget();
  sockets.fault((_, attempt) => (attempt === 60 ? 'refuse' : 'none'));
  expect(await cluster.apply({ old: saying('new'), ...many })).toMatchObject({ status: 'rolledBack', server: 's59' });
  expect(sockets.attempts).toHaveLength(60);
  expect(sockets.open).toEqual([addressOf(cluster, 'old')]);
  expect(await listening()).toBe(before + 1);
  expect(await ask(addressOf(cluster, 'old'))).toBe('old');
});

test('a port that another process holds is refused, its holder unharmed', async () => {
  const foreign = createServer((socket) => socket.end('foreign'));
  await new Promise<void>((resolve) => foreign.listen(0, '127.0.0.1', resolve));
  const held = foreign.address();
  const port = typeof held === 'object' && held !== null ? held.port : 0;
  const { cluster } = await running({ a: saying('a') });
  const outcome = await cluster.apply({ a: saying('a2'), b: saying('b', `127.0.0.1:${port}`) });
  expect(outcome).toMatchObject({ status: 'rolledBack', server: 'b', cause: { errno: 'EADDRINUSE' } });
  expect(outcome.status === 'rolledBack' && outcome.cause).toBeInstanceOf(BindError);
  expect(await ask(addressOf(cluster, 'a'))).toBe('a');
  expect(foreign.listening).toBe(true);
  await new Promise((resolve) => foreign.close(resolve));
  // The same config again, now that the port is free.
  expect(await cluster.apply({ a: saying('a2'), b: saying('b', `127.0.0.1:${port}`) })).toMatchObject({
    status: 'committed',
  });
});

test('a host that does not exist is refused within its time', async () => {
  const { cluster } = await running({ a: saying('a') }, { startTimeoutMs: 2_000 });
  const outcome = await cluster.apply({ a: saying('a'), b: saying('b', 'no-such-host.invalid:0') });
  expect(outcome).toMatchObject({ status: 'rolledBack', server: 'b' });
  expect(outcome.durationMs).toBeLessThan(4_000);
});

test('a thousand pushes of the same config open no socket', async () => {
  const { cluster, sockets } = await running(configOf(await freeAddresses(5), 'x'));
  sockets.forget();
  const config = configOf(sockets.open, 'x');
  for (let n = 0; n < 1_000; n += 1) expect((await cluster.apply({ ...config })).status).toBe('unchanged');
  expect(sockets.attempts).toEqual([]);
  expect(sockets.closed).toEqual([]);
});

test('five times empty and full on the same address works without a pause', async () => {
  const [address = ''] = await freeAddresses(1);
  const { cluster } = await running({ a: saying('0', address) });
  for (let n = 1; n <= 5; n += 1) {
    expect(await cluster.apply({})).toMatchObject({ status: 'committed' });
    expect(await cluster.apply({ a: saying(`${n}`, address) })).toMatchObject({ status: 'committed' });
    expect(await ask(address)).toBe(`${n}`);
  }
  await calm(cluster);
  expect(await ask(address)).toBe('5');
});

test('an address that is taken over while its last server is leaving survives the undoing of that', async () => {
  const [address = '', hanging = '', other = ''] = await freeAddresses(3);
  let answer: ((response: Response) => void) | undefined;
  const slow = {
    listen: address,
    app: () =>
      new Promise<Response>((resolve) => {
        answer = resolve;
      }),
  };
  const { cluster, sockets } = await running({ a: slow, z: saying('z', other) });
  await cluster.apply({});
  sockets.fault((asked) => (asked === hanging ? 'hang' : 'none'));
  const outcome = cluster.apply({ b: saying('b', address), c: saying('c', hanging) });
  // The address is held for `b`, which is not in force yet: the server that leaves goes on answering. Without `b` it
  // would be closed by now, as is the one of `z`, which left at the same time.
  await eventually(() => sockets.attempts.includes(hanging) && sockets.closed.includes(other));
  const asked = ask(address);
  await eventually(() => answer !== undefined);
  sockets.giveUp();
  expect(await outcome).toMatchObject({ status: 'rolledBack', server: 'c' });
  expect(cluster.snapshot.draining).toContainEqual(expect.objectContaining({ server: 'a', address, connections: 1 }));
  answer?.(new Response('still here'));
  expect(await asked).toBe('still here');
  await calm(cluster);
  expect(sockets.open).toEqual([]);
});
