import { BehaviorSubject, EMPTY, filter, firstValueFrom, NEVER, Observable, of, Subject, throwError } from 'rxjs';
import { expect, test, vi } from 'vitest';
import { type Composite, composite } from '../../lib/supervision/composite.ts';
import { createSupervisor } from '../../lib/supervision/supervisor.ts';
import { compositeScene, oops } from './composite-scene.ts';
import { FakeRunnable, listLogger, never } from './fake-runnable.ts';

const reaches = (one: Composite, state: string) => firstValueFrom(one.state$.pipe(filter((seen) => seen === state)));

test('children start in order, each when the one before is Running, and stop in reverse', async () => {
  const { one, members, get, events, states, completed } = compositeScene({
    a: { start: () => undefined },
    b: {},
    c: {},
  });
  const started = one.start();
  expect(events).toEqual(['start a']);
  get('a').states.next('Running');
  await started;
  expect(events).toEqual(['start a', 'start b', 'start c']);
  expect(one.childStates).toEqual({ a: 'Running', b: 'Running', c: 'Running' });
  const report = await one.stop({ drainTimeoutMs: 7 });
  expect(report).toEqual({ durationMs: expect.any(Number), abandoned: [], failed: [] });
  expect(events.slice(3)).toEqual(['stop c 7', 'stop b 7', 'stop a 7']);
  expect(states).toEqual(['New', 'Booting', 'Running', 'Stopping', 'Stopped']);
  expect(completed).toHaveBeenCalledOnce();
  expect(members.observed).toBe(false);
});

test('Running means ready: not before the last child is', async () => {
  const { one, get, states } = compositeScene({ a: {}, b: { start: () => undefined } });
  const started = one.start();
  expect(states).toEqual(['New', 'Booting']);
  expect(one.childStates).toEqual({ a: 'Running', b: 'New' });
  get('b').states.next('Running');
  await started;
  expect(states).toEqual(['New', 'Booting', 'Running']);
});

test('without members it idles, and those that come later are started', async () => {
  const { one, members, member, events, states } = compositeScene({});
  await one.start();
  expect(states).toEqual(['New', 'Booting', 'Running']);
  members.next([member('a')]);
  expect(events).toEqual(['start a']);
  members.next([]);
  expect(events).toEqual(['start a', 'stop a']);
  expect(states.at(-1)).toBe('Running');
  await one.stop();
  expect(states.at(-1)).toBe('Stopped');
});

test('a source of members that ends without a word means that there are none; one that fails later changes nothing', async () => {
  const { logger, lines } = listLogger();
  const idle = composite(EMPTY, { logger });
  await idle.start();
  await expect(firstValueFrom(idle.state$)).resolves.toBe('Running');
  await idle.stop();

  const { one, members, events, lines: later } = compositeScene({ a: {} });
  await one.start();
  members.error(oops);
  await expect(firstValueFrom(one.state$)).resolves.toBe('Running');
  expect(events).toEqual(['start a']);
  expect(later).toContain('error the source of the members of apps failed; they stay');
  expect(lines.filter((line) => line.startsWith('error'))).toEqual([]);
  await one.stop();
});

test.each<[string, Observable<never>, object]>([
  ['fails', throwError(() => oops), { problems: ['their source failed'], cause: oops }],
  ['says nothing in time', NEVER, { problems: ['there were none within 20 ms'] }],
])('a source of members that %s fails the start', async (_, source, expected) => {
  const { logger } = listLogger();
  const one = composite(source, { logger, name: 'apps', startTimeoutMs: 20 });
  await expect(one.start()).rejects.toMatchObject({ code: 'ERR_MEMBERS', composite: 'apps', ...expected });
  await expect(firstValueFrom(one.state$)).resolves.toBe('Error');
  expect(one.error).toMatchObject({ code: 'ERR_MEMBERS' });
});

