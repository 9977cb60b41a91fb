import { setTimeout as wait } from 'node:timers/promises';
import { BehaviorSubject, filter, firstValueFrom, Observable, of, Subject, take } from 'rxjs';
import { expect, test, vi } from 'vitest';
import { createSupervisor, type Supervisor, type SupervisorOptions } from '../../lib/supervision/supervisor.ts';
import { type Behaviour, FakeRunnable, listLogger, never } from './fake-runnable.ts';

const oops = new Error('oops');

/** A supervisor of fakes, by name; what they were asked, what was logged, and the states it went through. */
const scene = (behaviours: Readonly<Record<string, Behaviour>>, options: SupervisorOptions = {}) => {
  const events: string[] = [];
  const { logger, lines } = listLogger();
  const runnables = Object.entries(behaviours).map(([name, behaviour]) => new FakeRunnable(name, events, behaviour));
  const byName = Object.fromEntries(runnables.map((runnable) => [runnable.name, runnable]));
  const get = (name: string): FakeRunnable => {
    const runnable = byName[name];
    if (!runnable) throw new Error(`no runnable ${name}`);
    return runnable;
  };
  const supervisor = createSupervisor(runnables, { logger, ...options });
  const states: string[] = [];
  const completed = vi.fn();
  supervisor.state$.subscribe({ next: (state) => states.push(state), complete: completed });
  return { supervisor, get, events, lines, states, completed };
};

const reaches = (supervisor: Supervisor, state: string) =>
  firstValueFrom(supervisor.state$.pipe(filter((seen) => seen === state)));

test('runnables start in order and stop in reverse', async () => {
  const { supervisor, events, states, completed } = scene({ a: {}, b: {}, c: {} });
  await supervisor.start();
  expect(events).toEqual(['start a', 'start b', 'start c']);
  const report = await supervisor.stop();
  expect(events.slice(3)).toEqual(['stop c', 'stop b', 'stop a']);
  expect(report).toEqual({ durationMs: expect.any(Number), abandoned: [], failed: [] });
  expect(states).toEqual(['New', 'Booting', 'Running', 'Stopping', 'Stopped']);
  expect(completed).toHaveBeenCalledOnce();
});

test('each waits until the one before is Running, not until its start() resolves', async () => {
  const { supervisor, get, events } = scene({ a: { start: () => undefined }, b: { start: never }, c: {} });
  const started = supervisor.start();
  get('a').states.next('Booting');
  expect(events).toEqual(['start a']);
  get('a').states.next('Running');
  expect(events).toEqual(['start a', 'start b']);
  get('b').states.next('Running');
  expect(events).toEqual(['start a', 'start b', 'start c']);
  await started;
});

test('each is stopped when the one started after it has stopped', async () => {
  const stopped = new Subject<void>();
  const { supervisor, events } = scene({ a: {}, b: { stop: () => firstValueFrom(stopped) } });
  await supervisor.start();
  const report = supervisor.stop();
  expect(events.slice(2)).toEqual(['stop b']);
  stopped.next();
  await report;
  expect(events.slice(2)).toEqual(['stop b', 'stop a']);
});

test('a runnable that was Running before it is started counts as ready', async () => {
  const { supervisor, get, events } = scene({ a: { start: () => undefined }, b: {} });
  get('a').states.next('Running');
  await supervisor.start();
  expect(events).toEqual(['start a', 'start b']);
});

test('a state that never changes is taken at its word until it is stopped', async () => {
  const stop = vi.fn();
  const start = vi.fn();
  const supervisor = createSupervisor([{ state$: of('Running'), start, stop }], { logger: listLogger().logger });
  await supervisor.start();
  await wait(5);
  await expect(firstValueFrom(supervisor.state$)).resolves.toBe('Running');
  expect(start).toHaveBeenCalledOnce();
  await supervisor.stop();
  expect(stop).toHaveBeenCalledOnce();
});

test('a runnable that is not Running in time aborts the start: the others are stopped, and the error says who', async () => {
  const { supervisor, events, states } = scene(
    { a: {}, b: { start: (self) => self.states.next('Booting') }, c: {} },
    { startTimeoutMs: 50 },
  );
  await expect(supervisor.start()).rejects.toMatchObject({
    name: 'StartTimeoutError',
    code: 'ERR_START_TIMEOUT',
    message: expect.stringContaining('timeout'),
    runnable: 'b',
    timeoutMs: 50,
    state: 'Booting',
  });
  expect(events).toEqual(['start a', 'start b', 'stop b', 'stop a']);
  expect(states).toEqual(['New', 'Booting', 'Stopping', 'Error']);
});

