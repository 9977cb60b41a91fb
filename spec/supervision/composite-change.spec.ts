import { filter, firstValueFrom, Subject, take } from 'rxjs';
import { expect, test } from 'vitest';
import { composite } from '../../lib/supervision/composite.ts';
import type { Configurable } from '../../lib/supervision/composite-member.ts';
import { createSupervisor } from '../../lib/supervision/supervisor.ts';
import { compositeScene, oops } from './composite-scene.ts';
import { FakeRunnable, listLogger, never } from './fake-runnable.ts';

const committed = { status: 'committed', started: [], stopped: [], reloaded: [], failed: [], abandoned: [] };

/** A fake that writes down the configs it is told, and is told how to take them. */
const configurable = (
  name: string,
  events: string[],
  take: (config: unknown) => Promise<void> | void = () => undefined,
): Configurable & { readonly fake: FakeRunnable } => {
  const fake = new FakeRunnable(name, events);
  return {
    fake,
    state$: fake.state$,
    start: () => fake.start(),
    stop: () => fake.stop(),
    configure: (config) => {
      events.push(`configure ${name} ${JSON.stringify(config)}`);
      return take(config);
    },
  };
};

const throwOops = (): never => {
  throw oops;
};

test('the same members again touch nobody, and the state does not flicker', async () => {
  const { one, members, member, events, states, outcomes } = compositeScene({ a: {}, b: {} });
  await one.start();
  members.next([member('a'), member('b')]);
  members.next([member('a'), member('b')]);
  expect(events).toEqual(['start a', 'start b']);
  expect(states).toEqual(['New', 'Booting', 'Running']);
  expect(outcomes).toEqual([
    { ...committed, revision: 1, started: ['a', 'b'] },
    { status: 'unchanged', revision: 2 },
    { status: 'unchanged', revision: 3 },
  ]);
  await one.stop();
});

test('what is new is started before what has left is stopped, the last started first; the others are not touched', async () => {
  const { one, members, member, events, states, outcomes } = compositeScene({ a: {}, b: {}, c: {} });
  await one.start();
  members.next([member('d'), member('b'), member('e')]);
  expect(events.slice(3)).toEqual(['start d', 'start e', 'stop c', 'stop a']);
  expect(states).toEqual(['New', 'Booting', 'Running', 'Reloading', 'Running']);
  expect(outcomes[1]).toEqual({ ...committed, revision: 2, started: ['d', 'e'], stopped: ['c', 'a'] });
  await one.stop();
  // In the order that was asked for, whoever came first.
  expect(events.slice(7)).toEqual(['stop e', 'stop b', 'stop d']);
});

test('while a change is on its way both sides show, and the one in force wins a shared name', async () => {
  const { one, members, member, get } = compositeScene({ a: {}, b: { start: () => undefined } });
  members.next([member('a')]);
  await one.start();
  const other = new FakeRunnable('a', [], { start: () => undefined });
  members.next([{ name: 'a', runnable: other }, member('b')]);
  await expect(firstValueFrom(one.children$)).resolves.toEqual({
    a: { state: 'Running', phase: 'running', restarts: 0 },
    b: { state: 'New', phase: 'waiting', restarts: 0 },
  });
  other.states.next('Running');
  get('b').states.next('Running');
  await expect(firstValueFrom(one.state$.pipe(filter((state) => state === 'Running')))).resolves.toBe('Running');
  expect(one.childStates).toEqual({ a: 'Running', b: 'Running' });
  await one.stop();
});

test('a changed config is handed to the runnable, which is not stopped', async () => {
  const { one, members, events, outcomes } = compositeScene({});
  const runnable = configurable('a', events);
  members.next([{ name: 'a', runnable, config: { port: 1 } }]);
  await one.start();
  members.next([{ name: 'a', runnable, config: { port: 1 } }]);
  members.next([{ name: 'a', runnable, config: { port: 2 } }]);
  expect(events).toEqual(['start a', 'configure a {"port":2}']);
  expect(outcomes.slice(1)).toEqual([
    { status: 'unchanged', revision: 2 },
    { ...committed, revision: 3, reloaded: ['a'] },
  ]);
  await one.stop();
});