test.each<[string, unknown, string]>([
  ['no array', { a: 1 }, 'members are an object instead of an array'],
  ['no name', [{ runnable: () => undefined }], 'member 1 has no name'],
  ['no runnable', [{ name: 'a', runnable: {} }], 'a has no start(), a has no stop(), a has no state$'],
  ['nothing', [undefined], 'member 1 has no name, member 1 has no start()'],
  [
    'a name twice',
    [
      { name: 'a', runnable: () => 1 },
      { name: 'a', runnable: () => 2 },
    ],
    'a is there twice',
  ],
  [
    'an unknown restart',
    [{ name: 'a', runnable: () => 1, restart: 'often' }],
    'a has restart "often" instead of permanent',
  ],
  ['an unknown replace', [{ name: 'a', runnable: () => 1, replace: 'x' }], 'instead of start-first or stop-first'],
])('members with %s are rejected: at the start it fails, later those in force stay', async (_, value, problem) => {
  const { logger } = listLogger();
  // What callers without types may emit.
  const source = new Subject<never>();
  const emit = (next: unknown): void => Reflect.apply(source.next, source, [next]);
  const one = composite(source, { logger });
  const started = one.start();
  emit(value);
  await expect(started).rejects.toMatchObject({ code: 'ERR_MEMBERS', message: expect.stringContaining(problem) });

  const outcomes: unknown[] = [];
  one.outcomes$.subscribe((outcome) => outcomes.push(outcome));
  const again = one.start();
  emit([]);
  await again;
  emit(value);
  expect(outcomes).toMatchObject([{ status: 'committed' }, { status: 'rejected', error: { code: 'ERR_MEMBERS' } }]);
  await expect(firstValueFrom(one.state$)).resolves.toBe('Running');
  await one.stop();
});

test('one runnable under two names is rejected', async () => {
  const { logger } = listLogger();
  const runnable = new FakeRunnable('x', []);
  const one = composite(
    [
      { name: 'a', runnable },
      { name: 'b', runnable },
    ],
    { logger },
  );
  await expect(one.start()).rejects.toMatchObject({ problems: ['b is the same runnable as a'] });
});

test('a composite that is to be one of its own members rejects them, and those that run stay', async () => {
  const { one, members, member, outcomes } = compositeScene({ a: {} });
  await one.start();
  members.next([member('a'), { name: 'me', runnable: one }]);
  expect(outcomes.at(-1)).toMatchObject({ status: 'rejected', error: { problems: ['me is apps itself'] } });
  expect(one.childStates).toEqual({ a: 'Running' });
  await one.stop();
});

test.each(['configure', 'reload'])(
  'a child whose %s cannot be looked at has none, and is stopped like any other',
  async (name) => {
    const { logger } = listLogger();
    const events: string[] = [];
    const odd = (): FakeRunnable =>
      Object.defineProperty(new FakeRunnable('odd', events), name, {
        get: () => {
          throw oops;
        },
      });
    const members = new BehaviorSubject([{ name: 'odd', runnable: odd() }]);
    const one = composite(members, { logger });
    await one.start();
    members.next([{ name: 'odd', runnable: odd() }]);
    expect(one.childStates).toEqual({ odd: 'Running' });
    await one.stop();
    expect(events).toEqual(['start odd', 'start odd', 'stop odd', 'stop odd']);
  },
);

test('a child that cannot be started at the very start fails the composite, the others stopped', async () => {
  const { one, events, states } = compositeScene({
    a: {},
    b: {
      start: () => {
        throw oops;
      },
    },
    c: {},
  });
  await expect(one.start()).rejects.toMatchObject({ code: 'ERR_RUNNABLE', runnable: 'b', phase: 'start', cause: oops });
  expect(events).toEqual(['start a', 'start b', 'stop b', 'stop a']);
  expect(states).toEqual(['New', 'Booting', 'Stopping', 'Error']);
});

test('a child that is not Running in time fails the start, and a factory that throws does', async () => {
  const late = compositeScene({ a: { start: () => undefined } }, { startTimeoutMs: 20 });
  await expect(late.one.start()).rejects.toMatchObject({ code: 'ERR_START_TIMEOUT', runnable: 'a', timeoutMs: 20 });

  const { logger } = listLogger();
  const thrower = (): never => {
    throw oops;
  };
  await expect(composite([{ name: 'a', runnable: thrower }], { logger }).start()).rejects.toMatchObject({
    runnable: 'a',
    phase: 'start',
    cause: oops,
  });
  // What callers without types may return.
  const nothing: () => FakeRunnable = () => JSON.parse('{}');
  await expect(composite([{ name: 'a', runnable: nothing }], { logger }).start()).rejects.toMatchObject({
    cause: { code: 'ERR_NOT_RUNNABLE' },
  });
});

