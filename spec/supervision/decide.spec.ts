import fc from 'fast-check';
import { expect, test } from 'vitest';
import { decide } from '../../lib/supervision/decide.ts';
import {
  type Decision,
  type Effect,
  isOver,
  type Life,
  type LifeEvent,
  newLife,
  type Step,
} from '../../lib/supervision/life.ts';

const names = ['a', 'b', 'c', 'd'];
const lifeOf = (count: number): Life =>
  newLife(names.slice(0, count).map((name, index) => ({ name, canReload: index % 2 === 0, canRestart: index > 0 })));

/** Feeds events one after another; every decision that was made, in order. */
const tell = (first: Life, events: readonly LifeEvent[]): readonly Decision[] => {
  let life = first;
  return events.map((event) => {
    const decision = decide(life, event);
    life = decision.life;
    return decision;
  });
};

const line = (effect: Effect): string => {
  switch (effect.type) {
    case 'call':
      return `${effect.step.type} ${names[effect.step.index]}`;
    case 'log':
      return `(${effect.message})`;
    case 'exit':
      return `exit ${effect.code}`;
    case 'observe':
      return `observe ${names[effect.index]}`;
    case 'observeAll':
      return 'observe all';
  }
};

/** A decision in one line: the state it leads to, and what is to be done. */
const describe = ({ life, effects }: Decision): string => [life.state, ...effects.map(line)].join(', ');

const begun: readonly LifeEvent[] = [{ type: 'begin' }, { type: 'observed' }];
const up = (index: number): readonly LifeEvent[] => [
  { type: 'state', index, state: 'Running' },
  { type: 'called', index },
];
const running = (count: number): Life =>
  tell(lifeOf(count), [...begun, ...names.slice(0, count).flatMap((_, index) => up(index))]).at(-1)?.life ?? lifeOf(0);
const stepOf = (life: Life): Step => life.step ?? { type: 'stop', index: -1 };

test('from the first start to the last stop', () => {
  const started = tell(lifeOf(2), [...begun, ...up(0), ...up(1)]);
  expect(started.map(describe)).toEqual([
    'Booting, observe all',
    'Booting, (starting a), start a',
    'Booting',
    'Booting, (a is running), (starting b), start b',
    'Booting',
    'Running, (b is running)',
  ]);
  const stopping = decide(started.at(-1)?.life ?? lifeOf(0), { type: 'signal', signal: 'SIGTERM', atMs: 0 });
  expect(describe(stopping)).toBe('Stopping, (SIGTERM: stopping), (stopping b), stop b');
  const next = decide(stopping.life, { type: 'settled', step: stepOf(stopping.life) });
  expect(describe(next)).toBe('Stopping, (stopped b), (stopping a), stop a');
  expect(describe(decide(next.life, { type: 'settled', step: stepOf(next.life) }))).toBe('Stopped, (stopped a)');
});

test('the first signal stops, the second ends the process with its own status', () => {
  const hup = { type: 'signal', signal: 'SIGHUP', atMs: 0 } as const;
  const int = { type: 'signal', signal: 'SIGINT', atMs: 0 } as const;
  const term = { type: 'signal', signal: 'SIGTERM', atMs: 0 } as const;
  expect(tell(running(1), [term, hup, int]).map(describe)).toEqual([
    'Stopping, (SIGTERM: stopping), (stopping a), stop a',
    'Stopping, (reload ignored while Stopping)',
    'Stopping, (SIGINT again: exiting at once), exit 130',
  ]);
  expect(tell(running(1), [{ type: 'stop' }, int, term]).map(describe)).toEqual([
    'Stopping, (stopping a), stop a',
    'Stopping, (SIGINT: stopping)',
    'Stopping, (SIGTERM again: exiting at once), exit 143',
  ]);
});

test('the same signal once more within half a second is the same request, later it ends the process', () => {
  const int = (atMs: number) => ({ type: 'signal', signal: 'SIGINT', atMs }) as const;
  expect(tell(running(1), [int(1_000), int(1_004), int(1_499), int(1_500)]).map(describe)).toEqual([
    'Stopping, (SIGINT: stopping), (stopping a), stop a',
    'Stopping',
    'Stopping',
    'Stopping, (SIGINT again: exiting at once), exit 130',
  ]);
});