test.each<[string, (self: FakeRunnable) => Promise<void> | void, unknown]>([
  [
    'throws',
    () => {
      throw oops;
    },
    oops,
  ],
  [
    'rejects',
    async () => {
      throw oops;
    },
    oops,
  ],
  ['rejects later', () => wait(5).then(() => Promise.reject(oops)), oops],
  [
    'says Error',
    (self) => {
      self.error = oops;
      self.states.next('Error');
    },
    oops,
  ],
  ['errors its state$', (self) => self.states.error(oops), oops],
  [
    'says Running and throws',
    (self) => {
      self.states.next('Running');
      throw oops;
    },
    oops,
  ],
])('a runnable whose start %s aborts the start with it as the cause', async (_, start, cause) => {
  const { supervisor, events } = scene({ a: {}, b: { start }, c: {} });
  await expect(supervisor.start()).rejects.toMatchObject({
    name: 'RunnableError',
    code: 'ERR_RUNNABLE',
    message: 'runnable b failed to start',
    runnable: 'b',
    phase: 'start',
    cause,
  });
  expect(events).toEqual(['start a', 'start b', 'stop b', 'stop a']);
  expect(supervisor.error).toMatchObject({ cause });
});

test('a state$ that ended badly in an earlier life is listened to again after start()', async () => {
  const { logger } = listLogger();
  let states = new BehaviorSubject('Running');
  const phoenix = {
    get state$() {
      return states;
    },
    start: () => {
      if (states.hasError) states = new BehaviorSubject('Running');
    },
    stop: () => undefined,
  };
  const supervisor = createSupervisor([phoenix], { logger });
  await supervisor.start();
  states.error(oops);
  await reaches(supervisor, 'Error');
  await supervisor.start();
  await expect(firstValueFrom(supervisor.state$)).resolves.toBe('Running');
  states.error(oops);
  await reaches(supervisor, 'Error');
});

test('a state$ that cannot be had aborts the start', async () => {
  const { logger } = listLogger();
  const broken = {
    get state$(): never {
      throw oops;
    },
    start: vi.fn(),
    stop: vi.fn(),
  };
  await expect(createSupervisor([broken], { logger }).start()).rejects.toMatchObject({
    runnable: 'runnable-1',
    cause: oops,
  });
});

test.each<[string, (self: FakeRunnable) => void]>([
  [
    'says Error',
    (self) => {
      self.error = oops;
      self.states.next('Error');
    },
  ],
  ['errors its state$', (self) => self.states.error(oops)],
])('a runnable that %s while running stops the others in reverse', async (_, failing) => {
  const { supervisor, get, events, states } = scene({ a: {}, b: {}, c: {} });
  await supervisor.start();
  failing(get('b'));
  await reaches(supervisor, 'Error');
  expect(events.slice(3)).toEqual(['stop c', 'stop b', 'stop a']);
  expect(states).toEqual(['New', 'Booting', 'Running', 'Stopping', 'Error']);
  expect(supervisor.error).toMatchObject({ runnable: 'b', phase: 'run', cause: oops, message: 'runnable b failed' });
});

test('a start() that runs for as long as the runnable and then rejects is a failure while running', async () => {
  const end = new Subject<void>();
  const { supervisor, events } = scene({
    a: {
      start: async (self) => {
        self.states.next('Running');
        await firstValueFrom(end);
      },
    },
  });
  await supervisor.start();
  end.error(oops);
  await reaches(supervisor, 'Error');
  expect(supervisor.error).toMatchObject({ phase: 'run', cause: oops });
  expect(events).toEqual(['start a', 'stop a']);
});

test('one that was started already and fails while another is starting aborts the start', async () => {
  const { supervisor, get, events } = scene({ a: {}, b: { start: never }, c: {} });
  const started = supervisor.start();
  get('a').states.next('Error');
  await expect(started).rejects.toMatchObject({ runnable: 'a', phase: 'run' });
  expect(events).toEqual(['start a', 'start b', 'stop b', 'stop a']);
});

