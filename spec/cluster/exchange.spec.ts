import { describe, expect, test } from 'vitest';
import type { ServerConfig } from '../../lib/config/server-config.ts';
import { ask, askAll } from './fixtures/asking.ts';
import { addressOf, calm, eventually, running, saying } from './fixtures/clusters.ts';
import { keepOpen } from './fixtures/kept.ts';
import { freeAddresses } from './fixtures/ports.ts';

describe('what answers on an address is exchanged', () => {
  test('at once, on connections that exist too, and none of them closes', async () => {
    const { cluster, sockets } = await running({ a: saying('0') });
    const connections = await Promise.all(Array.from({ length: 10 }, () => keepOpen(addressOf(cluster, 'a'))));
    sockets.forget();
    for (let n = 1; n <= 20; n += 1) {
      await cluster.apply({ a: saying(`${n}`) });
      expect(await Promise.all(connections.map((connection) => connection.ask()))).toEqual(
        connections.map(() => `${n}`),
      );
    }
    expect(connections.map(({ told, closed }) => told || closed)).toEqual(connections.map(() => false));
    expect(sockets.attempts).toEqual([]);
    expect(sockets.closed).toEqual([]);
    for (const connection of connections) connection.end();
  });

  test('while a request is being answered: the old one finishes it, the next one is answered by the new', async () => {
    let answer: (response: Response) => void = () => {};
    const old: ServerConfig = {
      listen: '127.0.0.1:0',
      app: () =>
        new Promise<Response>((resolve) => {
          answer = resolve;
        }),
    };
    const { cluster } = await running({ a: old });
    const address = addressOf(cluster, 'a');
    const connection = await keepOpen(address);
    const slow = connection.ask();
    await eventually(() => cluster.snapshot.servers.a?.inFlight === 1);
    const outcome = await cluster.apply({ a: saying('new') });
    expect(outcome.durationMs).toBeLessThan(1_000);
    expect(await ask(address)).toBe('new');
    answer(new Response('old'));
    expect(await slow).toBe('old');
    expect(await connection.ask()).toBe('new');
    connection.end();
  });

  test('from an app to routes and back', async () => {
    const { cluster } = await running({ a: saying('routes') });
    const connection = await keepOpen(addressOf(cluster, 'a'));
    await cluster.apply({ a: { listen: '127.0.0.1:0', app: () => new Response('app') } });
    expect(await connection.ask()).toBe('app');
    await cluster.apply({ a: saying('routes') });
    expect(await connection.ask('/anything')).toBe('routes');
    connection.end();
  });

  test('and so are limits, without touching a connection', async () => {
    const { cluster, sockets } = await running({ a: saying('a') });
    const connection = await keepOpen(addressOf(cluster, 'a'));
    sockets.forget();
    await cluster.apply({ a: saying('a', '127.0.0.1:0', { handlerTimeoutMs: 1_234, maxConnections: 1 }) });
    expect(cluster.snapshot.servers.a?.config).toMatchObject({ handlerTimeoutMs: 1_234, maxConnections: 1 });
    expect(await connection.ask()).toBe('a');
    // The one place is taken.
    expect(await ask(addressOf(cluster, 'a'))).toMatch(/^no answer/);
    expect(sockets.attempts).toEqual([]);
    connection.end();
  });
});

describe('addresses change hands', () => {
  const at = (words: Readonly<Record<string, string>>) =>
    Object.fromEntries(Object.entries(words).map(([id, address]) => [id, saying(id, address)]));

  test('two servers exchange theirs: no socket opens or closes, connections meet the other one', async () => {
    const [one = '', two = ''] = await freeAddresses(2);
    const { cluster, sockets } = await running(at({ a: one, b: two }));
    const connections = [await keepOpen(one), await keepOpen(two)];
    sockets.forget();
    for (let n = 0; n < 10; n += 1) {
      const isOdd = n % 2 === 0;
      expect(await cluster.apply(isOdd ? at({ a: two, b: one }) : at({ a: one, b: two }))).toMatchObject({
        status: 'committed',
        plan: { bind: [], release: [] },
      });
      expect(await Promise.all(connections.map((connection) => connection.ask()))).toEqual(
        isOdd ? ['b', 'a'] : ['a', 'b'],
      );
      expect(cluster.snapshot.draining).toEqual([]);
    }
    expect([...sockets.attempts, ...sockets.closed]).toEqual([]);
    expect(connections.map(({ told, closed }) => told || closed)).toEqual([false, false]);
    for (const connection of connections) connection.end();
  });

  test('three servers pass theirs round', async () => {
    const [one = '', two = '', three = ''] = await freeAddresses(3);
    const { cluster, sockets } = await running(at({ a: one, b: two, c: three }));
    sockets.forget();
    const connection = await keepOpen(one);
    await cluster.apply(at({ a: two, b: three, c: one }));
    expect(await askAll([one, two, three])).toEqual({ [one]: 'c', [two]: 'a', [three]: 'b' });
    await cluster.apply(at({ a: three, b: one, c: two }));
    expect(await askAll([one, two, three])).toEqual({ [one]: 'b', [two]: 'c', [three]: 'a' });
    expect(await connection.ask()).toBe('b');
    expect([...sockets.attempts, ...sockets.closed]).toEqual([]);
    connection.end();
  });

  test('one makes room, another follows, a third is new, a fourth leaves', async () => {
    const [one = '', two = '', three = ''] = await freeAddresses(3);
    const { cluster, sockets } = await running(at({ a: one, gone: two }));
    sockets.forget();
    expect(await cluster.apply(at({ a: three, b: one, c: two }))).toMatchObject({
      status: 'committed',
      plan: { bind: [three], release: [] },
    });
    expect(await askAll([one, two, three])).toEqual({ [one]: 'b', [two]: 'c', [three]: 'a' });
    expect(sockets.attempts).toEqual([three]);
    expect(sockets.closed).toEqual([]);
  });

  test('a server that moves binds the new address before it leaves the old, and asks its clients to go', async () => {
    const [one = '', two = ''] = await freeAddresses(2);
    const { cluster, sockets } = await running(at({ a: one }));
    const connection = await keepOpen(one);
    expect(await connection.ask()).toBe('a');
    await cluster.apply(at({ a: two }));
    expect([...sockets.open].sort()).toEqual([one, two].sort());
    expect(await ask(two)).toBe('a');
    expect(await connection.ask()).toBe('a');
    expect(connection.told).toBe(true);
    // A newcomer that was not told yet is answered as well.
    expect(await ask(one)).toBe('a');
    await calm(cluster);
    expect(sockets.open).toEqual([two]);
    expect(await ask(one)).toBe('no answer: ECONNREFUSED');
  });

  test('a server that comes back to the address it is just leaving keeps its socket', async () => {
    const [one = '', two = ''] = await freeAddresses(2);
    const { cluster, sockets } = await running(at({ a: one }));
    await cluster.apply(at({ a: two }));
    await cluster.apply(at({ a: one }));
    expect(await ask(one)).toBe('a');
    await calm(cluster);
    expect(sockets.attempts.filter((address) => address === one)).toHaveLength(1);
    expect(sockets.open).toEqual([one]);
    const connection = await keepOpen(one);
    await connection.ask();
    expect(connection.told).toBe(false);
    connection.end();
  });
});
