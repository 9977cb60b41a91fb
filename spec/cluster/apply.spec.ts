import { describe, expect, test } from 'vitest';
import type { Outcome } from '../../lib/cluster/outcome.ts';
import { ask } from './fixtures/asking.ts';
import { addressOf, eventually, rig, running, saying, settledBy } from './fixtures/clusters.ts';

const BAD = Object.assign({}, { a: { ...saying('a'), listen: 'nowhere' } });
const statusOf = ({ status }: Outcome): string => status;

/** How many of each. */
const tally = (outcomes: readonly Outcome[]): Readonly<Record<string, number>> => {
  const counts: Record<string, number> = {};
  for (const { status } of outcomes) counts[status] = (counts[status] ?? 0) + 1;
  return counts;
};

describe('what becomes of a config', () => {
  test('committed: it runs, and the outcome says what was done', async () => {
    const { cluster } = rig();
    await cluster.start();
    const outcome = await cluster.apply({ a: saying('a') });
    expect(outcome).toMatchObject({
      status: 'committed',
      revision: 1,
      refused: [],
      plan: { changes: [{ server: 'a', action: 'start', to: '127.0.0.1:0' }] },
    });
    expect(outcome.durationMs).toBeGreaterThan(0);
    // Connections are accepted when the outcome is there, not some time later.
    expect(await ask(addressOf(cluster, 'a'))).toBe('a');
  });

  test('unchanged: an equal config touches nothing and shows no Reloading', async () => {
    const { cluster, sockets, states } = await running({ a: saying('a') });
    const { since } = cluster.snapshot.servers.a ?? {};
    for (let push = 0; push < 3; push += 1) {
      expect(await cluster.apply({ a: saying('a') })).toMatchObject({ status: 'unchanged' });
    }
    expect(cluster.snapshot.servers.a?.since).toBe(since);
    expect(sockets.attempts).toHaveLength(1);
    expect(states.filter((state) => state === 'Reloading')).toHaveLength(1);
  });

  test('rejected: it says what is wrong, and everything stays', async () => {
    const { cluster, sockets } = await running({ a: saying('a') });
    expect(await cluster.apply(BAD)).toMatchObject({
      status: 'rejected',
      revision: 2,
      issues: [{ server: 'a', path: 'listen' }],
    });
    expect(cluster.snapshot).toMatchObject({ state: 'Running', degraded: false, revision: { desired: 2, applied: 1 } });
    expect(await ask(addressOf(cluster, 'a'))).toBe('a');
    expect(sockets.attempts).toHaveLength(1);
  });

  test('rejected: two servers that want one address, before anything is touched', async () => {
    const { cluster, sockets } = await running({ a: saying('a', '127.0.0.1:0') });
    for (const listen of ['127.0.0.1:7', ':7', '0.0.0.0:7']) {
      const outcome = await cluster.apply({ b: saying('b', '127.0.0.1:7'), c: saying('c', listen) });
      expect(outcome).toMatchObject({ status: 'rejected', issues: [{ server: 'b' }, { server: 'c' }] });
    }
    expect(sockets.attempts).toHaveLength(1);
    expect(await ask(addressOf(cluster, 'a'))).toBe('a');
  });

  test('an empty config removes everything and the cluster stays up', async () => {
    const { cluster } = await running({ a: saying('a') });
    expect(await cluster.apply({})).toMatchObject({ status: 'committed' });
    expect(cluster.snapshot).toMatchObject({ state: 'Running' });
    expect(cluster.snapshot.servers).toEqual({});
  });

  test('null stands for a server that is not there, known or not', async () => {
    const { cluster } = await running({ a: saying('a'), b: saying('b') });
    expect(await cluster.apply({ a: null, b: saying('b'), x: null })).toMatchObject({
      status: 'committed',
      plan: { changes: [{ server: 'a', action: 'stop' }], unchanged: ['b'] },
    });
    expect(await cluster.apply({ b: saying('b'), x: null })).toMatchObject({ status: 'unchanged' });
    expect(Object.keys(cluster.snapshot.servers)).toEqual(['b']);
  });

  test('whatever is pushed that is no config is rejected and never thrown', async () => {
    const { cluster } = await running({ a: saying('a') });
    const proxy = new Proxy(
      {},
      {
        ownKeys: () => {
          throw new Error('no keys for you');
        },
      },
    );
    const throwing = Object.defineProperty({}, 'a', {
      enumerable: true,
      get: () => {
        throw new Error('no value for you');
      },
    });
    const cyclic: Record<string, unknown> = {};
    cyclic.a = cyclic;
    const odd: unknown[] = [null, undefined, 5, 'a', [], new Map(), () => {}, Symbol('x'), 5n, proxy, throwing, cyclic];
    for (const config of odd) {
      const outcome = await cluster.apply(Object.assign(Object.create(null), { config }).config);
      expect(outcome.status).toBe('rejected');
    }
    const polluting = JSON.parse('{"__proto__": {"listen": "127.0.0.1:0"}, "constructor": {"listen": "127.0.0.1:0"}}');
    expect(await cluster.apply(polluting)).toMatchObject({ status: 'rejected' });
    expect(Object.keys(cluster.snapshot.servers)).toEqual(['a']);
    expect(await ask(addressOf(cluster, 'a'))).toBe('a');
  });

  test('a server config that changes its mind is taken at its first word', async () => {
    let reads = 0;
    const listen = () => {
      reads += 1;
      return reads === 1 ? '127.0.0.1:0' : 'nowhere';
    };
    const config = Object.defineProperty({ ...saying('a') }, 'listen', { enumerable: true, get: listen });
    const { cluster } = rig();
    await cluster.start();
    expect(await cluster.apply({ a: config })).toMatchObject({ status: 'committed' });
    expect(await cluster.apply({ a: config })).toMatchObject({ status: 'unchanged' });
    expect(await ask(addressOf(cluster, 'a'))).toBe('a');
  });
});