test('a second failure while stopping does not hide the first', async () => {
  const { supervisor, get, lines } = scene({ a: { stop: () => wait(5) }, b: {} });
  await supervisor.start();
  get('b').states.error(oops);
  get('a').states.error(new Error('later'));
  await reaches(supervisor, 'Error');
  expect(supervisor.error).toMatchObject({ runnable: 'b', cause: oops });
  expect(lines).toContain('warn runnable a failed while stopping');
});

test('runnables that end by themselves leave the others running; with the last one it stops', async () => {
  const { supervisor, get, events, lines, states } = scene({ a: {}, b: {}, c: {} });
  await supervisor.start();
  get('b').states.next('Stopped');
  get('a').states.complete();
  expect(states).toEqual(['New', 'Booting', 'Running']);
  expect(lines).toContain('info b has ended');
  expect(lines).toContain('info a has ended');
  get('c').states.next('Stopped');
  await reaches(supervisor, 'Stopped');
  expect(supervisor.error).toBeUndefined();
  // Nothing says that a has let go of what it held.
  expect(events.slice(3)).toEqual(['stop a']);
});

test('a runnable that does one thing and ends lets the next one start', async () => {
  const { supervisor, events } = scene({ migrate: { start: (self) => self.states.next('Stopped') }, web: {} });
  await supervisor.start();
  expect(events).toEqual(['start migrate', 'start web']);
  await expect(firstValueFrom(supervisor.state$)).resolves.toBe('Running');
});

test('with nothing to look after it is done at once', async () => {
  const { supervisor, states } = scene({});
  await supervisor.start();
  expect(states).toEqual(['New', 'Booting', 'Stopped']);
});

test('a stop while starting is honoured at once: what was not started never is', async () => {
  const { supervisor, events, states } = scene({ a: {}, b: { start: never }, c: {} });
  const started = supervisor.start();
  await supervisor.stop();
  await started;
  expect(events).toEqual(['start a', 'start b', 'stop b', 'stop a']);
  expect(states).toEqual(['New', 'Booting', 'Stopping', 'Stopped']);
});

test('a signal that aborts stops it; one that has aborted keeps it from starting anything', async () => {
  const controller = new AbortController();
  const { supervisor, events } = scene({ a: {}, b: { start: never }, c: {} }, { signal: controller.signal });
  const started = supervisor.start();
  controller.abort();
  await started;
  await reaches(supervisor, 'Stopped');
  expect(events).toEqual(['start a', 'start b', 'stop b', 'stop a']);

  const late = scene({ a: {} }, { signal: controller.signal });
  await late.supervisor.start();
  expect(late.events).toEqual([]);
  expect(late.states).toEqual(['New', 'Stopped']);
});

test('a stop that hangs is given up on, named, and counted, and the next one gets its turn', async () => {
  const { supervisor, events, lines } = scene({ a: {}, b: { stop: never }, c: {} }, { stopTimeoutMs: 20 });
  await supervisor.start();
  const report = await supervisor.stop();
  expect(report).toMatchObject({ abandoned: ['b'], failed: [] });
  expect(report.durationMs).toBeGreaterThanOrEqual(15);
  expect(events.slice(3)).toEqual(['stop c', 'stop b', 'stop a']);
  expect(lines).toContain('warn gave up on stopping b after 20 ms');
});

test('when the time for all is over the rest is told to stop and nobody waits for it', async () => {
  const { supervisor, events, lines } = scene(
    { a: { stop: never }, b: { stop: never }, c: { stop: never } },
    { stopTimeoutMs: 10_000, shutdownTimeoutMs: 30 },
  );
  await supervisor.start();
  const report = await supervisor.stop();
  expect(report.abandoned).toEqual(['c', 'b', 'a']);
  expect(report.durationMs).toBeLessThan(1000);
  expect(events.slice(3)).toEqual(['stop c', 'stop b', 'stop a']);
  expect(lines.filter((line) => line.startsWith('warn'))).toHaveLength(3);
});

test('a stop that fails is reported and keeps nobody else from stopping', async () => {
  const { supervisor, events, lines } = scene({
    a: { stop: () => Promise.reject(oops) },
    b: {
      stop: () => {
        throw oops;
      },
    },
    c: {},
  });
  await supervisor.start();
  const report = await supervisor.stop();
  expect(report).toMatchObject({ abandoned: [], failed: ['b', 'a'] });
  expect(events.slice(3)).toEqual(['stop c', 'stop b', 'stop a']);
  expect(lines).toContain('error runnable b failed to stop');
});

