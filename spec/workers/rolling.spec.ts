import { describe, expect, test } from 'vitest';
import { type Fleet, type Manners, NEVER_MS, startedFleet, turn } from './fleet.ts';

/** Lets a restart come to its end, and takes down how many served at every step. */
const restarted = async ({ workers, pass, serving }: Fleet, ms = 3_000) => {
  const sampled: { readonly serving: number; readonly restarting: boolean }[] = [];
  const restarting = workers.restart();
  for (let passed = 0; passed < ms; passed += 10) {
    await pass(10);
    sampled.push({ serving: serving(), restarting: workers.snapshot.restarting });
  }
  return { report: await restarting, sampled };
};

const pids = ({ workers }: Fleet): readonly number[] => workers.snapshot.workers.map(({ pid }) => pid);

/** Manners of all processes after the first ones. */
const replacements =
  (count: number, manners: (nth: number) => Manners) =>
  (index: number): Manners =>
    index < count ? {} : manners(index - count);

describe('a rolling restart', () => {
  test('replaces every process in order, and there are never fewer ready than slots', async () => {
    const made = await startedFleet();
    const before = pids(made);
    const { report, sampled } = await restarted(made);
    expect(report).toMatchObject({ status: 'done', replaced: [0, 1, 2], kept: [], failed: [], forced: [] });
    expect(Math.min(...sampled.map(({ serving }) => serving))).toBeGreaterThanOrEqual(3);
    expect(pids(made).some((pid) => before.includes(pid))).toBe(false);
    expect(made.workers.snapshot.workers.map(({ restarts }) => restarts)).toEqual([1, 1, 1]);
    const lines = made.lines();
    expect(lines.filter((line) => line.startsWith('draining'))).toEqual(['draining 0', 'draining 1', 'draining 2']);
    expect([lines.includes('restart-begun'), lines.at(-1)]).toEqual([true, 'restart-ended']);
    expect([sampled[0]?.restarting, sampled.at(-1)?.restarting]).toEqual([true, false]);
  });

  test('hands the addresses of the old process over', async () => {
    const made = await startedFleet({ count: 1 });
    await restarted(made);
    expect(made.started[0]?.received.at(-1)).toEqual({
      type: 'drain',
      request: { reason: 'restart', deadlineMs: 15_000, handOver: true },
    });
  });

  test.each([1, 2, 4])('with a surge of %i there are no more processes than that beyond the slots', async (surge) => {
    const made = await startedFleet({ count: 5, surge });
    const { workers, started, pass } = made;
    const restarting = workers.restart();
    const alive: number[] = [];
    for (let step = 0; step < 300; step += 1) {
      await pass(10);
      alive.push(started.filter(({ ended }) => !ended).length);
    }
    expect((await restarting).status).toBe('done');
    expect(Math.max(...alive)).toBe(5 + surge);
  });

  test('a process that does not leave in time is killed and named', async () => {
    const made = await startedFleet({ shutdownTimeoutMs: 500 }, (index) => (index === 1 ? { leaveMs: NEVER_MS } : {}));
    const { report } = await restarted(made);
    expect(report).toMatchObject({ status: 'done', forced: [1] });
  });

  test('slots that are disabled are left alone', async () => {
    const made = await startedFleet({ maxCrashes: 1, coolDownMs: 0 });
    made.started[1]?.exits(1);
    await made.pass(20);
    const { report } = await restarted(made);
    expect(report).toMatchObject({ status: 'done', replaced: [0, 2], kept: [1] });
    expect(made.workers.workerStats(1).state).toBe('disabled');
  });

  test('a slot whose respawn is due is given its process at once', async () => {
    const made = await startedFleet({ respawnDelayMs: 60_000, minAvailable: 0 });
    made.started[1]?.exits(1);
    await made.pass(20);
    const { report } = await restarted(made);
    expect(report).toMatchObject({ status: 'done', replaced: [0, 1, 2] });
    expect(made.workers.snapshot.active).toBe(3);
  });

  test('an old process that crashes meanwhile is none: its replacement fills in and the restart goes on', async () => {
    const made = await startedFleet({ surge: 1 });
    const restarting = made.workers.restart();
    await made.pass(20);
    made.started[0]?.exits(1);
    await made.pass(2_000);
    expect(await restarting).toMatchObject({ status: 'done', replaced: [0, 1, 2] });
    expect(made.workers.workerStats(0)).toMatchObject({ state: 'active', crashes: 1, restarts: 1 });
    expect(made.started).toHaveLength(6);
  });
});

