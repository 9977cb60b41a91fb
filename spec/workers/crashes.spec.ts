import { expect, test } from 'vitest';
import { ask, hire, running } from './falling.ts';

test('a worker that exits with a failure comes back once, after the delay, in its slot', async () => {
  const { workers, told, seen, fell, port } = await running('exit');
  const before = workers.workerStats(0);
  fell();
  const after = await seen(({ state, restarts }) => state === 'active' && restarts === 1);
  expect(told('exit')).toMatchObject([
    { slot: 0, pid: before.pid, exit: { code: 3, signal: null, crash: true, forced: false } },
  ]);
  expect(told('respawning')).toMatchObject([{ slot: 0, delayMs: 100 }]);
  expect(told('starting').map(({ why }) => why)).toEqual(['start', 'respawn']);
  const [, second] = told('starting');
  const [exit] = told('exit');
  // Told by two clocks that round: 1 ms less may be shown.
  expect((second?.at ?? 0) - (exit?.at ?? 0)).toBeGreaterThanOrEqual(99);
  expect(after).toMatchObject({ slot: 0, restarts: 1, crashes: 1, recentCrashes: 1 });
  expect(after.pid).not.toBe(before.pid);
  expect(await ask(port)).toBe(after.pid);
});

test.each([
  ['SIGKILL', { code: null, signal: 'SIGKILL', crash: true }],
  ['SIGSEGV', { code: null, signal: 'SIGSEGV', crash: true }],
  ['SIGTERM', { code: 0, signal: null, crash: false }],
] as const)('a worker that somebody sends %s comes back', async (signal, exit) => {
  const { workers, told, seen } = await running('never');
  const { pid } = workers.workerStats(0);
  process.kill(pid, signal);
  const after = await seen(({ state, restarts }) => state === 'active' && restarts === 1);
  expect(told('exit')).toMatchObject([{ pid, exit }]);
  expect(after).toMatchObject({ crashes: exit.crash ? 1 : 0, lastExit: exit });
});

test('what a worker threw is told with its end', async () => {
  const { told, seen, fell } = await running('throw');
  fell();
  await seen(({ state, restarts }) => state === 'active' && restarts === 1);
  const [end] = told('exit');
  expect(end?.exit).toMatchObject({ code: 1, crash: true });
  expect(end?.exit.error).toMatchObject({ name: 'RangeError', message: 'out of luck', code: 'ERR_LUCK' });
});

test('without respawn a crash leaves its slot crashed and the others serving', async () => {
  const { workers, told, seen, fell, port } = await running('exit', { count: 3, respawn: false });
  fell(1);
  await seen(({ state }) => state === 'crashed', 1);
  expect(workers.stats()).toMatchObject({ active: 2, crashed: 1, restarts: 0 });
  const { pid } = workers.workerStats(1);
  expect(pid).toBe(0);
  // Nobody is asked to wait for what does not happen: whoever would come back has its delay behind it by then.
  for (let asked = 0; asked < 100; asked += 1) await ask(port);
  expect(told('respawning')).toEqual([]);
  expect(told('starting').length).toBe(3);
});

test('on failure only, a clean exit leaves its slot stopped', async () => {
  const { told, seen, fell } = await running('clean', { count: 2, respawn: 'on-failure' });
  fell(0);
  await seen(({ state }) => state === 'stopped', 0);
  expect(told('exit')).toMatchObject([{ exit: { code: 0, crash: false } }]);
  expect(told('respawning')).toEqual([]);
});

test('a crash too many disables a slot, and enabling it lets it run with nothing to its name', async () => {
  const { workers, told, seen, fell } = await running('exit', { count: 2, maxCrashes: 1 });
  fell(0);
  const disabled = await seen(({ state }) => state === 'disabled', 0);
  expect(disabled).toMatchObject({ pid: 0, recentCrashes: 1, lastExit: { code: 3 } });
  expect(told('disabled')).toMatchObject([{ slot: 0, crashes: 1 }]);
  await workers.enable(0);
  expect(workers.workerStats(0)).toMatchObject({ state: 'active', recentCrashes: 0 });
  expect(told('enabled')).toMatchObject([{ slot: 0, by: 'caller' }]);
});

test('a slot that crashes at boot again and again is started three times, and the other one loses nobody', async () => {
  const { workers, told, seen, port } = await hire((slot) => (slot === 0 ? 'boot' : 'never'), {
    count: 2,
    coolDownMs: 0,
  });
  const started = workers.start();
  const { pid } = await seen(({ state }) => state === 'active', 1);
  let disabled = false;
  const gaveUp = seen(({ state }) => state === 'disabled', 0).then(() => {
    disabled = true;
  });
  const answers = new Set<number>();
  while (!disabled) answers.add(await ask(port));
  await gaveUp;
  await started;
  expect([...answers]).toEqual([pid]);
  expect(told('starting').filter(({ slot }) => slot === 0).length).toBe(3);
  expect(told('respawning').map(({ slot, delayMs }) => [slot, delayMs])).toEqual([
    [0, 100],
    [0, 100],
  ]);
  expect(workers.stats()).toMatchObject({ active: 1, disabled: 1, restarts: 2, crashes: 3 });
  expect(workers.workerStats(0).error).toBeInstanceOf(Error);
});

test('delays grow while a slot crashes at boot, and not while it gets to work before it crashes', async () => {
  const settings = {
    respawnDelayMs: 20,
    maxCrashes: 0,
    backoff: { factor: 2, maxMs: 80, resetAfterMs: 0 },
    count: 2,
  };
  const boot = await hire((slot) => (slot === 0 ? 'boot' : 'never'), settings);
  void boot.workers.start();
  await expect.poll(() => boot.told('respawning').length, { timeout: 10_000 }).toBeGreaterThanOrEqual(4);
  expect(
    boot
      .told('respawning')
      .slice(0, 4)
      .map(({ delayMs }) => delayMs),
  ).toEqual([20, 40, 80, 80]);

  const later = await running('exit', { ...settings, count: 1 });
  for (const restarts of [1, 2, 3]) {
    later.fell();
    await later.seen((worker) => worker.state === 'active' && worker.restarts === restarts);
  }
  expect(later.told('respawning').map(({ delayMs }) => delayMs)).toEqual([20, 20, 20]);
});

test('a worker that blocks its loop is replaced by one that serves', async () => {
  const { workers, told, seen, fell, port } = await running('block', { heartbeatMs: 200, heartbeatTimeoutMs: 1_000 });
  const { pid } = workers.workerStats(0);
  fell();
  const after = await seen((worker) => worker.state === 'active' && worker.pid !== pid);
  await expect.poll(() => told('exit').length, { timeout: 10_000 }).toBe(1);
  expect(told('unresponsive')).toMatchObject([{ slot: 0, pid }]);
  expect(told('exit')).toMatchObject([{ pid, exit: { intent: 'unresponsive', signal: 'SIGKILL', crash: false } }]);
  expect(await ask(port)).toBe(after.pid);
});
