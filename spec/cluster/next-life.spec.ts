import { toArray } from 'rxjs';
import { describe, expect, test } from 'vitest';
import { ask } from './fixtures/asking.ts';
import { addressOf, running, saying, until } from './fixtures/clusters.ts';
import { freeAddresses } from './fixtures/ports.ts';

test('a stopped cluster starts again with the config it had', async () => {
  const [address = ''] = await freeAddresses(1);
  const { cluster, outcomes } = await running({ a: saying('a', address) });
  await cluster.stop();
  expect(await ask(address)).toBe('no answer: ECONNREFUSED');
  await cluster.start();
  expect(await ask(address)).toBe('a');
  expect(cluster.snapshot).toMatchObject({ state: 'Running', revision: { desired: 1, applied: 1 } });
  expect(outcomes).toHaveLength(1);
});

test('pushes are numbered through all lives, and an equal config changes nothing', async () => {
  const { cluster } = await running({ a: saying('a') });
  await cluster.stop();
  await cluster.start();
  expect(await cluster.apply({ a: saying('a') })).toMatchObject({ status: 'unchanged', revision: 2 });
  expect(await cluster.apply({ a: saying('b') })).toMatchObject({ status: 'committed', revision: 3 });
});

test('what was pushed to a stopped cluster is cancelled and not remembered', async () => {
  const { cluster } = await running({ a: saying('a') });
  await cluster.stop();
  expect(await cluster.apply({ b: saying('b') })).toMatchObject({ status: 'cancelled', revision: 2 });
  await cluster.start();
  expect(Object.keys(cluster.snapshot.servers)).toEqual(['a']);
});

test('a config that cannot be put in force again is an Error that says why, and the next good one leads out', async () => {
  const { cluster, sockets, journal } = await running({ a: saying('a'), b: saying('b') });
  await cluster.stop();
  // What the first one takes is its port of the last life.
  sockets.fault((_, attempt) => (attempt >= 4 ? 'refuse' : 'none'));
  await cluster.start();
  expect(cluster.snapshot).toMatchObject({
    state: 'Error',
    degraded: true,
    revision: { desired: 1, applied: 1 },
    error: { name: 'BindError' },
  });
  expect(sockets.open).toEqual([]);
  sockets.heal();
  expect(journal.lines.filter((line) => /^(warn|error).*server b/.test(line))).toHaveLength(1);
  expect(await cluster.apply({ a: saying('a'), b: saying('b') })).toMatchObject({ status: 'committed' });
  expect(cluster.snapshot).toMatchObject({ state: 'Running', degraded: false });
  expect(await ask(addressOf(cluster, 'b'))).toBe('b');
});

test('a config pushed while the next life begins is committed after the old one', async () => {
  const { cluster } = await running({ a: saying('a') });
  await cluster.stop();
  const started = cluster.start();
  const outcome = cluster.apply({ a: saying('newer') });
  await started;
  expect(await outcome).toMatchObject({ status: 'committed' });
  expect(await ask(addressOf(cluster, 'a'))).toBe('newer');
});

test('a bad config pushed while the next life begins leaves the old one in force', async () => {
  const { cluster } = await running({ a: saying('a') });
  await cluster.stop();
  const started = cluster.start();
  const outcome = cluster.apply({ a: saying('a', 'nowhere') });
  await started;
  expect(await outcome).toMatchObject({ status: 'rejected' });
  expect(cluster.snapshot.state).toBe('Running');
  expect(await ask(addressOf(cluster, 'a'))).toBe('a');
});

test('every life has its own streams: they end with it and begin anew', async () => {
  const { cluster, states, outcomes } = await running({ a: saying('a') });
  await cluster.stop();
  expect(states.at(-1)).toBe('Stopped');
  const replayed: string[] = [];
  let completed = false;
  cluster.state$.subscribe({
    next: (state) => replayed.push(state),
    complete: () => {
      completed = true;
    },
  });
  expect(replayed).toEqual(['Stopped']);
  expect(completed).toBe(true);

  const started = cluster.start();
  const next: string[] = [];
  cluster.state$.subscribe((state) => next.push(state));
  const heard = new Promise((resolve) => cluster.outcomes$.pipe(toArray()).subscribe(resolve));
  await started;
  await cluster.apply({ a: saying('b') });
  await cluster.stop();
  expect(next).toEqual(['Booting', 'Running', 'Reloading', 'Running', 'Stopping', 'Stopped']);
  expect(await heard).toMatchObject([{ revision: 2, status: 'committed' }]);
  // Those who listened to the first life heard nothing of the second.
  expect(states).toHaveLength(7);
  expect(outcomes).toHaveLength(1);
});

