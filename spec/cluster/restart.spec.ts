import { expect, test } from 'vitest';
import { ask } from './fixtures/asking.ts';
import { addressOf, rig, running, saying } from './fixtures/clusters.ts';

test('servers that run are built anew and swapped behind their open sockets, the others are not touched', async () => {
  const { cluster, sockets } = await running({ a: saying('a'), b: saying('b') });
  const address = addressOf(cluster, 'a');
  const open = [...sockets.open];
  expect(await cluster.restart(['a'])).toMatchObject({
    status: 'committed',
    revision: 2,
    plan: { changes: [{ server: 'a', action: 'update', fields: [] }], bind: [], release: [], unchanged: ['b'] },
  });
  expect([...sockets.open]).toEqual(open);
  expect(await ask(address)).toBe('a');
});

test('without names all that run are meant, and disabled ones stay so', async () => {
  const { cluster } = await running({ a: saying('a'), b: saying('b'), c: saying('c', undefined, { disabled: true }) });
  const outcome = await cluster.restart();
  expect(outcome).toMatchObject({ plan: { changes: [{ server: 'a' }, { server: 'b' }] } });
  expect(cluster.snapshot.servers.c).toMatchObject({ state: 'stopped' });
});

test('the config that is in force stays the same: pushing it again changes nothing', async () => {
  const config = { a: saying('a') };
  const { cluster } = await running(config);
  await cluster.restart();
  expect(await cluster.apply({ ...config })).toMatchObject({ status: 'unchanged' });
});

test('a server that is not there, or disabled, is a rejection that names what is near', async () => {
  const { cluster } = await running({ shop: saying('a'), off: saying('c', undefined, { disabled: true }) });
  expect(await cluster.restart(['shpo', 'off'])).toMatchObject({
    status: 'rejected',
    issues: [
      { server: 'shpo', message: 'is not there', hint: "did you mean 'shop'?" },
      { server: 'off', message: 'is disabled' },
    ],
  });
});

test('counts how long they have been running from then on', async () => {
  const { cluster } = await running({ a: saying('a'), b: saying('b') });
  const since = (id: string): number => cluster.snapshot.servers[id]?.since ?? 0;
  const [a, b] = [since('a'), since('b')];
  await expect.poll(() => Date.now()).toBeGreaterThan(a + 5);
  await cluster.restart(['a']);
  expect(since('a')).toBeGreaterThan(a);
  expect(since('b')).toBe(b);
});

test('a config that waits is not superseded by a restart that is asked for after it', async () => {
  const { cluster } = await running({ a: saying('1') });
  const outcomes = await Promise.all([
    cluster.apply({ a: saying('2') }),
    cluster.apply({ a: saying('3') }),
    cluster.restart(['a']),
  ]);
  expect(outcomes.map(({ status }) => status)).toEqual(['committed', 'committed', 'committed']);
  expect(await ask(addressOf(cluster, 'a'))).toBe('3');
});

test('one that is stopped first when it changes is stopped first when it is restarted', async () => {
  const { cluster } = await running({ a: saying('a', undefined, { strategy: 'stop-then-start' }) });
  expect(await cluster.restart()).toMatchObject({ plan: { changes: [{ server: 'a', action: 'restart' }] } });
  expect(await ask(addressOf(cluster, 'a'))).toBe('a');
});

test('a cluster that stopped cancels it, and one without servers has nothing to change', async () => {
  const { cluster } = rig();
  await cluster.start();
  expect(await cluster.restart()).toMatchObject({ status: 'unchanged' });
  await cluster.stop();
  expect(await cluster.restart()).toMatchObject({ status: 'cancelled' });
});
