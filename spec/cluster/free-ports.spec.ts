import { expect, test } from 'vitest';
import { ask } from './fixtures/asking.ts';
import { addressOf, running, saying, until } from './fixtures/clusters.ts';

const QUICK = { restart: { initialMs: 1, maxMs: 1 } };

test('the real port is in the snapshot and answers', async () => {
  const { cluster, sockets } = await running({ a: saying('a') });
  const address = addressOf(cluster, 'a');
  expect(address).toMatch(/^127\.0\.0\.1:[1-9]\d+$/);
  expect(sockets.open).toEqual([address]);
  expect(await ask(address)).toBe('a');
});

test('stays the same over changes of what answers there', async () => {
  const { cluster, sockets } = await running({ a: saying('one') });
  const address = addressOf(cluster, 'a');
  for (const word of ['two', 'three', 'four']) {
    await cluster.apply({ a: saying(word) });
    expect(addressOf(cluster, 'a')).toBe(address);
    expect(await ask(address)).toBe(word);
  }
  expect(sockets.attempts).toEqual(['127.0.0.1:0']);
});

test('stays the same when the server is stopped and started for a change', async () => {
  const { cluster } = await running({ a: saying('one', '127.0.0.1:0', { strategy: 'stop-then-start' }) });
  const address = addressOf(cluster, 'a');
  await cluster.apply({ a: saying('two', '127.0.0.1:0', { strategy: 'stop-then-start' }) });
  expect(addressOf(cluster, 'a')).toBe(address);
  expect(await ask(address)).toBe('two');
});

test('is bound again after a crash', async () => {
  const { cluster, sockets } = await running({ a: saying('a', '127.0.0.1:0', QUICK) });
  const address = addressOf(cluster, 'a');
  sockets.crash(address);
  await until(cluster, ({ servers }) => servers.a?.restarts === 1 && servers.a.state === 'running');
  expect(addressOf(cluster, 'a')).toBe(address);
  expect(await ask(address)).toBe('a');
});

test('keeps its socket when its number is written down', async () => {
  const { cluster, sockets } = await running({ a: saying('one') });
  const address = addressOf(cluster, 'a');
  expect(await cluster.apply({ a: saying('two', address) })).toMatchObject({
    status: 'committed',
    plan: { changes: [{ server: 'a', action: 'update' }], bind: [], release: [] },
  });
  expect(sockets.attempts).toHaveLength(1);
  expect(await ask(address)).toBe('two');
});

test('that one server keeps is refused to another who asks for its number', async () => {
  const { cluster } = await running({ a: saying('a') });
  const address = addressOf(cluster, 'a');
  const port = address.slice(address.lastIndexOf(':'));
  for (const listen of [address, `0.0.0.0${port}`, port]) {
    const outcome = await cluster.apply({ a: saying('a'), b: saying('b', listen) });
    expect(outcome).toMatchObject({ status: 'rolledBack', server: 'b', cause: { errno: 'EADDRINUSE' } });
    expect(Object.keys(cluster.snapshot.servers)).toEqual(['a']);
    expect(await ask(address)).toBe('a');
  }
});

test('that one server keeps is refused even when that server changes in the same config', async () => {
  const { cluster } = await running({ a: saying('a') });
  const address = addressOf(cluster, 'a');
  expect(await cluster.apply({ b: saying('b', address), a: saying('other') })).toMatchObject({ status: 'rolledBack' });
  expect(await ask(address)).toBe('a');
});

test('that one server leaves is handed over to whoever asks for its number', async () => {
  const { cluster, sockets } = await running({ a: saying('a') });
  const address = addressOf(cluster, 'a');
  expect(await cluster.apply({ b: saying('b', address) })).toMatchObject({ status: 'committed' });
  expect(await ask(address)).toBe('b');
  expect(sockets.attempts).toHaveLength(1);
  expect(sockets.open).toEqual([address]);
});

test('of a server that failed goes to whoever asks for its number, and the server finds another', async () => {
  const { cluster, sockets } = await running({ a: saying('a', '127.0.0.1:0', { restart: { intensity: 0 } }) });
  const address = addressOf(cluster, 'a');
  sockets.crash(address);
  await until(cluster, ({ servers }) => servers.a?.state === 'failed');
  const outcome = await cluster.apply({
    a: saying('a', '127.0.0.1:0', { restart: { intensity: 0 } }),
    b: saying('b', address),
  });
  expect(outcome.status).toBe('committed');
  expect(addressOf(cluster, 'a')).not.toBe(address);
  expect(await ask(addressOf(cluster, 'a'))).toBe('a');
  expect(await ask(address)).toBe('b');
});

test('every server that asks for a free port gets one of its own', async () => {
  const { cluster, sockets } = await running({ a: saying('a'), b: saying('b'), c: saying('c') });
  const addresses = ['a', 'b', 'c'].map((id) => addressOf(cluster, id));
  expect(new Set(addresses).size).toBe(3);
  expect(await Promise.all(addresses.map((address) => ask(address)))).toEqual(['a', 'b', 'c']);
  expect([...sockets.open].sort()).toEqual([...addresses].sort());
});

test('stays the same while a server is disabled, and is forgotten when it is taken out', async () => {
  const { cluster, journal } = await running({ a: saying('a'), b: saying('b') });
  const [a, b] = [addressOf(cluster, 'a'), addressOf(cluster, 'b')];
  await cluster.apply({ a: saying('a', '127.0.0.1:0', { disabled: true }), b: saying('b') });
  expect(cluster.snapshot.servers.a?.state).toBe('stopped');
  await cluster.apply({ a: saying('again'), b: saying('b') });
  expect([addressOf(cluster, 'a'), addressOf(cluster, 'b')]).toEqual([a, b]);
  expect(await ask(a)).toBe('again');

  // A config that is refused, or not valid, takes nobody out.
  await cluster.apply({ a: saying('a', '127.0.0.1:0', { disabled: true }), b: saying('b') });
  await cluster.apply({ b: saying('b', 'nonsense') });
  await cluster.apply({ a: saying('a'), b: saying('b') });
  expect(addressOf(cluster, 'a')).toBe(a);

  await cluster.apply({ b: saying('b') });
  expect(cluster.plan({ a: saying('a'), b: saying('b') }).bind).toEqual(['127.0.0.1:0']);
  expect(journal.lines.filter((line) => line.includes('is taken'))).toEqual([]);
});

test('is looked for anew when somebody took it while the server was disabled', async () => {
  const { cluster } = await running({ a: saying('a') });
  const a = addressOf(cluster, 'a');
  await cluster.apply({ a: saying('a', '127.0.0.1:0', { disabled: true }), b: saying('b', a) });
  await cluster.apply({ a: saying('a'), b: saying('b', a) });
  expect(addressOf(cluster, 'a')).not.toBe(a);
  expect([await ask(a), await ask(addressOf(cluster, 'a'))]).toEqual(['b', 'a']);
});
