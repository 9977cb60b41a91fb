import { from, NEVER, of, Subject, throwError } from 'rxjs';
import { describe, expect, test } from 'vitest';
import type { ClusterConfig } from '../../lib/config/server-config.ts';
import { ask } from './fixtures/asking.ts';
import { addressOf, eventually, rig, running, saying, until } from './fixtures/clusters.ts';

describe('a source of configs', () => {
  test('is followed, whether it begins before or after the cluster', async () => {
    const source = new Subject<ClusterConfig>();
    const { cluster } = rig();
    source.subscribe(cluster.siphon);
    source.next({ a: saying('before') });
    await cluster.start();
    expect(await ask(addressOf(cluster, 'a'))).toBe('before');
    source.next({ a: saying('after') });
    await until(cluster, ({ revision }) => revision.applied === 2);
    expect(await ask(addressOf(cluster, 'a'))).toBe('after');
  });

  test('that emits everything at once leaves the last one in force', async () => {
    const { cluster } = rig();
    await cluster.start();
    from(['a', 'b', 'c'].map((word) => ({ a: saying(word) }))).subscribe(cluster.siphon);
    await until(cluster, ({ revision }) => revision.applied === 3);
    expect(await ask(addressOf(cluster, 'a'))).toBe('c');
  });

  test('that completes changes nothing: the servers stay, and the snapshot says so', async () => {
    const { cluster } = rig();
    await cluster.start();
    of({ a: saying('a') }).subscribe(cluster.siphon);
    const snapshot = await until(cluster, ({ revision, source }) => revision.applied === 1 && source === 'completed');
    expect(snapshot).toMatchObject({ state: 'Running', degraded: false });
    expect(await ask(addressOf(cluster, 'a'))).toBe('a');
  });

  test('that fails leaves the last good config in force, and the snapshot says why', async () => {
    const { cluster, journal } = await running({ a: saying('a') });
    throwError(() => new Error('the source broke')).subscribe(cluster.siphon);
    expect(cluster.snapshot).toMatchObject({
      state: 'Running',
      source: 'failed',
      error: { message: 'the source broke' },
    });
    expect(journal.lines).toContain('error: a source of configs failed; the last good config stays in force');
    expect(await ask(addressOf(cluster, 'a'))).toBe('a');
    expect(await cluster.apply({ a: saying('b') })).toMatchObject({ status: 'committed' });
  });

  test('that fails with something that is no error is told as one', async () => {
    const { cluster } = await running({ a: saying('a') });
    cluster.siphon.error('gone');
    expect(cluster.snapshot.error).toBeInstanceOf(Error);
    expect(cluster.snapshot.error?.message).toBe('gone');
  });

  test('that is tried again and speaks is open again', async () => {
    const { cluster } = await running({ a: saying('a') });
    cluster.siphon.error(new Error('gone'));
    cluster.siphon.next({ a: saying('b') });
    await until(cluster, ({ revision }) => revision.applied === 2);
    expect(cluster.snapshot.source).toBe('open');
    expect(cluster.snapshot).not.toHaveProperty('error');
  });

  test('that is silent lets the cluster run without servers', async () => {
    const { cluster } = rig();
    NEVER.subscribe(cluster.siphon);
    await cluster.start();
    expect(cluster.snapshot).toMatchObject({ state: 'Running', source: 'open', revision: { desired: 0 } });
  });

  test('need not be the only one', async () => {
    const [left, right] = [new Subject<ClusterConfig>(), new Subject<ClusterConfig>()];
    const { cluster } = rig();
    await cluster.start();
    left.subscribe(cluster.siphon);
    right.subscribe(cluster.siphon);
    left.next({ a: saying('left') });
    await until(cluster, ({ revision }) => revision.applied === 1);
    left.complete();
    right.next({ a: saying('right') });
    await until(cluster, ({ revision }) => revision.applied === 2);
    right.error(new Error('right broke'));
    expect(await ask(addressOf(cluster, 'a'))).toBe('right');
    expect(cluster.snapshot).toMatchObject({ state: 'Running', source: 'failed' });
  });

  test('that pushes, completes and fails when all is over harms nobody', async () => {
    const { cluster } = await running({ a: saying('a') });
    await cluster.stop();
    cluster.siphon.next({ a: saying('b') });
    cluster.siphon.error(new Error('late'));
    cluster.siphon.complete();
    expect(cluster.snapshot.state).toBe('Stopped');
  });
});