test('restarts are counted anew', async () => {
  const [own = ''] = await freeAddresses(1);
  const restart = { initialMs: 1, maxMs: 1 };
  const { cluster, sockets } = await running({ a: saying('a', own, { restart }) });
  sockets.crash(own);
  await until(cluster, ({ servers }) => servers.a?.restarts === 1 && servers.a.state === 'running');
  await cluster.stop();
  await cluster.start();
  expect(cluster.snapshot.servers.a).toMatchObject({ restarts: 0, state: 'running' });
});

describe('a free port that was found', () => {
  test('is asked for again, because clients, proxies and firewalls know it by now', async () => {
    const { cluster, journal } = await running({ a: saying('a'), b: saying('b') });
    const addresses = ['a', 'b'].map((id) => addressOf(cluster, id));
    for (let life = 0; life < 3; life += 1) {
      await cluster.stop();
      await cluster.start();
      expect(['a', 'b'].map((id) => addressOf(cluster, id))).toEqual(addresses);
    }
    expect(await Promise.all(addresses.map((address) => ask(address)))).toEqual(['a', 'b']);
    expect(journal.lines.filter((line) => line.startsWith('warn'))).toEqual([]);
  });

  test('is given up for another one when somebody took it in between, and the log says so', async () => {
    const { cluster, journal } = await running({ a: saying('a'), b: saying('b') });
    const [a, b] = [addressOf(cluster, 'a'), addressOf(cluster, 'b')];
    await cluster.stop();
    const thief = await running({ thief: saying('thief', a) });
    await cluster.start();
    expect(cluster.snapshot.state).toBe('Running');
    const other = addressOf(cluster, 'a');
    expect(other).not.toBe(a);
    expect(addressOf(cluster, 'b')).toBe(b);
    expect(await ask(other)).toBe('a');
    expect(await ask(addressOf(thief.cluster, 'thief'))).toBe('thief');
    expect(journal.lines.filter((line) => line.includes('is taken'))).toEqual([
      `warn: server a answers on ${other}: ${a} is taken by now`,
    ]);
  });

  test('is that of the config in force, also when another one is pushed while the next life begins', async () => {
    const { cluster } = await running({ a: saying('a') });
    const address = addressOf(cluster, 'a');
    await cluster.stop();
    const started = cluster.start();
    await cluster.apply({ a: saying('newer') });
    await started;
    expect(await ask(address)).toBe('newer');
  });

  test('is remembered by a life that ended before it began to serve', async () => {
    const { cluster } = await running({ a: saying('a') });
    const address = addressOf(cluster, 'a');
    await cluster.stop();
    void cluster.start();
    await cluster.stop();
    await cluster.start();
    expect(addressOf(cluster, 'a')).toBe(address);
  });
});

test('a renewed cluster has forgotten its config and begins with what is pushed, on the ports that were found', async () => {
  const { cluster } = await running({ a: saying('a'), gone: saying('gone') });
  const address = addressOf(cluster, 'a');
  cluster.renew();
  expect(cluster.snapshot.state).toBe('Running');
  await cluster.stop();
  cluster.renew();
  expect(cluster.snapshot).toMatchObject({ state: 'New', servers: {} });
  const outcome = cluster.apply({ a: saying('again') });
  await cluster.start();
  expect(await outcome).toMatchObject({ status: 'committed', plan: { changes: [{ server: 'a', action: 'start' }] } });
  expect(Object.keys(cluster.snapshot.servers)).toEqual(['a']);
  expect(addressOf(cluster, 'a')).toBe(address);
  expect(await ask(address)).toBe('again');
});
