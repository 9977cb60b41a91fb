import { expect, test } from 'vitest';
import { startedFleet } from './fleet.ts';

test('more workers are started after each other, and it resolves when they are active', async () => {
  const { workers, pass, lines } = await startedFleet({ count: 1 });
  let done = false;
  const scaling = workers.scale(3).then(() => {
    done = true;
  });
  await pass(100);
  expect(done).toBe(false);
  await pass(200);
  await scaling;
  expect(workers.snapshot).toMatchObject({ count: 3, active: 3 });
  expect(lines().slice(2)).toEqual(['scaled', 'starting 1', 'active 1', 'starting 2', 'active 2']);
});

test('fewer workers are the lowest slots: the others finish, and are forgotten', async () => {
  const { workers, pass, started } = await startedFleet({ count: 3 });
  const scaling = workers.scale(1);
  await pass(100);
  await scaling;
  expect(workers.snapshot.workers.map(({ slot, state }) => [slot, state])).toEqual([[0, 'active']]);
  expect(started.map(({ ended }) => ended)).toEqual([false, true, true]);
  expect(started[0]?.received.at(-1)).toEqual({ type: 'count', count: 1 });
  expect(() => workers.workerStats(1)).toThrow(expect.objectContaining({ code: 'ERR_OPTIONS' }));
});

test('a number that cannot be is refused, and nothing changes', async () => {
  const { workers } = await startedFleet({ count: 3, minAvailable: 2 });
  for (const count of [1, 1.5, -1]) {
    await expect(workers.scale(count)).rejects.toMatchObject({ code: 'ERR_OPTIONS' });
  }
  expect(workers.snapshot.count).toBe(3);
});

test('a signal reaches active workers only, and what is none nobody', async () => {
  const { workers, started } = await startedFleet({ count: 2, respawn: false });
  started[1]?.exits(1);
  workers.signal('SIGUSR1');
  expect(started.map(({ signals }) => signals)).toEqual([['SIGUSR1'], []]);
  expect(() => Reflect.apply(workers.signal, workers, ['SIGNONSENSE'])).toThrow(
    expect.objectContaining({ code: 'ERR_OPTIONS' }),
  );
  expect(started[0]?.signals).toEqual(['SIGUSR1']);
});

test('beats alone make four snapshots a second at most', async () => {
  const { workers, started, pass } = await startedFleet({ count: 1, heartbeatMs: 500 });
  let snapshots = 0;
  workers.workers$.subscribe(() => {
    snapshots += 1;
  });
  await pass(300);
  const before = snapshots;
  for (let beat = 0; beat < 100; beat += 1) {
    started[0]?.beat();
    await pass(10);
  }
  expect(snapshots - before).toBeGreaterThanOrEqual(4);
  expect(snapshots - before).toBeLessThanOrEqual(5);
});