describe('stopOnComplete', () => {
  test('stops when the source has completed and its last config is settled', async () => {
    const { cluster, states, outcomes } = rig({ stopOnComplete: true });
    await cluster.start();
    of({ a: saying('a') }).subscribe(cluster.siphon);
    await until(cluster, ({ state }) => state === 'Stopped');
    expect(outcomes).toMatchObject([{ revision: 1, status: 'committed' }]);
    expect(states).toEqual(['New', 'Booting', 'Running', 'Reloading', 'Running', 'Stopping', 'Stopped']);
  });

  test('stops at once when nothing is waiting', async () => {
    const { cluster } = await running({ a: saying('a') }, { stopOnComplete: true });
    cluster.siphon.complete();
    await until(cluster, ({ state }) => state === 'Stopped');
  });

  test('a source that was over before the start is served first', async () => {
    const { cluster, outcomes } = rig({ stopOnComplete: true });
    of({ a: saying('a') }).subscribe(cluster.siphon);
    expect(cluster.snapshot.state).toBe('New');
    await cluster.start();
    await until(cluster, ({ state }) => state === 'Stopped');
    expect(outcomes).toMatchObject([{ status: 'committed' }]);
  });

  test('a source that never said anything ends it too', async () => {
    const { cluster } = rig({ stopOnComplete: true });
    from([]).subscribe(cluster.siphon);
    await cluster.start();
    await until(cluster, ({ state }) => state === 'Stopped');
  });

  test('a stop that comes first and the end of the source are one stop', async () => {
    const { cluster, sockets, states } = rig({ stopOnComplete: true });
    sockets.fault(() => 'hang');
    of({ a: saying('a') }).subscribe(cluster.siphon);
    void cluster.start();
    await eventually(() => sockets.attempts.length === 1);
    await cluster.stop();
    expect(states).toEqual(['New', 'Booting', 'Running', 'Stopping', 'Stopped']);
  });

  test('the next life is not ended by the source of the last one', async () => {
    const { cluster } = await running({ a: saying('a') }, { stopOnComplete: true });
    cluster.siphon.complete();
    await until(cluster, ({ state }) => state === 'Stopped');
    await cluster.start();
    expect(await cluster.apply({ a: saying('b') })).toMatchObject({ status: 'committed' });
    expect(cluster.snapshot.state).toBe('Running');
  });
});

describe('signal', () => {
  test('stops the cluster when it aborts', async () => {
    const controller = new AbortController();
    const { cluster, sockets } = await running({ a: saying('a') }, { signal: controller.signal });
    controller.abort();
    await until(cluster, ({ state }) => state === 'Stopped');
    expect(sockets.open).toEqual([]);
  });

  test('that has aborted already never lets it serve', async () => {
    const { cluster, sockets, states } = rig({ signal: AbortSignal.abort() });
    const held = cluster.apply({ a: saying('a') });
    await cluster.start();
    expect(await held).toMatchObject({ status: 'cancelled' });
    await until(cluster, ({ state }) => state === 'Stopped');
    expect(states).toEqual(['New', 'Booting', 'Running', 'Stopping', 'Stopped']);
    expect(sockets.attempts).toEqual([]);
  });

  test('that aborts before the start does the same', async () => {
    const controller = new AbortController();
    const { cluster } = rig({ signal: controller.signal });
    controller.abort();
    expect(cluster.snapshot.state).toBe('New');
    await cluster.start();
    await until(cluster, ({ state }) => state === 'Stopped');
  });

  test('that aborts while a change hangs cancels it', async () => {
    const controller = new AbortController();
    const { cluster, sockets } = await running({ a: saying('a') }, { signal: controller.signal });
    sockets.fault(() => 'hang');
    const outcome = cluster.apply({ b: saying('b') });
    await eventually(() => sockets.attempts.length === 2);
    controller.abort();
    expect(await outcome).toMatchObject({ status: 'cancelled' });
  });

  test('is not listened to any more once the cluster has stopped', async () => {
    const { signal } = new AbortController();
    const listeners = new Set<unknown>();
    const add = signal.addEventListener.bind(signal);
    const remove = signal.removeEventListener.bind(signal);
    signal.addEventListener = (type: string, listener: EventListener, options?: AddEventListenerOptions) => {
      listeners.add(listener);
      add(type, listener, options);
    };
    signal.removeEventListener = (type: string, listener: EventListener) => {
      listeners.delete(listener);
      remove(type, listener);
    };
    const { cluster } = await running({ a: saying('a') }, { signal });
    expect(listeners.size).toBe(1);
    await cluster.stop();
    expect(listeners.size).toBe(0);
  });
});