test('a reload passes over what cannot and what has ended, and one at a time is enough', () => {
  const first = decide(running(4), { type: 'reload', request: Symbol('first') });
  expect(describe(first)).toBe('Reloading, (reloading a), reload a');
  const second = decide(first.life, { type: 'reload', request: Symbol('second') });
  expect(describe(second)).toBe('Reloading, (reload ignored while Reloading)');
  expect(second.life.request).toBe(first.life.request);
  const ended = decide(second.life, { type: 'state', index: 2, state: 'Stopped' });
  expect(describe(decide(ended.life, { type: 'settled', step: stepOf(first.life) }))).toBe('Running');

  const unable = newLife([{ name: 'a', canReload: false, canRestart: false }]);
  const idle = tell(unable, [...begun, ...up(0), { type: 'signal', signal: 'SIGHUP', atMs: 0 }]).at(-1);
  expect(idle && describe(idle)).toBe('Running, (nothing to reload)');
});

test('SIGQUIT stops like SIGTERM, and as a second signal ends the process with status 131', () => {
  const quit = (atMs: number) => ({ type: 'signal', signal: 'SIGQUIT', atMs }) as const;
  const term = { type: 'signal', signal: 'SIGTERM', atMs: 0 } as const;
  expect(tell(running(1), [quit(0), quit(100), quit(500)]).map(describe)).toEqual([
    'Stopping, (SIGQUIT: stopping), (stopping a), stop a',
    'Stopping',
    'Stopping, (SIGQUIT again: exiting at once), exit 131',
  ]);
  expect(
    tell(running(1), [term, quit(1)])
      .map(describe)
      .at(-1),
  ).toBe('Stopping, (SIGQUIT again: exiting at once), exit 131');
});

test('SIGUSR2 restarts those that can, one after the other, whatever comes of it; one more is told off', () => {
  const usr2 = { type: 'signal', signal: 'SIGUSR2', atMs: 0 } as const;
  const first = decide(running(4), usr2);
  expect(describe(first)).toBe('Reloading, (restarting b), restart b');
  const more = tell(first.life, [usr2, { type: 'signal', signal: 'SIGHUP', atMs: 0 }]);
  expect(more.map(describe)).toEqual([
    'Reloading, (restart ignored while restarting)',
    'Reloading, (reload ignored while restarting)',
  ]);
  const second = decide(first.life, { type: 'rejected', step: stepOf(first.life), cause: 'no' });
  expect(describe(second)).toBe('Reloading, (runnable b failed to restart), (restarting c), restart c');
  const third = decide(second.life, { type: 'overdue', step: stepOf(second.life), afterMs: 5 });
  expect(describe(third)).toBe('Reloading, (gave up on restarting c after 5 ms), (restarting d), restart d');
  expect(describe(decide(third.life, { type: 'settled', step: stepOf(third.life) }))).toBe('Running');
  expect(describe(decide(third.life, { type: 'stop' }))).toBe('Stopping, (stopping d), stop d');
});

test('a restart is refused while starting, stopping and reloading, and is none where nothing can', () => {
  const usr2 = { type: 'signal', signal: 'SIGUSR2', atMs: 0 } as const;
  const booting = tell(lifeOf(2), [...begun, usr2]).at(-1);
  expect(booting && describe(booting)).toBe('Booting, (restart ignored while Booting)');
  const reloading = tell(running(2), [{ type: 'reload', request: Symbol('reload') }, usr2]).at(-1);
  expect(reloading && describe(reloading)).toBe('Reloading, (restart ignored while Reloading)');
  const stopping = tell(running(2), [{ type: 'stop' }, usr2]).at(-1);
  expect(stopping && describe(stopping)).toBe('Stopping, (restart ignored while Stopping)');
  expect(describe(decide(running(1), usr2))).toBe('Running, (nothing to restart)');
});

test('what comes too late changes nothing', () => {
  const life = running(2);
  const stopping = decide(life, { type: 'stop' }).life;
  const stale: Step = { type: 'stop', index: 1 };
  for (const event of [
    { type: 'settled', step: stale },
    { type: 'rejected', step: stale, cause: 'late' },
    { type: 'overdue', step: stale, afterMs: 1 },
    { type: 'called', index: 1 },
    { type: 'begin' },
    { type: 'observed' },
    { type: 'stop' },
  ] satisfies readonly LifeEvent[]) {
    expect(decide(stopping, event)).toEqual({ life: stopping, effects: [] });
  }
  expect(decide(life, { type: 'shutdownOverdue', afterMs: 1 })).toEqual({ life, effects: [] });
  const over = decide(newLife([]), { type: 'stop' }).life;
  expect(decide(over, { type: 'begin' })).toEqual({ life: over, effects: [] });
});