test('a stop while starting is honoured at once, and so is a signal', async () => {
  const controller = new AbortController();
  const { one, events, states } = compositeScene({ a: {}, b: { start: never }, c: {} }, { signal: controller.signal });
  const started = one.start();
  controller.abort();
  await started;
  await reaches(one, 'Stopped');
  expect(events).toEqual(['start a', 'start b', 'stop b', 'stop a']);
  expect(states).toEqual(['New', 'Booting', 'Stopping', 'Stopped']);

  const late = compositeScene({ a: {} }, { signal: controller.signal });
  await late.one.start();
  expect(late.events).toEqual([]);
  expect(late.states).toEqual(['New', 'Stopped']);
});

test('a child that hangs in stop is given up on and named, and so are all that are left when the time is over', async () => {
  const { one, events } = compositeScene({ a: {}, b: { stop: never }, c: {} }, { stopTimeoutMs: 20 });
  await one.start();
  await expect(one.stop()).resolves.toMatchObject({ abandoned: ['b'], failed: [] });
  expect(events.slice(3)).toEqual(['stop c', 'stop b', 'stop a']);

  const slow = compositeScene(
    { a: { stop: never }, b: { stop: never }, c: { stop: never } },
    { shutdownTimeoutMs: 20 },
  );
  await slow.one.start();
  const report = await slow.one.stop();
  expect(report.abandoned).toEqual(['c', 'b', 'a']);
  expect(report.durationMs).toBeLessThan(1000);
  expect(slow.events.slice(3)).toEqual(['stop c', 'stop b', 'stop a']);
  expect(slow.get('a').states.observed).toBe(false);
});

test('a stop that fails is in the report', async () => {
  const { one } = compositeScene({ a: { stop: () => Promise.reject(oops) }, b: {} });
  await one.start();
  await expect(one.stop()).resolves.toMatchObject({ failed: ['a'] });
});

test('start and stop may be called by anybody at any time', async () => {
  const { one, events, states } = compositeScene({ a: { stop: () => Promise.resolve() } });
  await expect(one.stop()).resolves.toEqual({ durationMs: 0, abandoned: [], failed: [] });
  expect(states).toEqual(['New']);
  await Promise.all([one.start(), one.start(), one.start()]);
  await Promise.all(Array.from({ length: 10 }, () => one.stop()));
  expect(events).toEqual(['start a', 'stop a']);
  await one.start();
  const [, , last] = await Promise.all([one.stop(), one.start(), one.stop()]);
  expect(last).toMatchObject({ abandoned: [] });
  expect(events).toEqual(['start a', 'stop a', 'start a', 'stop a']);
});

test('started again it is made of what its source says now, or of what was in force when that says nothing', async () => {
  const { logger } = listLogger();
  const events: string[] = [];
  const [a, b] = [new FakeRunnable('a', events), new FakeRunnable('b', events)];
  const source = new Subject<readonly { readonly name: string; readonly runnable: FakeRunnable }[]>();
  const one = composite(source, { logger });
  const started = one.start();
  source.next([{ name: 'a', runnable: a }]);
  await started;
  await one.stop();
  expect(source.observed).toBe(false);
  await one.start();
  expect(events).toEqual(['start a', 'stop a', 'start a']);
  source.next([{ name: 'b', runnable: b }]);
  await one.stop();
  await one.start();
  expect(events.slice(3)).toEqual(['start b', 'stop a', 'stop b', 'start b']);
  await one.stop();
});

test('nothing is listened to any more once it has stopped, and nothing is before it is started', async () => {
  const teardown = vi.fn();
  const subscribed = vi.fn();
  const { logger } = listLogger();
  const child = new FakeRunnable('a', []);
  const source = new Observable<readonly { readonly name: string; readonly runnable: FakeRunnable }[]>((subscriber) => {
    subscribed();
    subscriber.next([{ name: 'a', runnable: child }]);
    return teardown;
  });
  const one = composite(source, { logger });
  expect(subscribed).not.toHaveBeenCalled();
  await one.start();
  expect(child.states.observed).toBe(true);
  await one.stop();
  expect(teardown).toHaveBeenCalledOnce();
  expect(child.states.observed).toBe(false);
});

