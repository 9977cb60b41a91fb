import { firstValueFrom, toArray } from 'rxjs';
import { describe, expect, test } from 'vitest';
import { ask } from '../cluster/fixtures/asking.ts';
import { saying, settledBy } from '../cluster/fixtures/clusters.ts';
import { addressIn, untilWorkers, workerRig, workersRunning } from './rig.ts';

describe('what is pushed', () => {
  test('before the start waits for it, the newest alone', async () => {
    const { cluster, outcomes } = workerRig();
    cluster.siphon.next({ a: saying('1') });
    cluster.siphon.next({ a: saying('2') });
    expect(outcomes).toMatchObject([{ revision: 1, status: 'superseded' }]);
    await cluster.start();
    expect(outcomes).toMatchObject([{ status: 'superseded' }, { revision: 2, status: 'committed' }]);
    expect(await ask(addressIn(cluster, 'a'))).toBe('2');
  });

  test('while a config is committed gives way to what is newer, and every push has its outcome in order', async () => {
    const { cluster, outcomes } = await workersRunning({ a: saying('0') });
    for (const count of [1, 2, 3, 4]) cluster.siphon.next({ a: saying(String(count)) });
    await cluster.apply({ a: saying('last') });
    expect(outcomes.map(({ revision }) => revision)).toEqual([1, 2, 3, 4, 5, 6]);
    expect(outcomes.at(-1)?.status).toBe('committed');
    expect(outcomes.filter(({ status }) => status === 'superseded').length).toBeGreaterThan(0);
  });

  test('is all committed with an endless buffer', async () => {
    const { cluster, outcomes } = await workersRunning({ a: saying('0') }, { siphonBuffer: Number.POSITIVE_INFINITY });
    for (const count of [1, 2, 3]) cluster.siphon.next({ a: saying(String(count)) });
    await cluster.apply({ a: saying('last') });
    expect(outcomes.map(({ status }) => status)).toEqual(Array.from({ length: 5 }, () => 'committed'));
  });

  test('and is no config is rejected', async () => {
    const { cluster } = await workersRunning({ a: saying('a') });
    for (const wrong of [undefined, null, 7, [], new Map()]) {
      // What the types would not let through.
      cluster.siphon.next(wrong as unknown as Parameters<typeof cluster.siphon.next>[0]);
    }
    expect(await cluster.apply({ a: saying('b', 'nowhere') })).toMatchObject({ status: 'rejected' });
    expect(cluster.snapshot.issues).toMatchObject([{ server: 'a', path: 'listen' }]);
    expect(cluster.error).toMatchObject({ code: 'ERR_CONFIG' });
  });

  test('and cannot be read is rejected', async () => {
    const { cluster } = await workersRunning({ a: saying('a') });
    const server = Object.defineProperty({ ...saying('b') }, 'name', {
      enumerable: true,
      get: () => {
        throw new Error('not to be read');
      },
    });
    expect(await cluster.apply({ a: server })).toMatchObject({ status: 'rejected' });
    expect(await ask(addressIn(cluster, 'a'))).toBe('a');
  });
});

describe('a stop', () => {
  test('while the workers start ends them, and what was pushed is cancelled', async () => {
    const { cluster, states } = workerRig();
    const applied = cluster.apply({ a: saying('a') });
    const starting = cluster.start();
    await cluster.stop();
    await starting;
    expect(await applied).toMatchObject({ status: 'cancelled' });
    expect(states.at(-1)).toBe('Stopped');
  });

  test('in the middle of a commit cancels it, and lets go of everything', async () => {
    const { cluster, fake } = await workersRunning({ a: saying('old') });
    fake.fate = ({ type, slot }) => (type === 'prepared' && slot === 1 ? 'lose' : 'pass');
    const applied = cluster.apply({ a: saying('new'), b: saying('b') });
    await untilWorkers(cluster, ({ state }) => state === 'Reloading');
    expect(await settledBy(applied, 10)).toBe('pending');
    await cluster.stop();
    expect(await applied).toMatchObject({ status: 'cancelled' });
    expect(fake.system.open).toEqual([]);
  });

  test('is asked for by a signal, and by a source that is done', async () => {
    const controller = new AbortController();
    const first = await workersRunning({ a: saying('a') }, { signal: controller.signal });
    controller.abort();
    await untilState(first.cluster, 'Stopped');
    const second = await workersRunning({ a: saying('a') }, { stopOnComplete: true });
    second.cluster.siphon.complete();
    await untilState(second.cluster, 'Stopped');
    expect(second.fake.system.open).toEqual([]);
  });

  test('names the slots whose process had to be killed', async () => {
    const { cluster, fake } = await workersRunning({ a: saying('a') });
    fake.freeze(1);
    expect(await cluster.stop()).toMatchObject({ forced: [1] });
  });

  test('completes every stream, and a cluster that never began has nothing to stop', async () => {
    const { cluster } = workerRig();
    expect(await cluster.stop()).toEqual({ cut: 0, durationMs: 0, forced: [] });
    await cluster.start();
    const all = Promise.all([
      firstValueFrom(cluster.state$.pipe(toArray())),
      firstValueFrom(cluster.cluster$.pipe(toArray())),
      firstValueFrom(cluster.outcomes$.pipe(toArray())),
    ]);
    await cluster.stop();
    const [states, snapshots] = await all;
    expect(states).toEqual(['Running', 'Stopping', 'Stopped']);
    expect(snapshots.at(-1)?.state).toBe('Stopped');
  });

  test('forgets its config only when it is renewed', async () => {
    const { cluster } = await workersRunning({ a: saying('a') });
    await cluster.stop();
    expect(await cluster.apply({ a: saying('b') })).toMatchObject({ status: 'cancelled' });
    cluster.renew();
    await cluster.start();
    expect(Object.keys(cluster.snapshot.servers)).toEqual([]);
  });
});

test('what a subscriber throws ends nothing', async () => {
  const { cluster, journal } = workerRig();
  cluster.cluster$.subscribe(() => {
    throw new Error('a careless subscriber');
  });
  await cluster.start();
  expect(await cluster.apply({ a: saying('a') })).toMatchObject({ status: 'committed' });
  expect(journal.lines).toContain('error: a subscriber of the cluster failed');
});

test('a large config is read and committed, and workers tell of all of it', async () => {
  const { cluster } = workerRig();
  await cluster.start();
  const config = Object.fromEntries(Array.from({ length: 120 }, (_, index) => [`s${index}`, saying(String(index))]));
  expect(await cluster.apply(config)).toMatchObject({ status: 'committed' });
  const servers = Object.values(cluster.snapshot.servers);
  expect(servers.filter(({ state }) => state === 'running')).toHaveLength(120);
  expect(await ask(addressIn(cluster, 's77'))).toBe('77');
});

const untilState = async (cluster: { readonly snapshot: { readonly state: string } }, state: string): Promise<void> => {
  while (cluster.snapshot.state !== state) await new Promise((resolve) => setImmediate(resolve));
};
