import { filter, firstValueFrom, map, Subject } from 'rxjs';
import { expect, test } from 'vitest';
import { restartDefaults } from '../../lib/config/defaults.ts';
import { type Composite, composite } from '../../lib/supervision/composite.ts';
import { newCompositeLife } from '../../lib/supervision/composite-life.ts';
import { runComposite } from '../../lib/supervision/run-composite.ts';
import { supervise } from '../../lib/supervision/supervise.ts';
import { createSupervisor } from '../../lib/supervision/supervisor.ts';
import { marbles } from '../reactive/marbles.ts';
import { oops } from './composite-scene.ts';
import { FakeRunnable, listLogger, never } from './fake-runnable.ts';

const quick = { initialMs: 0, maxMs: 1 };
const reaches = (one: Composite, state: string) => firstValueFrom(one.state$.pipe(filter((seen) => seen === state)));
const phaseOf = (one: Composite, child: string, restarts: number) =>
  firstValueFrom(
    one.children$.pipe(
      map((children) => children[child]),
      filter((seen) => seen?.phase === 'running' && seen.restarts === restarts),
    ),
  );

/** A child that fails each time right after it was ready. */
const looping = (events: string[]) =>
  new FakeRunnable('loop', events, {
    start: (self) => {
      self.error = oops;
      self.states.next('Running');
      queueMicrotask(() => self.states.next('Error'));
    },
  });

test('a crash is healed where it happened: neither siblings nor the tree above notice', async () => {
  const events: string[] = [];
  const { logger } = listLogger();
  const [a, b] = [new FakeRunnable('a', events), new FakeRunnable('b', events)];
  const inner = composite(
    [
      { name: 'a', runnable: a },
      { name: 'b', runnable: b },
    ],
    { logger, name: 'inner', restart: quick },
  );
  const outer = composite([{ name: 'inner', runnable: inner }], { logger, name: 'outer' });
  await outer.start();
  const states: string[] = [];
  for (const { state$ } of [inner, outer]) state$.subscribe((state) => states.push(state));
  a.error = oops;
  a.states.next('Error');
  await expect(phaseOf(inner, 'a', 1)).resolves.toMatchObject({
    error: { code: 'ERR_RUNNABLE', runnable: 'a', cause: oops },
  });
  expect(events).toEqual(['start a', 'start b', 'stop a', 'start a']);
  expect(states).toEqual(['Running', 'Running']);
  await outer.stop();
});

test('a crash loop fails its composite, whose parent starts it again as a whole; when that loops too the tree fails', async () => {
  const events: string[] = [];
  const { logger } = listLogger();
  const inner = composite(
    [
      { name: 'a', runnable: new FakeRunnable('a', events) },
      { name: 'loop', runnable: looping(events) },
    ],
    { logger, name: 'inner', restart: { ...quick, intensity: 1 } },
  );
  const outer = composite(
    [
      { name: 'inner', runnable: inner },
      { name: 'z', runnable: new FakeRunnable('z', events) },
    ],
    { logger, name: 'outer', restart: { ...quick, intensity: 1 } },
  );
  await outer.start();
  await reaches(outer, 'Error');
  expect(outer.error).toMatchObject({
    name: 'CrashLoopError',
    code: 'ERR_CRASH_LOOP',
    composite: 'outer',
    child: 'inner',
    count: 2,
    cause: { runnable: 'inner', cause: { code: 'ERR_CRASH_LOOP', composite: 'inner', child: 'loop', count: 2 } },
  });
  expect(events.filter((event) => event === 'start loop')).toHaveLength(4);
  // The sibling of the subtree was stopped once, in the end.
  expect(events.filter((event) => event.endsWith(' z'))).toEqual(['start z', 'stop z']);
  expect(events.at(-1)).toBe('stop z');
});

test('in a supervisor a crash loop ends the supervisor, and with the right cause', async () => {
  const { logger } = listLogger();
  const inner = composite([{ name: 'loop', runnable: looping([]) }], {
    logger,
    name: 'inner',
    restart: { ...quick, intensity: 2 },
  });
  const done = supervise([inner], { logger });
  await expect(done).rejects.toMatchObject({
    code: 'ERR_RUNNABLE',
    runnable: 'inner',
    cause: { code: 'ERR_CRASH_LOOP', child: 'loop', count: 3, cause: { cause: oops } },
  });
});

test('supervisors are members too, and are started again', async () => {
  const events: string[] = [];
  const { logger } = listLogger();
  const a = new FakeRunnable('a', events);
  const inner = createSupervisor([a], { logger, name: 'inner' });
  const outer = composite([{ name: 'inner', runnable: inner }], { logger, restart: quick });
  await outer.start();
  a.states.next('Error');
  await phaseOf(outer, 'inner', 1);
  expect(events).toEqual(['start a', 'stop a', 'start a']);
  await outer.stop();
});

test('a child that hangs in stop is named by the composite it belongs to, and does not hold up the tree', async () => {
  const { logger, lines } = listLogger();
  const hanging = new FakeRunnable('a', [], { stop: never });
  const inner = composite([{ name: 'a', runnable: hanging }], { logger, name: 'inner', stopTimeoutMs: 10 });
  const outer = composite([{ name: 'inner', runnable: inner }], { logger, name: 'outer', stopTimeoutMs: 5000 });
  await outer.start();
  await expect(outer.stop()).resolves.toMatchObject({ abandoned: [] });
  expect(lines).toContain('warn gave up on stopping a after 10 ms');
  expect(hanging.states.observed).toBe(false);
});

test('nothing is listened to any more after hundreds of restarts and changes', async () => {
  const { logger } = listLogger();
  const members = new Subject<readonly { readonly name: string; readonly runnable: FakeRunnable }[]>();
  const fakes = Array.from({ length: 5 }, (_, nth) => new FakeRunnable(`${nth}`, []));
  const listed = (from: number) => fakes.slice(from % 3).map((runnable) => ({ name: runnable.name, runnable }));
  const one = composite(members, { logger, restart: { ...quick, intensity: 1000 } });
  const starting = one.start();
  members.next(listed(0));
  await starting;
  for (let nth = 0; nth < 300; nth += 1) {
    members.next(listed(nth));
    fakes[4]?.states.next('Error');
    await phaseOf(one, '4', nth + 1);
  }
  await one.stop();
  expect(members.observed).toBe(false);
  expect(fakes.map(({ states }) => states.observed)).toEqual([false, false, false, false, false]);
});

test('with the default policy a child that crashes at once is started at most six times a minute', () => {
  const scheduler = marbles();
  const startedAt: number[] = [];
  const { logger } = listLogger();
  scheduler.run(({ cold }) => {
    const runnable = () => ({
      state$: cold('re', { r: 'Running', e: 'Error' }),
      start: () => {
        startedAt.push(scheduler.now());
      },
      stop: () => undefined,
    });
    runComposite(
      newCompositeLife({ name: 'apps', strategy: 'one-for-one', restart: restartDefaults }),
      {
        limits: { startTimeoutMs: 1000, stopTimeoutMs: 1000, shutdownTimeoutMs: 1000 },
        logger,
        self: () => undefined,
        members$: cold('m', { m: [{ name: 'a', runnable }] }),
        remembered: undefined,
        nextRevision: () => 1,
        settled: () => undefined,
        reloaded: () => undefined,
        now: () => scheduler.now(),
        random: () => 0.999_999,
      },
      cold('i', { i: { type: 'begin' } as const }),
    ).subscribe();
  });
  expect(startedAt).toEqual([0, 101, 302, 703, 1504, 3105]);
});
