import { describe, expect, test } from 'vitest';
import { ask } from './fixtures/asking.ts';
import { addressOf, calm, eventually, running, saying } from './fixtures/clusters.ts';
import { freePorts } from './fixtures/ports.ts';
import { listening } from './fixtures/sockets.ts';

/** Two addresses of one port that cannot be held at once. */
const PAIRS: readonly (readonly [string, string])[] = [
  ['127.0.0.1', '0.0.0.0'],
  ['0.0.0.0', '127.0.0.1'],
  ['127.0.0.1', ''],
  ['', '127.0.0.1'],
  ['0.0.0.0', ''],
];

for (const [from, to] of PAIRS) {
  describe(`from ${from || 'all interfaces'} to ${to || 'all interfaces'} on one port`, () => {
    test('the old socket makes way for the new one, in one commit', async () => {
      const [port = 0] = await freePorts(1);
      const { cluster, sockets } = await running({ a: saying('old', `${from}:${port}`) });
      expect(await cluster.apply({ a: saying('new', `${to}:${port}`) })).toMatchObject({
        status: 'committed',
        plan: { bind: [`${to}:${port}`], release: [`${from}:${port}`] },
      });
      expect(sockets.open).toEqual([`${to}:${port}`]);
      expect(await ask(`127.0.0.1:${port}`)).toBe('new');
    });

    test('a bind that fails then puts the old one back', async () => {
      const [port = 0] = await freePorts(1);
      const { cluster, sockets } = await running({ a: saying('old', `${from}:${port}`), b: saying('b') });
      sockets.fault((address) => (address === `${to}:${port}` ? 'refuse' : 'none'));
      const outcome = await cluster.apply({ a: saying('new', `${to}:${port}`), b: saying('other') });
      expect(outcome).toMatchObject({ status: 'rolledBack', server: 'a', unrestored: [] });
      expect(cluster.snapshot).toMatchObject({ state: 'Running', degraded: false });
      expect(sockets.open).toContain(`${from}:${port}`);
      expect(await ask(`127.0.0.1:${port}`)).toBe('old');
      expect(await ask(addressOf(cluster, 'b'))).toBe('b');
      await calm(cluster);
      expect(await ask(`127.0.0.1:${port}`)).toBe('old');
    });
  });
}

test('a wildcard displaces every server that leaves its port, and all are put back when it fails', async () => {
  const [port = 0] = await freePorts(1);
  const old = { a: saying('a', `127.0.0.1:${port}`), b: saying('b', `127.0.0.2:${port}`) };
  // Only Linux has all of 127.0.0.0/8 on its loopback interface.
  const { cluster, sockets } = await running(process.platform === 'linux' ? old : { a: old.a });
  const before = [...sockets.open];
  const next = { all: saying('all', `0.0.0.0:${port}`) };
  sockets.fault((address) => (address === `0.0.0.0:${port}` ? 'refuse' : 'none'));
  expect(await cluster.apply(next)).toMatchObject({ status: 'rolledBack', server: 'all', unrestored: [] });
  expect([...sockets.open].sort()).toEqual(before.sort());
  expect(await ask(`127.0.0.1:${port}`)).toBe('a');
  sockets.heal();
  expect(await cluster.apply(next)).toMatchObject({ status: 'committed' });
  expect(sockets.open).toEqual([`0.0.0.0:${port}`]);
  expect(await ask(`127.0.0.1:${port}`)).toBe('all');
});

test('a request that the old one is answering is finished by it', async () => {
  const [port = 0] = await freePorts(1);
  let answer: (response: Response) => void = () => {};
  const { cluster } = await running({
    a: {
      listen: `127.0.0.1:${port}`,
      app: () =>
        new Promise<Response>((resolve) => {
          answer = resolve;
        }),
    },
  });
  const asked = ask(`127.0.0.1:${port}`);
  await eventually(() => cluster.snapshot.servers.a?.inFlight === 1);
  expect(await cluster.apply({ a: saying('new', `0.0.0.0:${port}`) })).toMatchObject({ status: 'committed' });
  expect(await ask(`127.0.0.1:${port}`)).toBe('new');
  expect(cluster.snapshot.draining).toMatchObject([{ server: 'a', connections: 1 }]);
  answer(new Response('old'));
  expect(await asked).toBe('old');
  await calm(cluster);
});

test('a server that left a moment ago and still holds its address gives it to one that overlaps', async () => {
  const [port = 0] = await freePorts(1);
  const { cluster, sockets } = await running({ a: saying('a', `127.0.0.1:${port}`) });
  await cluster.apply({});
  expect(sockets.open).toEqual([`127.0.0.1:${port}`]);
  expect(await cluster.apply({ b: saying('b', `0.0.0.0:${port}`) })).toMatchObject({ status: 'committed' });
  expect(await ask(`127.0.0.1:${port}`)).toBe('b');
  expect(sockets.open).toEqual([`0.0.0.0:${port}`]);
});

test('putting back can fail as well: that is an Error, and nothing is left behind', async () => {
  const before = await listening();
  const [port = 0] = await freePorts(1);
  const { cluster, sockets } = await running({ a: saying('old', `127.0.0.1:${port}`) });
  sockets.fault(() => 'refuse');
  expect(await cluster.apply({ a: saying('new', `0.0.0.0:${port}`) })).toMatchObject({
    status: 'rolledBack',
    unrestored: [{ server: 'a' }],
  });
  expect(cluster.snapshot).toMatchObject({ state: 'Error', degraded: true });
  await calm(cluster);
  expect(cluster.snapshot.servers.a).toMatchObject({ state: 'failed', error: { code: 'ERR_BIND' } });
  sockets.heal();
  expect(await cluster.apply({ a: saying('new', `0.0.0.0:${port}`) })).toMatchObject({ status: 'committed' });
  expect(await ask(`127.0.0.1:${port}`)).toBe('new');
  await cluster.stop();
  expect(await listening()).toBe(before);
});

test('independent: one that makes way twice is put back in between, and the good one gets its address', async () => {
  const [port = 0, other = 0] = await freePorts(2);
  const { cluster, sockets } = await running(
    { old: saying('old', `0.0.0.0:${port}`), gone: saying('gone', `0.0.0.0:${other}`) },
    { commit: 'independent' },
  );
  sockets.fault((address) => (address === `127.0.0.1:${other}` ? 'refuse' : 'none'));
  const outcome = await cluster.apply({
    good: saying('good', `127.0.0.1:${port}`),
    bad: saying('bad', `127.0.0.1:${other}`),
  });
  expect(outcome).toMatchObject({ status: 'committed', refused: [{ server: 'bad' }] });
  expect(await ask(`127.0.0.1:${port}`)).toBe('good');
  expect(Object.keys(cluster.snapshot.servers)).toEqual(['good']);
});