test('a runnable without configure() is told to read again; without reload() it is stopped and started', async () => {
  const { one, members, member, events, outcomes } = compositeScene({ a: { reload: () => undefined }, b: {} });
  await one.start();
  members.next([member('a', { config: 1 }), member('b', { config: 1 })]);
  expect(events.slice(2)).toEqual(['stop b', 'start b', 'reload a']);
  expect(outcomes[1]).toEqual({ ...committed, revision: 2, started: ['b'], stopped: ['b'], reloaded: ['a'] });
  await one.stop();
});

test('another runnable under the name takes its place: started beside it, or after it when it says so', async () => {
  const { one, members, member, events } = compositeScene({ a: {}, b: {} });
  await one.start();
  members.next([
    { name: 'a', runnable: new FakeRunnable('a2', events) },
    { name: 'b', runnable: new FakeRunnable('b2', events), replace: 'stop-first' },
  ]);
  expect(events.slice(2)).toEqual(['start a2', 'stop b', 'start b2', 'stop a']);
  members.next([member('a', { name: 'renamed' })]);
  expect(events.slice(6)).toEqual(['start a', 'stop b2', 'stop a2']);
  members.next([member('a')]);
  expect(events.slice(9)).toEqual([]);
  expect(one.childStates).toEqual({ a: 'Running' });
  await one.stop();
});

test('a factory makes a new runnable for each attempt; with a config the runnable it made may take the next one', async () => {
  const { one, members, events } = compositeScene({});
  let made = 0;
  const listed = (port: number) => ({
    name: 'a',
    config: { port },
    runnable: () => {
      made += 1;
      return configurable(`a${made}`, events);
    },
  });
  members.next([listed(1)]);
  await one.start();
  members.next([listed(1)]);
  members.next([listed(2)]);
  expect(events).toEqual(['start a1', 'configure a1 {"port":2}']);
  await one.stop();
  await one.start();
  expect(events.slice(2)).toEqual(['stop a1', 'start a2']);
  await one.stop();
});

test('a new one that cannot be started undoes the change: those that ran were not touched, and it is named', async () => {
  const { one, members, member, events, states, outcomes, lines } = compositeScene({
    a: {},
    b: {},
    bad: { start: throwOops },
  });
  members.next([member('a'), member('b')]);
  await one.start();
  members.next([member('c'), member('d'), member('bad'), member('b', { restart: 'temporary' })]);
  expect(events.slice(2)).toEqual(['start c', 'start d', 'start bad', 'stop bad', 'stop d', 'stop c']);
  expect(outcomes[1]).toMatchObject({ status: 'rolledBack', revision: 2, child: 'bad', cause: { cause: oops } });
  expect(states.at(-1)).toBe('Running');
  expect(one.childStates).toEqual({ a: 'Running', b: 'Running' });
  expect(lines).toContain('error apps keeps its members: bad cannot be started');
  members.next([member('a'), member('c')]);
  expect(events.slice(8)).toEqual(['start c', 'stop b']);
  await one.stop();
  expect(events.slice(10)).toEqual(['stop c', 'stop a']);
});

test('what was exchanged is started again when the change is undone', async () => {
  const { one, members, member, events, outcomes } = compositeScene({ a: {}, b: {}, bad: { start: throwOops } });
  members.next([member('a'), member('b')]);
  await one.start();
  members.next([
    { name: 'a', runnable: new FakeRunnable('a2', events), replace: 'stop-first' },
    member('bad', { name: 'b', replace: 'stop-first' }),
  ]);
  expect(events.slice(2)).toEqual([
    'stop a',
    'start a2',
    'stop b',
    'start bad',
    'stop bad',
    'start b',
    'stop a2',
    'start a',
  ]);
  expect(outcomes[1]).toMatchObject({ status: 'rolledBack', child: 'b' });
  expect(one.childStates).toEqual({ a: 'Running', b: 'Running' });
  await one.stop();
});

