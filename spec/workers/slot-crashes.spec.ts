import { expect, test } from 'vitest';
import { Fuse } from '../../lib/workers/fuse.ts';
import type { News } from '../../lib/workers/news.ts';
import type { WorkersOptions } from '../../lib/workers/options.ts';
import { settingsOf } from '../../lib/workers/settings.ts';
import { Slot } from '../../lib/workers/slot.ts';
import { startLife } from '../../lib/workers/worker-life.ts';
import { type FakeProcess, fakeProcess, type VirtualTime, virtualTime } from './fake-process.ts';

const BOOT_MS = 50;

interface Scene {
  readonly time: VirtualTime;
  readonly slots: readonly Slot[];
  readonly started: readonly FakeProcess[];
  readonly news: readonly News[];
  readonly fuse: Fuse;
  /** The process that serves for a slot. */
  process(slot?: number): FakeProcess;
  /** Fields of the news of one type, in order. */
  told<T extends News['type']>(type: T): readonly Extract<News, { readonly type: T }>[];
}

interface Script {
  /** Processes that exit with 1 instead of becoming ready, by the slot they are for. */
  readonly brokenSlots?: readonly number[];
  /** Processes that never become ready, by the slot they are for. */
  readonly hungSlots?: readonly number[];
}

/** Slots whose processes are ready 50 ms after they were started. */
const scene = (options: Partial<WorkersOptions> = {}, { brokenSlots = [], hungSlots = [] }: Script = {}): Scene => {
  const time = virtualTime();
  const settings = settingsOf({
    port: 0,
    script: 'worker.js',
    count: 1,
    heartbeatMs: 0,
    heartbeatTimeoutMs: 0,
    ...options,
  });
  const news: News[] = [];
  const tell = (one: News): void => {
    news.push(one);
  };
  const started: FakeProcess[] = [];
  const fuse = new Fuse({ ...settings, clock: time, tell });
  const hire = (slot: number) => {
    const process = fakeProcess({ pid: 1_000 + started.length });
    started.push(process);
    const life = startLife(process, { ...settings, clock: time });
    life.assign({
      slot,
      count: settings.count,
      port: 0,
      sharing: 'shared',
      heartbeatMs: 0,
      orphanDrainMs: 0,
      env: {},
      args: [],
    });
    time.scheduler.schedule(() => process.hello(), BOOT_MS / 2);
    time.scheduler.schedule(() => {
      if (brokenSlots.includes(slot)) process.exits(1);
      else if (!hungSlots.includes(slot)) process.ready();
    }, BOOT_MS);
    return life;
  };
  const slots = Array.from(
    { length: settings.count },
    (_, id) =>
      new Slot(id, {
        settings,
        clock: time,
        fuse,
        hire,
        hasSpare: () => false,
        tell,
        touch: () => {},
        complains: () => {},
      }),
  );
  for (const slot of slots) slot.begin('start');
  return {
    time,
    slots,
    started,
    news,
    fuse,
    process(slot = 0) {
      const current = slots[slot]?.current;
      const found = started.find(({ pid }) => pid === current?.pid);
      if (found === undefined) throw new Error(`slot ${slot} has no process`);
      return found;
    },
    told: <T extends News['type']>(type: T) =>
      news.filter((one): one is Extract<News, { readonly type: T }> => one.type === type),
  };
};

const running = (options?: Partial<WorkersOptions>, script?: Script): Scene => {
  const made = scene(options, script);
  made.time.pass(BOOT_MS);
  return made;
};

test('a crash is answered with one respawn after the delay, in the same slot, as another process', () => {
  const { time, slots, started, process, told } = running();
  const first = process();
  first.exits(1);
  expect(told('exit')).toMatchObject([{ slot: 0, pid: first.pid, exit: { code: 1, crash: true } }]);
  expect(slots[0]?.state).toBe('respawning');
  time.pass(99);
  expect(started.length).toBe(1);
  time.pass(1);
  expect(started.length).toBe(2);
  expect(slots[0]?.snapshot()).toMatchObject({ slot: 0, state: 'respawning', uptimeMs: 0, restarts: 1, crashes: 1 });
  time.pass(BOOT_MS + 10);
  expect(slots[0]?.snapshot()).toMatchObject({ state: 'active', uptimeMs: 10 });
  expect(process().pid).not.toBe(first.pid);
});

