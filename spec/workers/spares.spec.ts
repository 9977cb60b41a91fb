import { expect, test } from 'vitest';
import { createSpares, type SpareEnd, type Spares, type SparesOptions } from '../../lib/workers/spares.ts';
import { startLife } from '../../lib/workers/worker-life.ts';
import {
  type FakeProcess,
  type FakeProcessOptions,
  fakeProcess,
  type VirtualTime,
  virtualTime,
} from './fake-process.ts';

interface Scene {
  readonly time: VirtualTime;
  readonly spares: Spares;
  /** All that were started, in order. */
  readonly started: readonly FakeProcess[];
  readonly counts: readonly number[];
  readonly ends: readonly SpareEnd[];
  readonly completed: readonly string[];
}

const BOOT_MS = 50;

const crashy: SparesOptions['settings'] = {
  respawnDelayMs: 100,
  backoff: { factor: 2, maxMs: 15_000, jitter: 0, resetAfterMs: 5_000 },
  maxCrashes: 3,
  crashWindowMs: 5_000,
};

/** Each says hello 50 ms after it was started, but for the one that is mute. */
const scene = (options: Partial<SparesOptions> = {}, fake: FakeProcessOptions = {}, mute = -1): Scene => {
  const time = virtualTime();
  const started: FakeProcess[] = [];
  const boot = () => {
    const process = fakeProcess({ ...fake, pid: 100 + started.length });
    started.push(process);
    if (started.length - 1 !== mute) time.scheduler.schedule(() => process.hello(), BOOT_MS);
    return startLife(process, { readyTimeoutMs: 1000, shutdownTimeoutMs: 1000, clock: time });
  };
  const spares = createSpares(boot, {
    size: 2,
    coolDownMs: 60_000,
    settings: crashy,
    clock: time,
    ...options,
  });
  const counts: number[] = [];
  const ends: SpareEnd[] = [];
  const completed: string[] = [];
  spares.waiting$.subscribe({ next: (waiting) => counts.push(waiting), complete: () => completed.push('waiting$') });
  spares.ends$.subscribe({ next: (end) => ends.push(end), complete: () => completed.push('ends$') });
  spares.stopped$.subscribe({ complete: () => completed.push('stopped$') });
  return { time, spares, started, counts, ends, completed };
};

const kept = (options?: Partial<SparesOptions>, fake?: FakeProcessOptions): Scene => {
  const made = scene(options, fake);
  made.spares.start();
  made.time.pass(BOOT_MS);
  return made;
};

test('none is started before they are to be, none is there before it has booted', () => {
  const { time, spares, started, counts } = scene();
  expect(started).toEqual([]);
  spares.start();
  spares.start();
  expect(started.length).toBe(2);
  expect(spares.take()).toBeUndefined();
  time.pass(BOOT_MS);
  expect(counts).toEqual([0, 1, 2]);
});

test('the oldest is taken at once, and another follows it after the delay', () => {
  const { time, spares, started } = kept();
  const taken = spares.take();
  expect(taken?.process).toBe(started[0]);
  expect(spares.waiting).toBe(1);
  time.pass(99);
  expect(started.length).toBe(2);
  time.pass(1);
  expect(started.length).toBe(3);
  time.pass(BOOT_MS);
  expect(spares.waiting).toBe(2);
});

test('several that are taken together are followed by as many', () => {
  const { time, spares, started } = kept();
  expect([spares.take(), spares.take(), spares.take()].map((life) => life?.process)).toEqual([
    started[0],
    started[1],
    undefined,
  ]);
  time.pass(100 + BOOT_MS);
  expect([started.length, spares.waiting]).toEqual([4, 2]);
});

test('what becomes of one that was taken is the matter of whoever took it', () => {
  const { time, spares, started, ends } = kept();
  spares.take();
  started[0]?.exits(1);
  time.pass(1000);
  expect(ends).toEqual([]);
  expect([started.length, spares.waiting]).toEqual([3, 2]);
});

test('one that ends while it waits is told of, and another follows it', () => {
  const { time, spares, started, ends } = kept();
  started[1]?.dies('SIGKILL');
  expect(spares.waiting).toBe(1);
  expect(ends).toMatchObject([{ pid: 101, exit: { signal: 'SIGKILL', crash: true }, givenUp: false }]);
  time.pass(100 + BOOT_MS);
  expect(spares.waiting).toBe(2);
});