test('what is stopping to be exchanged is waited for before it is started again', async () => {
  const stopped = new Subject<void>();
  const { one, members, member, get, events } = compositeScene({ a: { stop: () => firstValueFrom(stopped) } });
  await one.start();
  members.next([{ name: 'a', runnable: new FakeRunnable('a2', events), replace: 'stop-first' }, member('b')]);
  expect(events).toEqual(['start a', 'start b', 'stop a']);
  get('b').states.next('Error');
  expect(events.slice(3)).toEqual(['stop b']);
  stopped.next();
  await firstValueFrom(one.outcomes$);
  expect(events.slice(4)).toEqual(['start a']);
  const stopping = one.stop();
  stopped.next();
  await stopping;
});

test('one that was started for a change and fails before the others are ready undoes it', async () => {
  const { one, members, member, get, events, outcomes } = compositeScene({ a: {}, c: { start: () => undefined } });
  members.next([member('a')]);
  await one.start();
  members.next([member('b'), member('c')]);
  get('b').states.next('Error');
  expect(events).toEqual(['start a', 'start b', 'start c', 'stop b', 'stop c']);
  expect(outcomes[1]).toMatchObject({ status: 'rolledBack', child: 'b', cause: { phase: 'run' } });
  await one.stop();
});

test('one that is to run and ends at once undoes the change; one that does its thing and ends does not', async () => {
  const done = { start: (self: FakeRunnable) => self.states.next('Stopped') };
  const { one, members, member, outcomes } = compositeScene({ a: {}, job: done });
  members.next([member('a')]);
  await one.start();
  members.next([member('a'), member('job')]);
  expect(outcomes[1]).toMatchObject({ status: 'rolledBack', child: 'job', cause: { phase: 'end' } });
  members.next([member('job', { restart: 'transient' }), member('b')]);
  expect(outcomes[2]).toMatchObject({ status: 'committed', started: ['job', 'b'], stopped: ['a'] });
  await expect(firstValueFrom(one.children$)).resolves.toMatchObject({
    job: { phase: 'ended' },
    b: { phase: 'running' },
  });
  await one.stop();
});

test('one that was let end starts again when it may not end any more, or has another config', async () => {
  const { one, members, member, get, events } = compositeScene({ job: {} }, {}, { job: { restart: 'temporary' } });
  await one.start();
  get('job').states.next('Stopped');
  members.next([member('job')]);
  expect(events).toEqual(['start job']);
  members.next([member('job', { restart: 'permanent' })]);
  expect(events).toEqual(['start job', 'start job']);
  members.next([member('job', { restart: 'transient' })]);
  get('job').states.next('Stopped');
  members.next([member('job', { restart: 'transient', config: 2 })]);
  expect(events).toEqual(['start job', 'start job', 'start job']);

  const runnable = configurable('configurable', events);
  members.next([{ name: 'job', runnable, config: 1, restart: 'transient' }]);
  runnable.fake.states.next('Stopped');
  events.length = 0;
  members.next([{ name: 'job', runnable, config: 2, restart: 'transient' }]);
  expect(events).toEqual(['configure configurable 2', 'start configurable']);
  await one.stop();
});

test('a departing one that fails before its turn to stop changes nothing', async () => {
  const { one, members, member, get, events, outcomes } = compositeScene(
    { a: {}, b: { stop: never } },
    { stopTimeoutMs: 20 },
  );
  await one.start();
  members.next([]);
  get('a').states.next('Error');
  await firstValueFrom(one.outcomes$);
  expect(events).toEqual(['start a', 'start b', 'stop b', 'stop a']);
  expect(outcomes[1]).toMatchObject({ status: 'committed', abandoned: ['b'] });
  members.next([member('c')]);
  expect(one.childStates).toEqual({ c: 'Running' });
  await expect(one.stop()).resolves.toMatchObject({ abandoned: [] });
});

