import { toArray } from 'rxjs';
import { describe, expect, test } from 'vitest';
import type { ClusterSnapshot } from '../../lib/cluster/snapshot.ts';
import type { ClusterConfig } from '../../lib/config/server-config.ts';
import { addressOf, eventually, rig, running, saying, settledBy, until } from './fixtures/clusters.ts';

/** What a stream says from now on. */
const listen = <T>(stream: { subscribe(observer: object): { unsubscribe(): void } }) => {
  const heard: T[] = [];
  const log = { heard, completed: false, failed: false, subscription: { unsubscribe: () => {} } };
  log.subscription = stream.subscribe({
    next: (value: T) => heard.push(value),
    complete: () => {
      log.completed = true;
    },
    error: () => {
      log.failed = true;
    },
  });
  return log;
};

const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

describe('state$', () => {
  test('replays the latest to a late subscriber, tells every change once, and completes after Stopped', async () => {
    const { cluster } = await running({ a: saying('a') });
    const log = listen<string>(cluster.state$);
    expect(log.heard).toEqual(['Running']);
    await cluster.apply({ a: saying('b') });
    await cluster.apply({ a: saying('b') });
    await cluster.stop();
    expect(log).toMatchObject({
      heard: ['Running', 'Reloading', 'Running', 'Stopping', 'Stopped'],
      completed: true,
      failed: false,
    });
  });

  test('never tells the same state twice in a row', async () => {
    const { cluster, states } = await running({ a: saying('a') });
    for (let n = 0; n < 5; n += 1) await cluster.apply(Object.assign({ a: 5 }));
    await cluster.apply({ a: saying('b') });
    expect(states.filter((state, index) => state === states[index - 1])).toEqual([]);
  });

  test('says Running when the outcome is there', async () => {
    const { cluster } = await running({ a: saying('a') });
    await cluster.apply({ b: saying('b') });
    expect(cluster.snapshot.state).toBe('Running');
  });
});

describe('outcomes$', () => {
  test('tells later subscribers nothing of the past', async () => {
    const { cluster } = await running({ a: saying('a') });
    const log = listen(cluster.outcomes$);
    expect(log.heard).toEqual([]);
    await cluster.apply({ a: saying('b') });
    expect(log.heard).toMatchObject([{ revision: 2 }]);
  });

  test('completes when the cluster has stopped, with the cancelled ones before that', async () => {
    const { cluster, sockets } = await running({ a: saying('a') });
    const all = new Promise((resolve) => cluster.outcomes$.pipe(toArray()).subscribe(resolve));
    sockets.fault(() => 'hang');
    void cluster.apply({ b: saying('b') });
    await eventually(() => sockets.attempts.length === 2);
    await cluster.stop();
    expect(await all).toMatchObject([{ revision: 2, status: 'cancelled' }]);
    expect(listen(cluster.outcomes$)).toMatchObject({ heard: [], completed: true });
  });

  test('and the promise of apply tell the same', async () => {
    const { cluster, outcomes } = rig();
    const pushes = [cluster.apply({ a: saying('a') }), cluster.apply({ a: saying('b') })];
    await cluster.start();
    expect(await Promise.all(pushes)).toEqual(outcomes);
    expect(outcomes[0]).toBe(await pushes[0]);
  });
});

