import { describe, expect, test } from 'vitest';
import type { Outcome } from '../../lib/cluster/outcome.ts';
import { ask } from './fixtures/asking.ts';
import { addressOf, eventually, rig, running, saying } from './fixtures/clusters.ts';
import { listening } from './fixtures/sockets.ts';

const LIFE = ['New', 'Booting', 'Running', 'Stopping', 'Stopped'];

describe('inside a notification of a state', () => {
  test('a stop while booting stops it', async () => {
    const before = await listening();
    const { cluster, states, sockets } = rig();
    const held = cluster.apply({ a: saying('a') });
    let stopped: Promise<unknown> | undefined;
    cluster.state$.subscribe((state) => {
      if (state === 'Booting') stopped = cluster.stop();
    });
    await cluster.start();
    expect(await stopped).toMatchObject({ cut: 0 });
    expect(await held).toMatchObject({ status: 'cancelled' });
    expect(states).toEqual(LIFE);
    expect(sockets.open).toEqual([]);
    expect(await listening()).toBe(before);
  });

  test('a start while booting waits for the same start', async () => {
    const { cluster, states } = rig();
    let again: Promise<void> | undefined;
    cluster.state$.subscribe((state) => {
      if (state === 'Booting') again = cluster.start();
    });
    await cluster.start();
    await again;
    expect(states).toEqual(['New', 'Booting', 'Running']);
  });

  test('a push while booting is committed after what was held', async () => {
    const { cluster, outcomes } = rig({ siphonBuffer: Number.POSITIVE_INFINITY });
    cluster.siphon.next({ a: saying('held 1') });
    cluster.siphon.next({ a: saying('held 2') });
    let pushed: Promise<Outcome> | undefined;
    cluster.state$.subscribe((state) => {
      if (state === 'Booting') pushed = cluster.apply({ a: saying('pushed') });
    });
    await cluster.start();
    expect(await pushed).toMatchObject({ status: 'committed', revision: 3 });
    expect(outcomes.map(({ revision, status }) => `${revision} ${status}`)).toEqual([
      '1 committed',
      '2 committed',
      '3 committed',
    ]);
    expect(await ask(addressOf(cluster, 'a'))).toBe('pushed');
  });

  test('a push while it becomes Running is committed', async () => {
    const { cluster } = rig();
    let pushed: Promise<Outcome> | undefined;
    cluster.state$.subscribe((state) => {
      if (state === 'Running') pushed ??= cluster.apply({ a: saying('pushed') });
    });
    await cluster.start();
    expect(await pushed).toMatchObject({ status: 'committed', revision: 1 });
  });

  test('a stop while reloading cancels the change', async () => {
    const { cluster, states, sockets } = await running({ a: saying('a') });
    let stopped: Promise<unknown> | undefined;
    cluster.state$.subscribe((state) => {
      if (state === 'Reloading') stopped = cluster.stop();
    });
    expect(await cluster.apply({ a: saying('b'), b: saying('b') })).toMatchObject({ status: 'cancelled' });
    expect(await stopped).toMatchObject({ cut: 0 });
    expect(sockets.attempts).toHaveLength(1);
    expect(sockets.open).toEqual([]);
    expect(states.slice(-4)).toEqual(['Reloading', 'Running', 'Stopping', 'Stopped']);
  });

  test('a stop when a change is in force does not deny that it was', async () => {
    const { cluster, states } = await running({ a: saying('a') });
    let stopped: Promise<unknown> | undefined;
    cluster.state$.subscribe((state) => {
      if (state === 'Running' && cluster.snapshot.revision.applied === 2) stopped = cluster.stop();
    });
    expect(await cluster.apply({ a: saying('b') })).toMatchObject({ status: 'committed', revision: 2 });
    await stopped;
    expect(states.slice(-4)).toEqual(['Reloading', 'Running', 'Stopping', 'Stopped']);
  });

  test('a stop while stopping, and a push, change nothing', async () => {
    const { cluster, states } = await running({ a: saying('a') });
    const reports: Promise<unknown>[] = [];
    const pushes: Promise<Outcome>[] = [];
    cluster.state$.subscribe((state) => {
      if (state !== 'Stopping' && state !== 'Stopped') return;
      reports.push(cluster.stop());
      pushes.push(cluster.apply({}));
    });
    const report = await cluster.stop();
    expect(await Promise.all(reports)).toEqual([report, report]);
    expect((await Promise.all(pushes)).map(({ status }) => status)).toEqual(['cancelled', 'cancelled']);
    expect(states.slice(-2)).toEqual(['Stopping', 'Stopped']);
  });

  test('a stop in the Running that a stop passes through on its way is the same stop', async () => {
    const { cluster, states, sockets } = rig();
    sockets.fault(() => 'hang');
    void cluster.apply({ a: saying('a') });
    void cluster.start();
    const reports: Promise<unknown>[] = [];
    const pushes: Promise<Outcome>[] = [];
    cluster.state$.subscribe((state) => {
      if (state !== 'Running') return;
      reports.push(cluster.stop());
      pushes.push(cluster.apply({}));
    });
    await eventually(() => sockets.attempts.length === 1);
    const report = await cluster.stop();
    expect(await Promise.all(reports)).toEqual([report]);
    expect((await Promise.all(pushes)).map(({ status }) => status)).toEqual(['cancelled']);
    expect(states).toEqual(LIFE);
  });

  test('a start when it has stopped begins the next life', async () => {
    const { cluster } = await running({ a: saying('a') });
    let started: Promise<void> | undefined;
    cluster.state$.subscribe((state) => {
      if (state === 'Stopped') started = cluster.start();
    });
    await cluster.stop();
    await started;
    expect(cluster.snapshot.state).toBe('Running');
    expect(await ask(addressOf(cluster, 'a'))).toBe('a');
  });

  test('whatever is done, every subscriber sees the same states in the same order', async () => {
    const { cluster, states } = await running({ a: saying('a') });
    cluster.state$.subscribe((state) => {
      if (state === 'Reloading') void cluster.stop();
    });
    const others: string[] = [];
    cluster.state$.subscribe((state) => others.push(state));
    await cluster.apply({ a: saying('b') });
    await cluster.stop();
    expect(others).toEqual(states.slice(-others.length));
    expect(others).toEqual(['Running', 'Reloading', 'Running', 'Stopping', 'Stopped']);
  });
});