describe('a replacement that does not become ready', () => {
  test.each([
    ['crashes at boot', { crashMs: 20, readyMs: NEVER_MS }],
    ['is never ready', { readyMs: NEVER_MS }],
    ['cannot be started', { unstarted: new Error('no more processes') }],
  ])('because it %s ends the restart: the old one serves on, later slots are untouched', async (_, manners) => {
    const made = await startedFleet(
      { readyTimeoutMs: 300 },
      replacements(3, (nth) => (nth === 0 ? manners : {})),
    );
    const before = pids(made);
    const { report, sampled } = await restarted(made);
    expect(report).toMatchObject({ status: 'aborted', replaced: [], kept: [1, 2], failed: [0] });
    expect(report.cause).toMatchObject({ code: 'ERR_WORKER_REPLACEMENT', slot: 0 });
    expect(pids(made)).toEqual(before);
    expect(Math.min(...sampled.map(({ serving }) => serving))).toBeGreaterThanOrEqual(3);
    expect(made.started.filter(({ ended }) => !ended)).toHaveLength(3);
    expect(made.workers.snapshot).toMatchObject({ state: 'Running', active: 3, restarting: false });
  });

  test('in the middle leaves those before it replaced', async () => {
    const made = await startedFleet(
      { surge: 1 },
      replacements(3, (nth) => (nth === 1 ? { crashMs: 0 } : {})),
    );
    const { report } = await restarted(made);
    expect(report).toMatchObject({ status: 'aborted', replaced: [0], kept: [2], failed: [1] });
  });

  test('though it was booted ahead is told of when it is its turn', async () => {
    const manners = replacements(3, (nth) => (nth === 1 ? { crashMs: 0 } : { readyMs: 500 }));
    const { report } = await restarted(await startedFleet({ surge: 2 }, manners));
    expect(report).toMatchObject({ status: 'aborted', replaced: [0], kept: [2], failed: [1] });
  });

  test('is the first in order, whichever of several fails first', async () => {
    const manners = replacements(3, (nth) => ({ crashMs: nth === 0 ? 200 : 0, readyMs: NEVER_MS }));
    const { report } = await restarted(await startedFleet({ surge: 3 }, manners));
    expect(report).toMatchObject({ status: 'aborted', replaced: [], kept: [1, 2], failed: [0] });
  });

  test('does not keep the next restart from being done', async () => {
    const made = await startedFleet(
      {},
      replacements(3, (nth) => (nth === 0 ? { crashMs: 0 } : {})),
    );
    expect((await restarted(made)).report.status).toBe('aborted');
    expect((await restarted(made)).report.status).toBe('done');
  });
});

describe('is refused', () => {
  test('while another one runs', async () => {
    const made = await startedFleet();
    const first = made.workers.restart();
    expect(await made.workers.restart()).toMatchObject({
      status: 'refused',
      kept: [0, 1, 2],
      cause: { message: 'workers are not restarted while another one is under way' },
    });
    await made.pass(2_000);
    expect((await first).status).toBe('done');
  });

  test('before the start, and once everything stops', async () => {
    const made = await startedFleet();
    const stopping = made.workers.stop();
    expect((await made.workers.restart()).status).toBe('refused');
    await made.pass(100);
    await stopping;
    expect((await made.workers.restart()).status).toBe('refused');
    expect(made.started).toHaveLength(3);
  });
});

test('a stop ends a restart: nobody else is started, and nobody is left', async () => {
  const made = await startedFleet();
  const restarting = made.workers.restart();
  await made.pass(30);
  const before = made.started.length;
  const stopping = made.workers.stop();
  await made.pass(1_000);
  expect(await restarting).toMatchObject({ status: 'aborted', replaced: [], kept: [0, 1, 2] });
  await stopping;
  expect(made.started).toHaveLength(before);
  expect(made.started.every(({ ended }) => ended)).toBe(true);
  expect(made.time.waiting).toBe(0);
});

describe('too few that are active', () => {
  test('hold a restart up until they are back', async () => {
    const made = await startedFleet({ respawnDelayMs: 1_000, surge: 1 });
    const restarting = made.workers.restart();
    await made.pass(20);
    made.started[2]?.exits(1);
    await made.pass(500);
    expect(made.lines().filter((line) => line.startsWith('draining'))).toEqual([]);
    await made.pass(3_000);
    expect(await restarting).toMatchObject({ status: 'done', replaced: [0, 1, 2] });
  });

  test('for too long end it', async () => {
    const made = await startedFleet({ respawnDelayMs: 60_000, surge: 1, readyTimeoutMs: 1_000 });
    const restarting = made.workers.restart();
    await made.pass(20);
    made.started[2]?.exits(1);
    await made.pass(1_500);
    expect(await restarting).toMatchObject({
      status: 'aborted',
      kept: [0, 1, 2],
      failed: [],
      cause: { code: 'ERR_WORKERS_AVAILABLE', active: 2, minAvailable: 3 },
    });
  });

  test('are fewer than are needed only below `minAvailable`', async () => {
    const made = await startedFleet({ respawnDelayMs: 60_000, surge: 1, minAvailable: 2 });
    const restarting = made.workers.restart();
    await made.pass(20);
    made.started[2]?.exits(1);
    await made.pass(3_000);
    expect(await restarting).toMatchObject({ status: 'done', replaced: [0, 1, 2] });
  });
});

test('spares of before the restart serve for nobody after it', async () => {
  const made = await startedFleet({ count: 1, spares: 1 });
  await made.pass(500);
  const old = made.started.filter(({ ended }) => !ended).map(({ pid }) => pid);
  expect(old).toHaveLength(2);
  await restarted(made);
  await turn();
  expect(made.started.filter(({ ended }) => !ended).some(({ pid }) => old.includes(pid))).toBe(false);
  expect(made.workers.snapshot.spares).toBe(1);
});