describe('cluster$', () => {
  test('replays the latest at once, and completes with Stopped as its last word', async () => {
    const { cluster } = await running({ a: saying('a') });
    const log = listen<ClusterSnapshot>(cluster.cluster$);
    expect(log.heard).toMatchObject([{ state: 'Running', revision: { applied: 1 } }]);
    await cluster.stop();
    await eventually(() => log.completed);
    expect(log.heard.at(-1)).toMatchObject({ state: 'Stopped', servers: { a: { state: 'stopped' } }, draining: [] });
    expect(log.failed).toBe(false);
    expect(listen(cluster.cluster$)).toMatchObject({ heard: [{ state: 'Stopped' }], completed: true });
  });

  test('begins with New for a subscriber that came before the start', async () => {
    const { cluster } = rig();
    const log = listen<ClusterSnapshot>(cluster.cluster$);
    expect(log.heard).toMatchObject([{ state: 'New' }]);
    await cluster.start();
    await turn();
    expect(log.heard.at(-1)).toMatchObject({ state: 'Running' });
  });

  test('emits once for a commit of a hundred servers, not once for each', async () => {
    const { cluster } = rig();
    await cluster.start();
    await turn();
    const many = (word: string): ClusterConfig =>
      Object.fromEntries(Array.from({ length: 100 }, (_, index) => [`s${index}`, saying(`${word} ${index}`)]));
    const log = listen<ClusterSnapshot>(cluster.cluster$);
    await cluster.apply(many('one'));
    await turn();
    const full = log.heard.filter(({ servers }) => Object.keys(servers).length > 0);
    expect(full).toHaveLength(1);
    expect(Object.keys(full[0]?.servers ?? {})).toHaveLength(100);

    log.heard.length = 0;
    await cluster.apply(many('two'));
    await turn();
    expect(log.heard.length).toBeLessThanOrEqual(4);
  });

  test('emits once when a hundred servers crash in one turn', async () => {
    const slow = { restart: { initialMs: 60_000, maxMs: 60_000 } };
    const ids = Array.from({ length: 100 }, (_, index) => `s${index}`);
    const { cluster, sockets } = await running(
      Object.fromEntries(ids.map((id) => [id, saying(id, '127.0.0.1:0', slow)])),
    );
    await turn();
    const log = listen<ClusterSnapshot>(cluster.cluster$);
    for (const id of ids) sockets.crash(addressOf(cluster, id));
    await turn();
    expect(log.heard).toHaveLength(2);
    expect(Object.values(log.heard[1]?.servers ?? {}).every(({ state }) => state === 'starting')).toBe(true);
  });

  test('shows a large cluster that stops bit by bit a few times, and at last as it is then', async () => {
    const many = Object.fromEntries(Array.from({ length: 400 }, (_, index) => [`s${index}`, saying(`${index}`)]));
    const { cluster } = await running(many);
    await turn();
    const log = listen<ClusterSnapshot>(cluster.cluster$);
    const { durationMs } = await cluster.stop();
    await eventually(() => log.completed);
    // One in 4 ms, for which timers take 3 at least; those before it, and those of the states it goes through.
    expect(log.heard.length).toBeLessThanOrEqual(durationMs / 3 + 5);
    expect(log.heard.map(({ state }) => state)).toContain('Stopping');
    const last = log.heard.at(-1);
    expect(last?.state).toBe('Stopped');
    expect(Object.values(last?.servers ?? {}).every(({ state }) => state === 'stopped')).toBe(true);
  });

  test('shows everybody the same object', async () => {
    const { cluster } = await running({ a: saying('a') });
    const [one, two] = [listen<ClusterSnapshot>(cluster.cluster$), listen<ClusterSnapshot>(cluster.cluster$)];
    await cluster.apply({ a: saying('b'), b: saying('b') });
    await turn();
    expect(one.heard.length).toBeGreaterThan(1);
    expect(two.heard.at(-1)).toBe(one.heard.at(-1));
    expect(two.heard.length).toBe(one.heard.length);
  });

  test('shows a subscriber what it changed itself while it was shown the first snapshot', async () => {
    const { cluster } = await running({ a: saying('a') });
    const heard: string[] = [];
    cluster.cluster$.subscribe(({ source }) => {
      heard.push(source);
      if (source === 'open') cluster.siphon.complete();
    });
    await turn();
    expect(heard).toEqual(['open', 'completed']);
  });

  test('tells of a drain as it goes on', async () => {
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
    const asked = fetch(cluster.snapshot.servers.a?.url ?? '');
    await eventually(() => cluster.snapshot.servers.a?.inFlight === 1);
    const log = listen<ClusterSnapshot>(cluster.cluster$);
    await cluster.apply({});
    await until(cluster, ({ draining }) => draining.length === 1);
    answer(new Response('done'));
    await (await asked).text();
    await until(cluster, ({ draining }) => draining.length === 0);
    const seen = log.heard.map(({ draining }) => draining.length);
    expect(seen[0]).toBe(0);
    expect(Math.max(...seen)).toBe(1);
    expect(seen.at(-1)).toBe(0);
  });
});

