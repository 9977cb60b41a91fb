import { describe, expect, test } from 'vitest';
import { ask } from './fixtures/asking.ts';
import { addressOf, calm, rig, running, saying, until } from './fixtures/clusters.ts';
import { freeRow } from './fixtures/ports.ts';

const QUICK = { restart: { initialMs: 1, maxMs: 1 } };

const at = (port: number): string => `127.0.0.1:${port}`;

const rangeOf = async (count: number): Promise<{ readonly first: number; readonly listen: string }> => {
  const first = await freeRow(count);
  return { first, listen: `${at(first)}-${first + count - 1}` };
};

describe('a server on a range', () => {
  test('shows the port that was found wherever port 0 does, and what was asked for beside it', async () => {
    const { first, listen } = await rangeOf(3);
    const { cluster } = await running({ a: saying('a', listen, { expose: 'http://localhost:{port}/a' }) });
    expect(cluster.snapshot.servers.a).toMatchObject({
      address: at(first),
      url: `http://localhost:${first}/a`,
      config: { listen },
    });
    expect(await ask(at(first))).toBe('a');
  });

  test('gets a port of its own beside others with the same or an overlapping range', async () => {
    const { first, listen } = await rangeOf(4);
    const { cluster } = await running({ a: saying('a', listen), b: saying('b', `${at(first)}-${first + 1}`) });
    await cluster.apply({
      ...{ a: saying('a', listen), b: saying('b', `${at(first)}-${first + 1}`) },
      c: saying('c', listen),
      d: saying('d', `:${first + 1}-${first + 3}`),
    });
    const ports = ['a', 'b', 'c', 'd'].map((id) => Number(addressOf(cluster, id).split(':').at(-1)));
    expect(ports.toSorted()).toEqual([0, 1, 2, 3].map((n) => first + n));
    for (const [index, id] of ['a', 'b', 'c', 'd'].entries()) expect(await ask(at(ports[index] ?? 0))).toBe(id);
  });

  test('leaves to others the ports they name, whatever the order of the config', async () => {
    const { first, listen } = await rangeOf(3);
    const { cluster } = await running({
      a: saying('a', listen),
      b: saying('b', at(first)),
      c: saying('c', at(first + 1)),
    });
    expect(addressOf(cluster, 'a')).toBe(at(first + 2));
    for (const id of ['a', 'b', 'c']) expect(await ask(addressOf(cluster, id))).toBe(id);
  });

  test('undoes the commit when every port is taken, and the range is named', async () => {
    const { first, listen } = await rangeOf(2);
    const { cluster } = await running({ a: saying('a', at(first)), b: saying('b', at(first + 1)) });
    expect(
      await cluster.apply({ a: saying('a', at(first)), b: saying('b', at(first + 1)), c: saying('c', listen) }),
    ).toMatchObject({
      status: 'rolledBack',
      server: 'c',
      cause: { code: 'ERR_BIND', errno: 'EADDRINUSE', address: listen, hint: expect.stringContaining('all 2 ports') },
    });
  });

  test('keeps its port over changes, restarts, crashes, stops and starts', async () => {
    const { first, listen } = await rangeOf(3);
    const { cluster, sockets } = await running({ z: saying('z', at(first)), a: saying('one', listen, QUICK) });
    const address = addressOf(cluster, 'a');
    expect(address).toBe(at(first + 1));
    await cluster.apply({ a: saying('two', listen, QUICK) });
    await calm(cluster);
    await cluster.restart();
    sockets.crash(address);
    await until(cluster, ({ servers }) => servers.a?.restarts === 1 && servers.a.state === 'running');
    await cluster.apply({ a: saying('three', listen, { ...QUICK, strategy: 'stop-then-start' }) });
    await cluster.stop();
    await cluster.start();
    // A lower port of the range has been free for long.
    expect(addressOf(cluster, 'a')).toBe(address);
    expect(await ask(address)).toBe('three');
  });

  test('keeps a port that another one asks for by number', async () => {
    const { first, listen } = await rangeOf(2);
    const { cluster } = await running({ a: saying('a', listen) });
    expect(await cluster.apply({ a: saying('a', listen), b: saying('b', at(first)) })).toMatchObject({
      status: 'rolledBack',
      server: 'b',
      cause: { errno: 'EADDRINUSE', cause: { message: 'server a runs on this port and asks for a free one' } },
    });
    expect(await ask(at(first))).toBe('a');
  });

  test('moves to another range beside its old port', async () => {
    const { first, listen } = await rangeOf(2);
    const { cluster } = await running({ a: saying('a', listen) });
    const other = await rangeOf(2);
    expect(await cluster.apply({ a: saying('a', other.listen) })).toMatchObject({
      status: 'committed',
      plan: { changes: [{ action: 'move', from: at(first), to: other.listen, fields: ['listen'] }] },
    });
    expect(addressOf(cluster, 'a')).toBe(at(other.first));
  });
});

test('a server whose port was taken while it was down takes another one of its range, and the log says so', async () => {
  const { first, listen } = await rangeOf(2);
  const { cluster, sockets, journal } = await running({
    a: saying('a', listen, { restart: { initialMs: 50, maxMs: 50 } }),
  });
  const other = rig();
  await other.cluster.start();
  sockets.crash(at(first));
  expect(await other.cluster.apply({ b: saying('b', at(first)) })).toMatchObject({ status: 'committed' });
  await until(cluster, ({ servers }) => servers.a?.state === 'running');
  expect(addressOf(cluster, 'a')).toBe(at(first + 1));
  expect(journal.lines).toContain(`warn: server a answers on ${at(first + 1)}: ${at(first)} is taken by now`);
  // From now on that is its port.
  await cluster.apply({ a: saying('new', listen) });
  expect(addressOf(cluster, 'a')).toBe(at(first + 1));
  expect(await ask(at(first + 1))).toBe('new');
  expect(journal.lines.filter((line) => line.includes('is taken by now'))).toHaveLength(1);
});