test('spares that end again and again are given up, have one more chance once cooled down, and are given up again', () => {
  const made = scene({ size: 1 });
  made.spares.start();
  const crash = (index: number): void => made.started[index]?.exits(1);
  crash(0);
  made.time.pass(100);
  crash(1);
  made.time.pass(200);
  crash(2);
  expect(made.ends.map(({ givenUp }) => givenUp)).toEqual([false, false, true]);
  made.time.pass(59_999);
  expect(made.started.length).toBe(3);
  made.time.pass(1);
  expect(made.started.length).toBe(4);
  crash(3);
  expect(made.ends.at(-1)).toMatchObject({ givenUp: true });
  made.time.pass(60_000 + BOOT_MS);
  expect(made.spares.waiting).toBe(1);
});

test('without a cool-down they stay given up, until they are renewed', () => {
  const { time, spares, started } = scene({ size: 1, coolDownMs: 0 });
  spares.start();
  for (let index = 0; index < 3; index += 1) {
    started[index]?.exits(1);
    time.pass(400);
  }
  expect([started.length, time.waiting]).toEqual([3, 0]);
  spares.renew();
  time.pass(100 + BOOT_MS);
  expect([started.length, spares.waiting]).toEqual([4, 1]);
});

test('one that is taken while they are given up is followed by none', () => {
  const { time, spares, started } = kept({ coolDownMs: 0, settings: { ...crashy, maxCrashes: 1 } });
  started[0]?.exits(1);
  expect(spares.take()?.process).toBe(started[1]);
  time.pass(100_000);
  expect([started.length, time.waiting]).toEqual([2, 0]);
});

test('spares that cannot be started are tried as often as those that crash', () => {
  const time = virtualTime();
  let tries = 0;
  const boot = () => {
    tries += 1;
    const process = fakeProcess({ pid: 0 });
    process.fails(new Error('no such file'));
    return startLife(process, { readyTimeoutMs: 1000, shutdownTimeoutMs: 1000, clock: time });
  };
  const spares = createSpares(boot, { size: 2, coolDownMs: 60_000, settings: crashy, clock: time });
  const ends: SpareEnd[] = [];
  spares.ends$.subscribe((end) => ends.push(end));
  spares.start();
  expect(tries).toBe(2);
  time.pass(59_000);
  expect(tries).toBe(4);
  expect(ends.map(({ givenUp }) => givenUp)).toEqual([false, false, true, true]);
  spares.stop();
  expect(time.waiting).toBe(0);
});

test('one that never says hello is killed, told of and followed by another', () => {
  const { time, spares, started, ends } = scene({ size: 1 }, {}, 0);
  spares.start();
  const [first] = started;
  time.pass(1000);
  expect(first?.signals).toEqual(['SIGKILL']);
  expect(ends).toMatchObject([{ exit: { intent: 'unready' } }]);
  time.pass(100 + BOOT_MS);
  expect(spares.waiting).toBe(1);
});

test('renewing kills those that there are, and is no failure of theirs', () => {
  const { time, spares, started, ends, counts } = kept();
  spares.renew();
  expect(started.map(({ signals }) => signals)).toEqual([['SIGKILL'], ['SIGKILL']]);
  expect(spares.take()).toBeUndefined();
  time.pass(100 + BOOT_MS);
  expect([started.length, spares.waiting, ends]).toEqual([4, 2, []]);
  expect(counts).toEqual([0, 1, 2, 0, 1, 2]);
});

test('stopping kills all, cancels what was due, and is over when all have ended', () => {
  const made = kept({}, { mortal: [] });
  const { time, spares, started, completed } = made;
  spares.take();
  spares.stop();
  spares.stop();
  expect(started.map(({ signals }) => signals)).toEqual([[], ['SIGKILL']]);
  expect(completed).toEqual(['waiting$', 'ends$']);
  expect(spares.waiting).toBe(0);
  started[1]?.dies('SIGKILL');
  expect(completed).toEqual(['waiting$', 'ends$', 'stopped$']);
  spares.start();
  spares.renew();
  time.pass(100_000);
  expect(started.length).toBe(2);
  expect(time.waiting).toBe(0);
});

test('stopping also waits for those that were renewed', () => {
  const { spares, started, completed } = kept({}, { mortal: [] });
  spares.renew();
  spares.stop();
  expect(completed).not.toContain('stopped$');
  for (const process of started) process.dies('SIGKILL');
  expect(completed).toContain('stopped$');
});

test('stopping what was never started is over at once', () => {
  const { spares, completed } = scene();
  spares.stop();
  expect(completed).toContain('stopped$');
});