test.each(['SIGKILL', 'SIGSEGV', 'SIGABRT'] as const)('a death by %s is a crash and is answered', (signal) => {
  const { time, process, told, slots } = running();
  process().dies(signal);
  expect(told('exit')).toMatchObject([{ exit: { code: null, signal, crash: true } }]);
  time.pass(100 + BOOT_MS);
  expect(slots[0]?.state).toBe('active');
});

test('an exit with 0 that nobody asked for is no crash, and is answered', () => {
  const { time, process, told, slots } = running();
  process().says({ type: 'draining' });
  expect(slots[0]?.state).toBe('stopping');
  process().exits(0);
  expect(told('exit')).toMatchObject([{ exit: { code: 0, crash: false } }]);
  time.pass(100 + BOOT_MS);
  expect(slots[0]?.snapshot()).toMatchObject({ state: 'active', restarts: 1, crashes: 0 });
});

test('without respawn a crash leaves its slot crashed, and the others alone', () => {
  const { time, process, slots, started } = running({ respawn: false, count: 3 });
  process(1).exits(1);
  time.pass(100_000);
  expect(slots.map(({ state }) => state)).toEqual(['active', 'crashed', 'active']);
  expect(started.length).toBe(3);
  expect(time.waiting).toBe(0);
});

test('on failure only, an exit with 0 leaves its slot stopped and a crash is answered', () => {
  const { time, process, slots } = running({ respawn: 'on-failure', count: 2 });
  process(0).exits(0);
  process(1).exits(7);
  time.pass(1_000);
  expect(slots.map(({ state }) => state)).toEqual(['stopped', 'active']);
});

test('a loop of crashes is answered twice and then disables its slot, and costs the others nothing', () => {
  const { time, slots, started, told } = scene({ count: 2, coolDownMs: 0 }, { brokenSlots: [0] });
  time.pass(100_000);
  expect(slots[0]?.snapshot()).toMatchObject({ state: 'disabled', restarts: 2, crashes: 3, recentCrashes: 3, pid: 0 });
  expect(slots[0]?.error).toMatchObject({ code: 'ERR_WORKER_CRASH' });
  expect(slots[1]?.snapshot()).toMatchObject({ state: 'active', restarts: 0 });
  expect(told('respawning')).toMatchObject([{ delayMs: 100 }, { delayMs: 100 }]);
  expect(told('disabled')).toEqual([{ type: 'disabled', slot: 0, crashes: 3, withinMs: 2 * (100 + BOOT_MS) }]);
  expect(started.length).toBe(4);
  expect(time.waiting).toBe(0);
});

test('a loop of crashes at boot starts at most six processes a minute, cool-down and all', () => {
  const { time, started } = scene({}, { brokenSlots: [0] });
  time.pass(60_000);
  expect(started.length).toBe(3);
  time.pass(10 * 60_000);
  expect(started.length).toBeLessThanOrEqual(3 + 10);
});

test('where one crash is too many, the first disables', () => {
  const { process, slots, told } = running({ maxCrashes: 1 });
  process().exits(1);
  expect(slots[0]?.state).toBe('disabled');
  expect(told('respawning')).toEqual([]);
});

test('crashes 2 s and 3 s apart never disable', () => {
  const { time, process, slots } = running();
  for (const wait of [2_000, 3_000, 2_000, 3_000]) {
    time.pass(wait);
    process().exits(1);
    expect(slots[0]?.state).toBe('respawning');
    time.pass(100 + BOOT_MS);
  }
});