describe('inside a notification of an outcome', () => {
  test('pushes are answered in their order, for every subscriber', async () => {
    const { cluster, outcomes } = await running({ a: saying('a') });
    const others: number[] = [];
    let left = 5;
    cluster.outcomes$.subscribe(() => {
      left -= 1;
      // Invalid, so its outcome is there at once.
      if (left > 0) cluster.siphon.next(Object.assign({ a: 5 }));
    });
    cluster.outcomes$.subscribe(({ revision }) => others.push(revision));
    await cluster.apply({ a: saying('b') });
    await eventually(() => others.length === 5);
    expect(others).toEqual([2, 3, 4, 5, 6]);
    expect(outcomes.map(({ revision }) => revision)).toEqual([1, 2, 3, 4, 5, 6]);
  });

  test('a stop neither loses nor repeats an outcome', async () => {
    const { cluster, outcomes } = await running({ a: saying('a') }, { siphonBuffer: Number.POSITIVE_INFINITY });
    let stopped: Promise<unknown> | undefined;
    cluster.outcomes$.subscribe(({ revision }) => {
      if (revision === 3) stopped = cluster.stop();
    });
    const pushed = await Promise.all(Array.from({ length: 5 }, (_, index) => cluster.apply({ a: saying(`${index}`) })));
    await stopped;
    expect(pushed.map(({ status }) => status)).toEqual([
      'committed',
      'committed',
      'cancelled',
      'cancelled',
      'cancelled',
    ]);
    expect(outcomes.map(({ revision }) => revision)).toEqual([1, 2, 3, 4, 5, 6]);
  });
});

describe('inside a notification of a snapshot', () => {
  test('a push is committed, and every subscriber sees the same snapshots', async () => {
    const { cluster } = await running({ a: saying('0') });
    const seen: unknown[][] = [[], []];
    cluster.cluster$.subscribe((snapshot) => seen[0]?.push(snapshot));
    let left = 5;
    cluster.cluster$.subscribe(({ state }) => {
      left -= 1;
      if (left > 0 && state === 'Running') cluster.siphon.next({ a: saying(`${left}`) });
    });
    cluster.cluster$.subscribe((snapshot) => seen[1]?.push(snapshot));
    await eventually(() => left <= 0 && cluster.snapshot.state === 'Running');
    await cluster.apply({ a: saying('last') });
    expect(seen[0]?.length).toBeGreaterThan(3);
    expect(seen[1]).toEqual(seen[0]);
    seen[0]?.forEach((snapshot, index) => {
      expect(seen[1]?.[index]).toBe(snapshot);
    });
  });

  test('a stop stops it, and every subscriber sees the same snapshots', async () => {
    const { cluster } = await running({ a: saying('a') });
    const seen: unknown[][] = [[], []];
    cluster.cluster$.subscribe((snapshot) => seen[0]?.push(snapshot));
    cluster.cluster$.subscribe(({ state }) => {
      if (state === 'Reloading') void cluster.stop();
    });
    cluster.cluster$.subscribe((snapshot) => seen[1]?.push(snapshot));
    await cluster.apply({ a: saying('b') });
    await cluster.stop();
    expect(seen[1]).toEqual(seen[0]);
  });
});