test('stop hands its options on', async () => {
  const { supervisor, events } = scene({ a: {} });
  await supervisor.start();
  await supervisor.stop({ drainTimeoutMs: 5 });
  expect(events).toEqual(['start a', 'stop a 5']);
});

test('start and stop may be called by anybody at any time', async () => {
  const { supervisor, events, states } = scene({ a: { stop: () => wait(2) }, b: {} });
  await supervisor.stop();
  expect(states).toEqual(['New']);
  await Promise.all([supervisor.start(), supervisor.start(), supervisor.start()]);
  await supervisor.start();
  expect(events).toEqual(['start a', 'start b']);
  const reports = await Promise.all([supervisor.stop(), supervisor.stop(), supervisor.stop()]);
  expect(reports).toHaveLength(3);
  expect(events.slice(2)).toEqual(['stop b', 'stop a']);
  await expect(supervisor.stop()).resolves.toEqual({ durationMs: 0, abandoned: [], failed: [] });
});

test('a stopped supervisor can be started again, and so can one that failed', async () => {
  const { supervisor, get, events } = scene({ a: {}, b: {} });
  await supervisor.start();
  await supervisor.stop();
  await supervisor.start();
  get('a').states.next('Error');
  await reaches(supervisor, 'Error');
  events.length = 0;
  const states: string[] = [];
  const starting = supervisor.start();
  supervisor.state$.subscribe((state) => states.push(state));
  await starting;
  expect(supervisor.error).toBeUndefined();
  expect(events).toEqual(['start a', 'start b']);
  expect(states.at(-1)).toBe('Running');
  await supervisor.stop();
});

test('a start while stopping starts again afterwards, unless stop is called once more', async () => {
  const { supervisor, events } = scene({ a: { stop: () => wait(5) } });
  await supervisor.start();
  const stopping = supervisor.stop();
  const again = supervisor.start();
  await stopping;
  await again;
  expect(events).toEqual(['start a', 'stop a', 'start a']);
  await expect(firstValueFrom(supervisor.state$)).resolves.toBe('Running');

  const last = [supervisor.stop(), supervisor.start(), supervisor.stop()];
  await Promise.all(last);
  expect(events).toEqual(['start a', 'stop a', 'start a', 'stop a']);
});

test('a subscriber that starts it again when it hears Stopped gets its wish', async () => {
  const { supervisor, events } = scene({ a: {} });
  await supervisor.start();
  let again: Promise<void> | undefined;
  const subscription = supervisor.state$.subscribe((state) => {
    if (state === 'Stopped') again = supervisor.start();
  });
  await supervisor.stop();
  subscription.unsubscribe();
  await again;
  expect(events).toEqual(['start a', 'stop a', 'start a']);
  await expect(firstValueFrom(supervisor.state$)).resolves.toBe('Running');
});

test.each(['Stopped', 'Error'])('%s left over from an earlier life is not taken for the new one', async (leftOver) => {
  const { supervisor, get, events } = scene({ a: { start: () => undefined }, b: {} });
  get('a').states.next(leftOver);
  const started = supervisor.start();
  expect(events).toEqual(['start a']);
  get('a').states.next('Running');
  await started;
  expect(events).toEqual(['start a', 'start b']);
});

test('one that ends while another is starting does not make the next one start early', async () => {
  const { supervisor, get, events } = scene({ a: {}, b: { start: () => undefined }, c: {} });
  const started = supervisor.start();
  get('a').states.next('Stopped');
  expect(events).toEqual(['start a', 'start b']);
  get('b').states.next('Running');
  await started;
  expect(events).toEqual(['start a', 'start b', 'start c']);
});

test('a reload asked for by a subscriber that is being told something resolves when it is done', async () => {
  const gate = new Subject<void>();
  const { supervisor } = scene({ a: { reload: () => firstValueFrom(gate) } });
  let done = false;
  let reloading: Promise<void> | undefined;
  supervisor.state$
    .pipe(
      filter((state) => state === 'Running'),
      take(1),
    )
    .subscribe(() => {
      reloading = supervisor.reload().then(() => {
        done = true;
      });
    });
  await supervisor.start();
  await wait(5);
  expect(done).toBe(false);
  gate.next();
  await reloading;
  expect(done).toBe(true);
});