test('children that refuse a config are named together with why, keep theirs, and are told again', async () => {
  const { one, members, events, outcomes, lines } = compositeScene({});
  let refusing = true;
  const take = (): void => {
    if (refusing) throw oops;
  };
  const [a, b, c] = [
    configurable('a', events, take),
    configurable('b', events, async () => take()),
    configurable('c', events),
  ];
  const listed = (config: number) => [
    { name: 'a', runnable: a, config },
    { name: 'b', runnable: b, config },
    { name: 'c', runnable: c, config },
  ];
  members.next(listed(1));
  await one.start();
  members.next(listed(2));
  await firstValueFrom(one.outcomes$);
  expect(outcomes[1]).toEqual({
    ...committed,
    revision: 2,
    reloaded: ['c'],
    failed: [
      { child: 'a', cause: oops },
      { child: 'b', cause: oops },
    ],
  });
  expect(lines).toContain('error runnable a failed to reload');
  await expect(firstValueFrom(one.state$)).resolves.toBe('Running');
  refusing = false;
  events.length = 0;
  members.next(listed(2));
  await firstValueFrom(one.outcomes$);
  expect(events).toEqual(['configure a 2', 'configure b 2']);
  expect(outcomes[2]).toEqual({ ...committed, revision: 3, reloaded: ['a', 'b'] });
  await one.stop();
});

test('one that does not take a config in time is named, and what it says later is not heard', async () => {
  const { one, members, events, outcomes } = compositeScene({}, { startTimeoutMs: 20 });
  const gate = new Subject<void>();
  const runnable = configurable('a', events, () => firstValueFrom(gate));
  members.next([{ name: 'a', runnable, config: 1 }]);
  await one.start();
  members.next([{ name: 'a', runnable, config: 2 }]);
  await firstValueFrom(one.outcomes$);
  expect(outcomes[1]).toMatchObject({
    failed: [{ child: 'a', cause: { code: 'ERR_RELOAD_TIMEOUT', runnable: 'a', timeoutMs: 20 } }],
  });
  gate.next();
  await expect(firstValueFrom(one.state$)).resolves.toBe('Running');
  await one.stop();
});

test('one that fails while it is told its config is named, and is started again', async () => {
  const { one, members, events, outcomes } = compositeScene({}, { restart: { initialMs: 0 } });
  const runnable = configurable('a', events, () => {
    runnable.fake.states.next('Error');
    return never();
  });
  members.next([{ name: 'a', runnable, config: 1 }]);
  await one.start();
  members.next([{ name: 'a', runnable, config: 2 }]);
  expect(outcomes[1]).toMatchObject({ failed: [{ child: 'a', cause: { code: 'ERR_RUNNABLE', phase: 'run' } }] });
  await firstValueFrom(one.children$.pipe(filter(({ a }) => a?.phase === 'running' && a.restarts === 1)));
  await one.stop();
});

test('while a change is on its way the newest of the next ones waits, and the others are superseded', async () => {
  const { one, members, member, get, events, outcomes } = compositeScene({ a: {}, b: { start: () => undefined } });
  members.next([member('a')]);
  await one.start();
  members.next([member('a'), member('b')]);
  for (let nth = 0; nth < 100; nth += 1) members.next([member('a'), member(`c${nth}`)]);
  expect(events).toEqual(['start a', 'start b']);
  get('b').states.next('Running');
  expect(events.slice(2)).toEqual(['start c99', 'stop b']);
  expect(outcomes.map(({ status }) => status)).toEqual([
    'committed',
    ...Array.from({ length: 99 }, () => 'superseded'),
    'committed',
    'committed',
  ]);
  expect(new Set(outcomes.map(({ revision }) => revision)).size).toBe(102);
  await one.stop();
});

test('a subscriber that changes the members while it is being told something gets its wish afterwards', async () => {
  const { one, members, member, events } = compositeScene({ a: {} });
  one.state$
    .pipe(
      filter((state) => state === 'Running'),
      take(1),
    )
    .subscribe(() => members.next([member('b')]));
  await one.start();
  expect(events).toEqual(['start a', 'start b', 'stop a']);
  await one.stop();
});