describe('a push always settles', () => {
  test('before the start it waits; the newest is committed, the others are superseded', async () => {
    const { cluster, outcomes } = rig();
    const pushes = ['a', 'b', 'c'].map((word) => cluster.apply({ a: saying(word) }));
    expect(await settledBy(Promise.all(pushes.slice(0, 2)))).toMatchObject([
      { status: 'superseded' },
      { status: 'superseded' },
    ]);
    expect(await settledBy(pushes[2] ?? Promise.reject(new Error('no push')))).toBe('pending');
    await cluster.start();
    expect((await Promise.all(pushes)).map(statusOf)).toEqual(['superseded', 'superseded', 'committed']);
    expect(outcomes.map(({ revision }) => revision)).toEqual([1, 2, 3]);
    expect(await ask(addressOf(cluster, 'a'))).toBe('c');
  });

  test('during a stop and after it, it is cancelled at once', async () => {
    const { cluster } = await running({ a: saying('a') });
    const stopped = cluster.stop();
    expect(await settledBy(cluster.apply({}))).toMatchObject({ status: 'cancelled' });
    await stopped;
    expect(await settledBy(cluster.apply({}))).toMatchObject({ status: 'cancelled' });
  });

  test('when the cluster stops first it is cancelled, be it in work or waiting', async () => {
    const { cluster, sockets } = await running({ a: saying('a') }, { siphonBuffer: Number.POSITIVE_INFINITY });
    sockets.fault(() => 'hang');
    const pushes = ['b', 'c', 'd'].map((id) => cluster.apply({ [id]: saying(id) }));
    await eventually(() => sockets.attempts.length === 2);
    await cluster.stop();
    expect((await Promise.all(pushes)).map(statusOf)).toEqual(['cancelled', 'cancelled', 'cancelled']);
  });

  test('twenty that wait behind a slow change settle when the cluster stops', async () => {
    const { cluster, sockets } = await running({ a: saying('a') });
    sockets.fault(() => 'hang');
    const pushes = Array.from({ length: 20 }, (_, index) => cluster.apply({ b: saying(`${index}`) }));
    await eventually(() => sockets.attempts.length === 2);
    await cluster.stop();
    const outcomes = await Promise.all(pushes);
    expect(outcomes).toHaveLength(20);
    expect(outcomes.every(({ status }) => status === 'cancelled' || status === 'superseded')).toBe(true);
  });

  test('ten thousand in a loop, at most three of them committed, the last one in force', async () => {
    const { cluster, outcomes } = await running({ a: saying('a') });
    const pushes = Array.from({ length: 10_000 }, (_, index) => cluster.apply({ a: saying(`${index}`) }));
    const settled = await Promise.all(pushes);
    const counts = tally(settled);
    expect(counts.committed).toBeLessThanOrEqual(3);
    expect((counts.committed ?? 0) + (counts.superseded ?? 0)).toBe(10_000);
    expect(settled.at(-1)).toMatchObject({ status: 'committed' });
    expect(await ask(addressOf(cluster, 'a'))).toBe('9999');
    expect(outcomes.map(({ revision }) => revision)).toEqual(Array.from({ length: 10_001 }, (_, index) => index + 1));
  });

  test('ten thousand before the start as well', async () => {
    const { cluster } = rig({ siphonBuffer: Number.POSITIVE_INFINITY });
    const pushes = Array.from({ length: 10_000 }, () => cluster.apply({ a: saying('a') }));
    await cluster.start();
    expect(tally(await Promise.all(pushes))).toEqual({ committed: 1, unchanged: 9_999 });
  });
});