test('a runnable may stop or reload its own supervisor from inside any call', async () => {
  let stopping: Promise<unknown> | undefined;
  let reloading: Promise<unknown> | undefined;
  const { supervisor, events } = scene({
    a: {},
    b: {
      start: (self) => {
        self.states.next('Running');
        reloading = supervisor.reload();
        stopping = supervisor.stop();
      },
      reload: () => undefined,
    },
    c: {},
  });
  await supervisor.start();
  await Promise.all([reloading, stopping]);
  expect(events).toEqual(['start a', 'start b', 'stop b', 'stop a']);
});

test('reload asks everything that can, one after the other, and a failure keeps nobody from it', async () => {
  const { supervisor, events, lines, states } = scene({
    a: {
      reload: () => {
        throw oops;
      },
    },
    b: {},
    c: { reload: async () => Promise.reject(oops) },
    d: { reload: () => wait(2) },
  });
  await supervisor.start();
  await supervisor.reload();
  expect(events.slice(4)).toEqual(['reload a', 'reload c', 'reload d']);
  expect(lines).toContain('error runnable a failed to reload');
  expect(lines).toContain('error runnable c failed to reload');
  expect(states).toEqual(['New', 'Booting', 'Running', 'Reloading', 'Running']);
});

test('ten reloads at once reload once, and nine return while it is going on', async () => {
  const gate = new Subject<void>();
  const { supervisor, events } = scene({ a: { reload: () => firstValueFrom(gate) } });
  await supervisor.start();
  const settled: number[] = [];
  const reloads = Array.from({ length: 10 }, (_, nth) => supervisor.reload().then(() => settled.push(nth)));
  await Promise.all(reloads.slice(1));
  expect(settled).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9]);
  gate.next();
  await reloads[0];
  expect(events.slice(1)).toEqual(['reload a']);
});

test('a reload that hangs is given up on, so that the next one gets its turn', async () => {
  const { supervisor, events, lines } = scene(
    { a: { reload: never }, b: { reload: () => undefined } },
    { startTimeoutMs: 20 },
  );
  await supervisor.start();
  await supervisor.reload();
  await supervisor.reload();
  expect(events.slice(2)).toEqual(['reload a', 'reload b', 'reload a', 'reload b']);
  expect(lines).toContain('warn gave up on reloading a after 20 ms');
});

test('restart asks everything that can, without arguments, and a failure keeps nobody from it', async () => {
  const { supervisor, events, lines, states } = scene({
    a: { restart: async () => Promise.reject(oops) },
    b: { reload: never },
    c: { restart: () => wait(2) },
  });
  await supervisor.start();
  const first = supervisor.restart?.();
  await supervisor.restart?.();
  expect(lines).toContain('info restart ignored while restarting');
  await first;
  expect(events.slice(3)).toEqual(['restart a', 'restart c']);
  expect(lines).toContain('error runnable a failed to restart');
  expect(states).toEqual(['New', 'Booting', 'Running', 'Reloading', 'Running']);
});

test('a supervisor of what cannot restart cannot either, so that the one above it passes it over', async () => {
  const unable = scene({ a: { reload: () => undefined } });
  expect('restart' in unable.supervisor).toBe(false);
  const able = scene({ b: { restart: () => undefined } });
  const { logger, lines } = listLogger();
  const above = createSupervisor([unable.supervisor, able.supervisor], { logger });
  await above.start();
  await above.restart?.();
  expect(able.events).toEqual(['start b', 'restart b']);
  expect(lines.filter((line) => line.includes('restart'))).toEqual(['info restarting supervisor-2']);
  await above.stop();
});

test('stopping does not wait for a reload, and a reload while stopped does nothing', async () => {
  const { supervisor, events } = scene({ a: { reload: never } });
  await supervisor.reload();
  await supervisor.start();
  const reloading = supervisor.reload();
  const beganAt = performance.now();
  await supervisor.stop();
  expect(performance.now() - beganAt).toBeLessThan(250);
  await reloading;
  await supervisor.reload();
  expect(events).toEqual(['start a', 'reload a', 'stop a']);
});