/** What may happen next, whether or not it makes sense; `step` is the one in progress or one that never was. */
const anything = (count: number) => {
  const index = fc.nat(Math.max(count - 1, 0));
  const state = fc.constantFrom('New', 'Booting', 'Running', 'Running', 'Running', 'Error', 'Stopped');
  const stale: Step = { type: 'stop', index: 0 };
  type Happening = (life: Life) => LifeEvent;
  const always =
    (event: LifeEvent): Happening =>
    () =>
      event;
  return fc.oneof(
    {
      weight: 8,
      arbitrary: fc.tuple(index, state).map(([at, said]) => always({ type: 'state', index: at, state: said })),
    },
    {
      weight: 8,
      arbitrary: index.map(
        (at): Happening =>
          (life) => ({ type: 'called', index: life.step?.index ?? at }),
      ),
    },
    { weight: 8, arbitrary: fc.constant<Happening>((life) => ({ type: 'settled', step: life.step ?? stale })) },
    {
      weight: 2,
      arbitrary: fc.constant<Happening>((life) => ({ type: 'rejected', step: life.step ?? stale, cause: 'no' })),
    },
    {
      weight: 2,
      arbitrary: fc.constant<Happening>((life) => ({ type: 'overdue', step: life.step ?? stale, afterMs: 1 })),
    },
    { weight: 1, arbitrary: index.map((at) => always({ type: 'silence', index: at })) },
    { weight: 1, arbitrary: index.map((at) => always({ type: 'broken', index: at, cause: 'no' })) },
    { weight: 1, arbitrary: fc.constant(always({ type: 'stop' })) },
    { weight: 1, arbitrary: fc.constant(always({ type: 'shutdownOverdue', afterMs: 1 })) },
    {
      weight: 1,
      arbitrary: fc
        .constantFrom('reload' as const, 'restart' as const)
        .map((type) => always({ type, request: Symbol(type) })),
    },
    {
      weight: 1,
      arbitrary: fc
        .constantFrom('SIGINT' as const, 'SIGTERM' as const, 'SIGQUIT' as const, 'SIGHUP' as const, 'SIGUSR2' as const)
        .map((signal) => always({ type: 'signal', signal, atMs: 0 })),
    },
  );
};

const story = fc
  .nat(names.length)
  .chain((count) => fc.tuple(fc.constant(count), fc.array(anything(count), { maxLength: 60 })));

const legal: Readonly<Record<Life['state'], readonly Life['state'][]>> = {
  New: ['Booting', 'Stopped'],
  Booting: ['Running', 'Stopping', 'Stopped'],
  Running: ['Reloading', 'Stopping', 'Stopped'],
  Reloading: ['Running', 'Stopping', 'Stopped'],
  Stopping: ['Stopped', 'Error'],
  Stopped: [],
  Error: [],
};

test('whatever happens, starts go up in order, stops come down in order, and nothing is left behind', () => {
  fc.assert(
    fc.property(story, ([count, happenings]) => {
      let life = lifeOf(count);
      const calls: Step[] = [];
      const said = new Map<string, string>();
      // Who had ended and speaks again while the others are being stopped is stopped when that is noticed.
      const revenants = new Set<number>();
      const feed = (event: LifeEvent): void => {
        const before = life;
        if (event.type === 'state' && before.state === 'Stopping') revenants.add(event.index);
        const decision = decide(before, event);
        life = decision.life;
        if (life.state !== before.state) expect(legal[before.state]).toContain(life.state);
        for (const effect of decision.effects) if (effect.type === 'call') calls.push(effect.step);
        if (event.type === 'state' && !isOver(before)) said.set(names[event.index] ?? '', event.state);
        expect(life.states).toEqual(count === 0 ? {} : Object.fromEntries(said));
      };
      for (const event of begun) feed(event);
      for (const happening of happenings) if (count > 0) feed(happening(life));
      feed({ type: 'stop' });
      for (let left = count; left > 0; left -= 1) feed({ type: 'settled', step: stepOf(life) });

      const starts = calls.filter((step) => step.type === 'start').map((step) => step.index);
      const stops = calls.filter((step) => step.type === 'stop').map((step) => step.index);
      const firstStop = calls.findIndex((step) => step.type === 'stop');
      expect(isOver(life)).toBe(true);
      expect(life.state === 'Error').toBe(life.error !== undefined);
      expect(starts).toEqual([...starts.keys()]);
      expect(stops).toHaveLength(new Set(stops).size);
      const inTurn = stops.filter((index) => !revenants.has(index));
      expect(inTurn).toEqual(inTurn.toSorted((a, b) => b - a));
      if (firstStop !== -1) expect(calls.slice(firstStop).every((step) => step.type === 'stop')).toBe(true);
      for (const index of stops) expect(starts).toContain(index);
      for (const index of starts) {
        if (!stops.includes(index)) expect(life.members[index]).toMatchObject({ standing: 'ended', state: 'Stopped' });
      }
    }),
    { numRuns: 500 },
  );
});