test('a source whose teardown throws, a logger and subscribers that throw hurt nobody', async () => {
  const fail = (): never => {
    throw oops;
  };
  const events: string[] = [];
  const source = new Observable<readonly { readonly name: string; readonly runnable: FakeRunnable }[]>((subscriber) => {
    subscriber.next([{ name: 'a', runnable: new FakeRunnable('a', events) }]);
    return fail;
  });
  const one = composite(source, { logger: { error: fail, warn: fail, info: fail, debug: fail } });
  one.state$.subscribe(fail);
  one.children$.subscribe(async () => fail());
  one.outcomes$.subscribe(fail);
  await one.start();
  await one.stop();
  expect(events).toEqual(['start a', 'stop a']);
});

test('a composite is a runnable: under a supervisor and inside another composite', async () => {
  const events: string[] = [];
  const { logger } = listLogger();
  const fake = (name: string) => ({ name, runnable: new FakeRunnable(name, events) });
  const inner = composite([fake('c'), fake('d')], { logger, name: 'inner' });
  const outer = composite([fake('b'), { name: 'inner', runnable: inner }, fake('e')], { logger, name: 'outer' });
  const root = createSupervisor([new FakeRunnable('a', events), outer], { logger });
  await root.start();
  expect(events).toEqual(['start a', 'start b', 'start c', 'start d', 'start e']);
  expect(outer.childStates).toEqual({ b: 'Running', inner: 'Running', e: 'Running' });
  await root.stop();
  expect(events.slice(5)).toEqual(['stop e', 'stop d', 'stop c', 'stop b', 'stop a']);
});

test('options out of range are refused', () => {
  const source = of([]);
  for (const [options, option] of [
    [{ startTimeoutMs: -1 }, 'startTimeoutMs'],
    [{ stopTimeoutMs: Number.NaN }, 'stopTimeoutMs'],
    [{ shutdownTimeoutMs: 2 ** 31 }, 'shutdownTimeoutMs'],
    [{ restart: { intensity: -1 } }, 'restart.intensity'],
    [{ restart: { periodMs: 0 } }, 'restart.periodMs'],
    [{ restart: { initialMs: 0.5 } }, 'restart.initialMs'],
    [{ restart: { initialMs: 20, maxMs: 10 } }, 'restart.maxMs'],
    [JSON.parse('{ "strategy": "all" }'), 'strategy'],
  ] as const) {
    expect(() => composite(source, options)).toThrow(expect.objectContaining({ code: 'ERR_OPTIONS', option }));
  }
  expect(() => composite(source, { stopTimeoutMs: Number.POSITIVE_INFINITY, restart: { maxMs: 0 } })).not.toThrow();
});

test('the children are one stream: what is known replays, and only real changes are told', async () => {
  const { one, get } = compositeScene({ a: {} });
  await one.start();
  const seen: unknown[] = [];
  const completed = vi.fn();
  one.children$.subscribe({ next: (children) => seen.push(children), complete: completed });
  for (const state of ['Running', 'Reloading', 'Reloading', 'Running']) get('a').states.next(state);
  const running = { state: 'Running', phase: 'running', restarts: 0 };
  expect(seen).toEqual([{ a: running }, { a: { ...running, state: 'Reloading' } }, { a: running }]);
  await one.stop();
  expect(seen.at(-1)).toEqual({ a: { state: 'Stopped', phase: 'ended', restarts: 0 } });
  expect(completed).toHaveBeenCalledOnce();
});

test('a replayed state of an earlier life is not taken for the present one', async () => {
  const states = new BehaviorSubject('Stopped');
  const { logger } = listLogger();
  const one = composite(
    [{ name: 'a', runnable: { state$: states, start: () => undefined, stop: () => states.next('Stopped') } }],
    { logger },
  );
  const started = one.start();
  states.next('Running');
  await started;
  await one.stop();
  expect(one.childStates).toEqual({ a: 'Stopped' });
});