test('the states of all are one stream: what is known replays, and only real changes are told', async () => {
  const { supervisor, get } = scene({ a: {}, b: {} });
  const seen: Readonly<Record<string, string>>[] = [];
  const completed = vi.fn();
  supervisor.states$.subscribe({ next: (states) => seen.push(states), complete: completed });
  expect(seen).toEqual([]);
  await supervisor.start();
  for (const state of ['Running', 'Running', 'Running', 'Stopped', 'Stopped', 'Error']) get('a').states.next(state);
  expect(seen).toEqual([
    { a: 'New' },
    { a: 'New', b: 'New' },
    { a: 'Running', b: 'New' },
    { a: 'Running', b: 'Running' },
    { a: 'Stopped', b: 'Running' },
    { a: 'Error', b: 'Running' },
  ]);
  await expect(firstValueFrom(supervisor.states$)).resolves.toEqual({ a: 'Error', b: 'Running' });
  expect(completed).not.toHaveBeenCalled();
  await supervisor.stop();
  expect(completed).toHaveBeenCalledOnce();
  expect(seen.at(-1)).toMatchObject({ b: 'Stopped' });
});

test('names are made unique in the states', async () => {
  const { logger } = listLogger();
  const runnable = (name?: string) => ({
    ...(name === undefined ? {} : { name }),
    state$: new BehaviorSubject('Running'),
    start: () => undefined,
    stop: () => undefined,
  });
  const supervisor = createSupervisor([runnable('web'), runnable(), runnable('web'), runnable('__proto__')], {
    logger,
  });
  await supervisor.start();
  const states = await firstValueFrom(supervisor.states$);
  expect(Object.keys(states)).toEqual(['web', 'runnable-2', 'web-2', '__proto__']);
  await supervisor.stop();
});

test('loggers and subscribers that throw hurt nobody', async () => {
  const fail = () => {
    throw oops;
  };
  const logger = { error: fail, warn: fail, info: fail, debug: fail };
  const { supervisor, events } = scene({ a: {}, b: {} }, { logger });
  supervisor.state$.subscribe(fail);
  supervisor.states$.subscribe(async () => fail());
  await supervisor.start();
  await supervisor.stop();
  expect(events).toEqual(['start a', 'start b', 'stop b', 'stop a']);
});

test('a state$ whose teardown throws does not keep the life from ending', async () => {
  const { logger, lines } = listLogger();
  const state$ = new Observable<string>((subscriber) => {
    subscriber.next('Running');
    return () => {
      throw oops;
    };
  });
  const supervisor = createSupervisor([{ state$, start: () => undefined, stop: () => undefined }], { logger });
  await supervisor.start();
  await supervisor.stop();
  await expect(firstValueFrom(supervisor.state$)).resolves.toBe('Stopped');
  expect(lines).toContain('error a state$ failed to be unsubscribed');
});

test('supervisors nest, and the inner one is ready when all it looks after is', async () => {
  const events: string[] = [];
  const { logger } = listLogger();
  const inner = createSupervisor([new FakeRunnable('b', events), new FakeRunnable('c', events)], {
    logger,
    name: 'inner',
  });
  const outer = createSupervisor([new FakeRunnable('a', events), inner, new FakeRunnable('d', events)], { logger });
  await outer.start();
  expect(events).toEqual(['start a', 'start b', 'start c', 'start d']);
  await outer.stop();
  expect(events.slice(4)).toEqual(['stop d', 'stop c', 'stop b', 'stop a']);
  await outer.start();
  expect(events.slice(8)).toEqual(['start a', 'start b', 'start c', 'start d']);
  await outer.stop();
});

test('the failure of a nested supervisor carries its own', async () => {
  const events: string[] = [];
  const { logger } = listLogger();
  const failing = new FakeRunnable('b', events);
  const inner = createSupervisor([failing], { logger, name: 'inner' });
  const outer = createSupervisor([new FakeRunnable('a', events), inner], { logger });
  await outer.start();
  failing.error = oops;
  failing.states.next('Error');
  await reaches(outer, 'Error');
  expect(outer.error).toMatchObject({ runnable: 'inner', phase: 'run', cause: { runnable: 'b', cause: oops } });
});

test('timeouts no timer can count are refused', () => {
  for (const ms of [-1, Number.NaN, 2 ** 31]) {
    expect(() => createSupervisor([], { stopTimeoutMs: ms })).toThrow(
      expect.objectContaining({ code: 'ERR_OPTIONS', option: 'stopTimeoutMs' }),
    );
  }
  expect(() => createSupervisor([], { startTimeoutMs: Number.POSITIVE_INFINITY })).not.toThrow();
});
