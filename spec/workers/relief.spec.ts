import { describe, expect, test } from 'vitest';
import type { Fleet } from './fleet.ts';
import { NEVER_MS, startedFleet } from './fleet.ts';

/** Workers that are told to beat; a process beats only when a test says so. */
const beating = { heartbeatMs: 500, heartbeatTimeoutMs: 1_000, readyTimeoutMs: 300 };

/** Lets time go by in which all that live beat, except those. */
const beatFor = async ({ started, pass }: Fleet, ms: number, silent: readonly number[] = []): Promise<void> => {
  for (let passed = 0; passed < ms; passed += 100) {
    for (const [index, process] of started.entries()) if (!process.ended && !silent.includes(index)) process.beat();
    await pass(100);
  }
};

const alive = ({ started }: Fleet): number => started.filter(({ ended }) => !ended).length;

describe('a worker that is not heard of', () => {
  test('is replaced, and killed once its replacement is ready', async () => {
    const made = await startedFleet({ ...beating, count: 2 });
    const [, blocked] = made.started;
    await beatFor(made, 2_500, [1]);
    expect(made.events.filter(({ type }) => type === 'unresponsive')).toMatchObject([{ slot: 1, pid: blocked?.pid }]);
    expect(blocked?.signals).toEqual(['SIGTERM', 'SIGKILL']);
    expect(made.workers.workerStats(1)).toMatchObject({ state: 'active', lastExit: { intent: 'unresponsive' } });
    const lines = made.lines();
    expect(lines.lastIndexOf('active 1')).toBeLessThan(lines.lastIndexOf('exit 1'));
  });

  test('stays while its replacement does not become ready, and another attempt follows', async () => {
    const made = await startedFleet({ ...beating, count: 2 }, (index) => (index === 2 ? { readyMs: NEVER_MS } : {}));
    await beatFor(made, 1_600, [1]);
    expect(made.started[2]?.ended).toBe(true);
    expect(made.started[1]?.ended).toBe(false);
    expect(made.events.filter(({ type }) => type === 'warning')).toMatchObject([{ code: 'WARN_WORKER_NOT_REPLACED' }]);
    await beatFor(made, 2_500, [1]);
    expect(made.started[1]?.ended).toBe(true);
    expect(made.workers.snapshot).toMatchObject({ active: 2 });
  });

  test('is left alone when it answers before its turn', async () => {
    const made = await startedFleet({ ...beating, count: 2 }, (index) => (index === 2 ? { readyMs: NEVER_MS } : {}));
    await beatFor(made, 1_600, [1]);
    await beatFor(made, 5_000);
    expect(made.started).toHaveLength(3);
    expect(made.workers.snapshot.active).toBe(2);
  });
});

describe('a worker that is too large', () => {
  test('makes way for another, which takes over first', async () => {
    const made = await startedFleet({ ...beating, count: 2, maxMemoryBytes: 100_000_000 });
    made.started[0]?.beat({ rssBytes: 200_000_000 });
    await beatFor(made, 1_000);
    expect(made.events.filter(({ type }) => type === 'outgrown')).toMatchObject([{ slot: 0, reason: 'memory' }]);
    expect(made.started[0]?.received.at(-1)).toMatchObject({
      type: 'drain',
      request: { reason: 'memory', handOver: true },
    });
    expect(made.workers.workerStats(0)).toMatchObject({ state: 'active', crashes: 0, restarts: 1 });
  });
});

describe('workers that grow old together', () => {
  test('are replaced one at a time, over all slots', async () => {
    const made = await startedFleet({ count: 4, maxAgeMs: 5_000, maxAgeJitter: 0, startupDelayMs: 0 });
    let most = 0;
    for (let step = 0; step < 600; step += 1) {
      await made.pass(10);
      most = Math.max(most, alive(made));
      expect(made.serving()).toBeGreaterThanOrEqual(4);
    }
    expect(made.events.filter(({ type }) => type === 'outgrown')).toHaveLength(4);
    expect(made.workers.snapshot.workers.map(({ restarts }) => restarts)).toEqual([1, 1, 1, 1]);
    expect(most).toBe(5);
  });

  test('wait for a restart to end, which has replaced them by then', async () => {
    const made = await startedFleet({ count: 3, maxAgeMs: 2_000, maxAgeJitter: 0, startupDelayMs: 0 }, (index) =>
      index >= 3 ? { readyMs: 600 } : {},
    );
    await made.pass(1_300);
    const restarting = made.workers.restart();
    await made.pass(1_900);
    expect((await restarting).status).toBe('done');
    expect(made.started).toHaveLength(6);
  });
});

test('a stop in the middle of a replacement leaves nobody', async () => {
  const made = await startedFleet({ count: 2, maxAgeMs: 1_000, maxAgeJitter: 0, startupDelayMs: 0 });
  await made.pass(560);
  expect(alive(made)).toBe(3);
  const stopping = made.workers.stop();
  await made.pass(100);
  await stopping;
  expect([alive(made), made.time.waiting]).toEqual([0, 0]);
});
