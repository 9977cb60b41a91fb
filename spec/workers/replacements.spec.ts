import { readdirSync } from 'node:fs';
import { expect, test } from 'vitest';
import { ask, running } from './falling.ts';
import { isAlive } from './program.ts';

test('a worker that was stopped is replaced within 3 s and a boot, and leaves no file open', async () => {
  const openFiles = (): number => readdirSync('/proc/self/fd').length;
  const { workers, told, seen, port } = await running('never', { count: 2 });
  await seen(({ state }) => state === 'active', 1);
  const files = openFiles();
  const { pid } = workers.workerStats(0);
  process.kill(pid, 'SIGSTOP');
  const stoppedAt = Date.now();
  await seen((worker) => worker.state === 'active' && worker.pid !== pid);
  const [complaint] = told('unresponsive');
  expect(complaint).toMatchObject({ slot: 0, pid });
  expect((complaint?.at ?? 0) - stoppedAt).toBeLessThan(3_000);
  await expect.poll(() => told('exit').length, { timeout: 5_000 }).toBe(1);
  expect(isAlive(pid)).toBe(false);
  expect(told('exit')).toMatchObject([{ pid, exit: { intent: 'unresponsive', signal: 'SIGKILL' } }]);
  await expect.poll(openFiles, { timeout: 5_000 }).toBeLessThanOrEqual(files);
  await ask(port);
});

test('a worker that holds too much is replaced by one that does not, and then leaves as it is asked to', async () => {
  const { workers, told, seen, fell } = await running('swell', { maxMemoryBytes: 120_000_000, heartbeatMs: 50 });
  const { pid } = workers.workerStats(0);
  fell();
  await seen((worker) => worker.state === 'active' && worker.pid !== pid);
  expect(told('outgrown')).toMatchObject([{ slot: 0, pid, reason: 'memory' }]);
  await expect.poll(() => told('exit').length, { timeout: 10_000 }).toBe(1);
  expect(told('exit')).toMatchObject([{ pid, exit: { code: 0, intent: 'memory', crash: false, forced: false } }]);
  expect(workers.workerStats(0)).toMatchObject({ crashes: 0, restarts: 1 });
});

test('a worker that has grown old is replaced', async () => {
  const { workers, told, seen } = await running('never', { maxAgeMs: 300, maxAgeJitter: 0 });
  const { pid } = workers.workerStats(0);
  await seen((worker) => worker.state === 'active' && worker.pid !== pid);
  expect(told('outgrown')[0]).toMatchObject({ slot: 0, pid, reason: 'age' });
  await expect
    .poll(() => told('exit')[0], { timeout: 10_000 })
    .toMatchObject({ pid, exit: { code: 0, intent: 'age' } });
});

test('a worker that does not leave is killed when its time is up, and the report and the exit code say so', async () => {
  const { workers, told } = await running((slot) => (slot === 1 ? 'stay' : 'never'), { count: 2 });
  const asked = performance.now();
  const report = await workers.stop({ drainTimeoutMs: 1_000 });
  expect(performance.now() - asked).toBeGreaterThanOrEqual(999);
  expect(performance.now() - asked).toBeLessThan(1_500);
  expect(report.forced).toEqual([1]);
  expect(workers.exitCode).toBe(1);
  expect(told('exit').find(({ slot }) => slot === 1)).toMatchObject({
    exit: { intent: 'stop', signal: 'SIGKILL', forced: true, crash: false },
  });
});

test('a worker that dies is followed by a spare, and another spare by a third process', async () => {
  const { workers, told, seen, port } = await running('never', { spares: 1, respawnDelayMs: 0 });
  await expect.poll(() => workers.snapshot.spares, { timeout: 10_000 }).toBe(1);
  process.kill(workers.workerStats(0).pid, 'SIGKILL');
  const after = await seen(({ state, restarts }) => state === 'active' && restarts === 1);
  expect(await ask(port)).toBe(after.pid);
  expect(told('exit')).toMatchObject([{ exit: { signal: 'SIGKILL', crash: true } }]);
  await expect.poll(() => workers.snapshot.spares, { timeout: 10_000 }).toBe(1);
  expect(told('warning')).toEqual([]);
});

test('a spare that waits follows at once, however long a worker would take to come back', async () => {
  const { workers, told, seen, port } = await running('never', { spares: 1, respawnDelayMs: 600_000 });
  await expect.poll(() => workers.snapshot.spares, { timeout: 10_000 }).toBe(1);
  process.kill(workers.workerStats(0).pid, 'SIGKILL');
  const after = await seen(({ state, restarts }) => state === 'active' && restarts === 1);
  expect(await ask(port)).toBe(after.pid);
  expect(told('respawning')).toMatchObject([{ delayMs: 0 }]);
});

test('when all workers crash too often together nobody is respawned for a while, and then all are', async () => {
  const { workers, told, seen, fell } = await running('exit', {
    count: 2,
    maxCrashes: 0,
    respawnDelayMs: 0,
    maxIntensity: 1,
    intensityPeriodMs: 500,
  });
  fell(0);
  fell(1);
  await expect.poll(() => told('breaker').length, { timeout: 5_000 }).toBeGreaterThan(0);
  expect(told('breaker')[0]).toMatchObject({ open: true, crashes: 2 });
  await Promise.all([0, 1].map((slot) => seen(({ state, restarts }) => state === 'active' && restarts === 1, slot)));
  const [open, closed] = told('breaker');
  expect(closed).toMatchObject({ open: false });
  expect((closed?.at ?? 0) - (open?.at ?? 0)).toBeGreaterThanOrEqual(499);
  expect(workers.stats()).toMatchObject({ active: 2, crashes: 2, restarts: 2 });
});

test('a slot that was disabled comes back once it has cooled down', async () => {
  const { told, seen, fell } = await running('exit', { count: 2, maxCrashes: 1, coolDownMs: 200 });
  fell(0);
  await seen(({ state, restarts }) => state === 'active' && restarts === 1, 0);
  expect(told('disabled')).toMatchObject([{ slot: 0, crashes: 1 }]);
  expect(told('enabled')).toMatchObject([{ slot: 0, by: 'cool-down' }]);
  fell(0);
  await seen(({ state }) => state === 'disabled', 0);
  expect(told('disabled').length).toBe(2);
});