test('unsubscribing changes nothing for the cluster or for others', async () => {
  const { cluster } = await running({ a: saying('a') });
  const logs = [listen(cluster.cluster$), listen(cluster.state$), listen(cluster.outcomes$)];
  const other = listen(cluster.state$);
  for (const { subscription } of logs) subscription.unsubscribe();
  await cluster.apply({ a: saying('b') });
  expect(logs.map(({ heard }) => heard.length)).toEqual([1, 1, 0]);
  expect(other.heard).toEqual(['Running', 'Reloading', 'Running']);
});

test('ten thousand subscribers that never do anything do not hold a change up', async () => {
  const { cluster } = await running({ a: saying('a') });
  for (let n = 0; n < 10_000; n += 1) cluster.cluster$.subscribe();
  const outcome = await cluster.apply({ a: saying('b') });
  expect(outcome).toMatchObject({ status: 'committed' });
  expect(await settledBy(Promise.resolve('still here'))).toBe('still here');
});

describe('plan', () => {
  test('says what a config would change and changes nothing', async () => {
    const { cluster, sockets, outcomes } = await running({ a: saying('a'), b: saying('b') });
    const before = cluster.snapshot;
    const plan = cluster.plan({ a: saying('other'), c: saying('c') });
    expect(plan).toMatchObject({
      changes: [
        { server: 'a', action: 'update' },
        { server: 'c', action: 'start', to: '127.0.0.1:0' },
        { server: 'b', action: 'stop' },
      ],
      bind: ['127.0.0.1:0'],
      release: [addressOf(cluster, 'b')],
    });
    await turn();
    expect(cluster.snapshot).toEqual({ ...before, servers: expect.anything() });
    expect(Object.keys(cluster.snapshot.servers)).toEqual(['a', 'b']);
    expect(sockets.attempts).toHaveLength(2);
    expect(outcomes).toHaveLength(1);
  });

  test('is what a commit then does', async () => {
    const { cluster } = await running({ a: saying('a'), b: saying('b') });
    const config = { a: saying('other', addressOf(cluster, 'b')), b: saying('b', addressOf(cluster, 'a')) };
    const plan = cluster.plan(config);
    expect(await cluster.apply(config)).toMatchObject({ status: 'committed', plan });
  });

  test('of an equal config is empty', async () => {
    const { cluster } = await running({ a: saying('a') });
    expect(cluster.plan({ a: saying('a') })).toEqual({ changes: [], bind: [], release: [], unchanged: ['a'] });
  });

  test('of a config that is not valid throws what is wrong', async () => {
    const { cluster } = await running({ a: saying('a') });
    expect(() => cluster.plan(Object.assign({ a: 5 }))).toThrowError(
      expect.objectContaining({ name: 'ConfigError', issues: [expect.objectContaining({ server: 'a' })] }),
    );
  });

  test('works before the start and after the stop', async () => {
    const { cluster } = rig();
    const started = [{ server: 'a', action: 'start', to: '127.0.0.1:0' }];
    expect(cluster.plan({ a: saying('a') }).changes).toEqual(started);
    await cluster.start();
    await cluster.apply({ a: saying('a') });
    await cluster.stop();
    expect(cluster.plan({ a: saying('a') }).changes).toMatchObject([{ server: 'a', action: 'start' }]);
  });
});