test('a slot that was disabled runs again when it is enabled, with nothing held against it', () => {
  const { time, process, slots, told } = running({ maxCrashes: 2 });
  process().exits(1);
  time.pass(100 + BOOT_MS);
  process().exits(1);
  expect(slots[0]?.state).toBe('disabled');
  slots[0]?.enable('caller');
  expect(told('enabled')).toEqual([{ type: 'enabled', slot: 0, by: 'caller' }]);
  expect(slots[0]?.state).toBe('starting');
  time.pass(BOOT_MS);
  expect(slots[0]?.snapshot()).toMatchObject({ state: 'active', recentCrashes: 0 });
  process().exits(1);
  expect(slots[0]?.state).toBe('respawning');
});

test('a slot that has cooled down has one more chance, and is disabled by its next crash', () => {
  const { time, process, slots, told } = running({ maxCrashes: 1, coolDownMs: 1_000 });
  process().exits(1);
  time.pass(999);
  expect(slots[0]?.state).toBe('disabled');
  time.pass(1 + BOOT_MS);
  expect(told('enabled')).toEqual([{ type: 'enabled', slot: 0, by: 'cool-down' }]);
  expect(slots[0]?.state).toBe('active');
  process().exits(1);
  expect(slots[0]?.state).toBe('disabled');
});

test('a slot that ran well for a crash window after it had cooled down is as good as any', () => {
  const { time, process, slots } = running({ maxCrashes: 2, coolDownMs: 1_000 });
  process().exits(1);
  time.pass(100 + BOOT_MS);
  process().exits(1);
  time.pass(1_000 + BOOT_MS + 5_000);
  process().exits(1);
  expect(slots[0]?.state).toBe('respawning');
});

test('delays grow while it crashes, and begin anew once it was active for long enough', () => {
  const { time, process, told } = running({ maxCrashes: 0, backoff: { factor: 2, maxMs: 700, resetAfterMs: 2_000 } });
  for (const delayMs of [100, 200, 400, 700, 700]) {
    process().exits(1);
    time.pass(delayMs + BOOT_MS);
  }
  time.pass(2_000);
  process().exits(1);
  expect(told('respawning').map(({ delayMs }) => delayMs)).toEqual([100, 200, 400, 700, 700, 100]);
});

test('a process that does not become ready in time has failed, as one that crashes at boot', () => {
  const { time, slots, told } = scene({ readyTimeoutMs: 300, coolDownMs: 0 }, { hungSlots: [0] });
  time.pass(10_000);
  expect(told('exit').map(({ exit }) => exit.intent)).toEqual(['unready', 'unready', 'unready']);
  expect(slots[0]?.state).toBe('disabled');
  expect(slots[0]?.error).toMatchObject({ code: 'ERR_WORKER_READY_TIMEOUT' });
});

test('a respawn that is due is cancelled when its slot is closed', () => {
  const { time, process, slots, started } = running();
  process().exits(1);
  time.pass(50);
  slots[0]?.close({ request: { reason: 'stop', deadlineMs: 1_000, handOver: false }, intent: 'stop' });
  time.pass(10_000);
  expect(slots[0]?.state).toBe('stopped');
  expect(started.length).toBe(1);
  expect(time.waiting).toBe(0);
});

test('when all slots together crash too often nobody is respawned for a period, and then everybody is', () => {
  const options = { count: 3, maxCrashes: 0, maxIntensity: 2, intensityPeriodMs: 10_000 };
  const { time, process, slots, told, started, fuse } = running(options);
  for (const slot of [0, 1, 2]) process(slot).exits(1);
  expect(told('breaker')).toEqual([{ type: 'breaker', open: true, crashes: 3 }]);
  time.pass(9_999);
  expect(started.length).toBe(3);
  expect(slots.map(({ state }) => state)).toEqual(['respawning', 'respawning', 'respawning']);
  time.pass(1 + BOOT_MS);
  expect(told('breaker').at(-1)).toMatchObject({ open: false });
  expect(slots.map(({ state }) => state)).toEqual(['active', 'active', 'active']);
  process(1).exits(1);
  expect(told('breaker').at(-1)).toMatchObject({ open: true });
  fuse.stop();
});