describe('siphonBuffer', () => {
  /** The first change hangs until it is let go; the others are pushed meanwhile. */
  const pushedBehind = async (siphonBuffer: number, behind: number): Promise<readonly string[]> => {
    const { cluster, sockets } = await running({ a: saying('a') }, { siphonBuffer, startTimeoutMs: 50 });
    sockets.fault((_, attempt) => (attempt === 2 ? 'hang' : 'none'));
    const slow = cluster.apply({ slow: saying('slow') });
    await eventually(() => sockets.attempts.length === 2);
    const others = Array.from({ length: behind }, (_, index) => cluster.apply({ a: saying(`${index}`) }));
    return (await Promise.all([slow, ...others])).map(statusOf);
  };

  test('1: the newest waits, the others are superseded', async () => {
    expect(await pushedBehind(1, 4)).toEqual(['rolledBack', 'superseded', 'superseded', 'superseded', 'committed']);
  });

  test('3: the three newest wait and are committed in order', async () => {
    expect(await pushedBehind(3, 4)).toEqual(['rolledBack', 'superseded', 'committed', 'committed', 'committed']);
  });

  test('Infinity: all are committed in order', async () => {
    const all = await pushedBehind(Number.POSITIVE_INFINITY, 4);
    expect(all).toEqual(['rolledBack', 'committed', 'committed', 'committed', 'committed']);
  });

  test('superseded ones are told in order, after the older one that is in work', async () => {
    const { cluster, sockets, outcomes } = await running({ a: saying('a') }, { startTimeoutMs: 50 });
    sockets.fault((_, attempt) => (attempt === 2 ? 'hang' : 'none'));
    const pushes = [cluster.apply({ slow: saying('slow') })];
    await eventually(() => sockets.attempts.length === 2);
    pushes.push(...['b', 'c', 'd'].map((word) => cluster.apply({ a: saying(word) })));
    expect(outcomes).toHaveLength(1);
    await Promise.all(pushes);
    expect(outcomes.map(({ revision, status }) => `${revision} ${status}`)).toEqual([
      '1 committed',
      '2 rolledBack',
      '3 superseded',
      '4 superseded',
      '5 committed',
    ]);
  });
});

test('many producers at once: everybody gets an outcome, and the last push is in force', async () => {
  const { cluster } = await running({ a: saying('a'), b: saying('b') });
  const producer = async (id: string): Promise<readonly Outcome[]> => {
    const outcomes: Outcome[] = [];
    for (let n = 0; n < 20; n += 1) {
      outcomes.push(await cluster.apply({ a: saying(`${id}${n}`), b: saying(`${id}${n}`) }));
    }
    return outcomes;
  };
  const all = (await Promise.all(['x', 'y', 'z'].map(producer))).flat();
  expect(all).toHaveLength(60);
  expect(new Set(all.map(({ revision }) => revision)).size).toBe(60);
  const { applied } = cluster.snapshot.revision;
  expect(all.filter(({ status }) => status === 'committed').map(({ revision }) => revision)).toContain(applied);
  expect(cluster.snapshot.state).toBe('Running');
  expect(await ask(addressOf(cluster, 'a'))).toBe(await ask(addressOf(cluster, 'b')));
});