test('a stop during a change stops both sides, the newest first, and cancels what has not happened', async () => {
  const { one, members, member, events, outcomes } = compositeScene({ a: {}, b: { start: never } });
  members.next([member('a')]);
  await one.start();
  members.next([member('c'), member('b')]);
  members.next([]);
  await one.stop();
  expect(events).toEqual(['start a', 'start c', 'start b', 'stop b', 'stop c', 'stop a']);
  expect(outcomes.slice(1)).toEqual([
    { status: 'cancelled', revision: 2 },
    { status: 'cancelled', revision: 3 },
  ]);
});

test('reload asks everything that can, one after the other; who fails is named, and keeps nobody else from it', async () => {
  const { one, events, states } = compositeScene({
    a: { reload: throwOops },
    b: {},
    c: { reload: async () => Promise.reject(oops) },
    d: { reload: async () => undefined },
  });
  await one.start();
  await expect(one.reload()).rejects.toMatchObject({
    code: 'ERR_RELOAD',
    composite: 'apps',
    message: 'a, c of apps failed to reload',
    failures: [
      { child: 'a', cause: oops },
      { child: 'c', cause: oops },
    ],
    cause: oops,
  });
  expect(events.slice(4)).toEqual(['reload a', 'reload c', 'reload d']);
  expect(states).toEqual(['New', 'Booting', 'Running', 'Reloading', 'Running']);
  await one.stop();
});

test('ten reloads while one is going on share one more, and all of them settle', async () => {
  const gate = new Subject<void>();
  const { one, events } = compositeScene({ a: { reload: () => firstValueFrom(gate) } });
  await one.start();
  const first = one.reload();
  const rest = Array.from({ length: 10 }, () => one.reload());
  expect(events.slice(1)).toEqual(['reload a']);
  gate.next();
  await first;
  expect(events.slice(1)).toEqual(['reload a', 'reload a']);
  gate.next();
  await Promise.all(rest);
  expect(events.slice(1)).toEqual(['reload a', 'reload a']);
  await one.stop();
});

test('a reload waits for the change before it, and so does one asked for while starting', async () => {
  const { one, members, member, get, events } = compositeScene({
    a: { start: () => undefined, reload: () => undefined },
  });
  const started = one.start();
  const early = one.reload();
  get('a').states.next('Running');
  await Promise.all([started, early]);
  expect(events).toEqual(['start a', 'reload a']);
  get('b');
  members.next([member('a'), member('b')]);
  await one.reload();
  expect(events.slice(2)).toEqual(['start b', 'reload a']);
  await one.stop();
});

test('stopping does not wait for a reload, and a reload while stopped does nothing', async () => {
  const { one, events } = compositeScene({ a: { reload: never } });
  await one.reload();
  await one.start();
  const reloads = [one.reload(), one.reload()];
  await one.stop();
  await Promise.all(reloads);
  await one.reload();
  expect(events).toEqual(['start a', 'reload a', 'stop a']);
});

test('in a supervisor a reload reaches the children, and its failure is logged there', async () => {
  const events: string[] = [];
  const { logger, lines } = listLogger();
  const child = new FakeRunnable('a', events, { reload: throwOops });
  const inner = composite([{ name: 'a', runnable: child }], { logger, name: 'inner' });
  const outer = createSupervisor([inner], { logger });
  await outer.start();
  await outer.reload();
  expect(events).toEqual(['start a', 'reload a']);
  expect(lines).toContain('error runnable inner failed to reload');
  await outer.stop();
});

test('a child may change, reload or stop its own composite from inside any call', async () => {
  const { one, members, member, events, outcomes } = compositeScene({
    a: {
      start: (self) => {
        self.states.next('Running');
        members.next([member('a'), member('b')]);
        calls.push(one.reload());
      },
      reload: () => {
        calls.push(one.stop());
      },
    },
  });
  const calls: Promise<unknown>[] = [];
  await one.start();
  await Promise.all(calls);
  await firstValueFrom(one.state$.pipe(filter((state) => state === 'Stopped')));
  await Promise.all(calls);
  expect(events).toEqual(['start a', 'start b', 'reload a', 'stop b', 'stop a']);
  expect(outcomes.map(({ status }) => status)).toEqual(['committed', 'committed']);
});
