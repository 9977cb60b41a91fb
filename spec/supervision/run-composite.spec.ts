import { concat, distinctUntilChanged, map, NEVER, type Observable, of, Subject } from 'rxjs';
import { expect, test } from 'vitest';
import { type CompositeEvent, type CompositeLife, newCompositeLife } from '../../lib/supervision/composite-life.ts';
import type { CompositeMember } from '../../lib/supervision/composite-member.ts';
import type { CompositeOutcome } from '../../lib/supervision/composite-outcome.ts';
import type { RestartStrategy } from '../../lib/supervision/restart-strategy.ts';
import { runComposite } from '../../lib/supervision/run-composite.ts';
import { marbles } from '../reactive/marbles.ts';
import { listLogger, never } from './fake-runnable.ts';

const endless = {
  startTimeoutMs: Number.POSITIVE_INFINITY,
  stopTimeoutMs: Number.POSITIVE_INFINITY,
  shutdownTimeoutMs: Number.POSITIVE_INFINITY,
};
const letters = { r: 'Running', e: 'Error', s: 'Stopped' };
const inputs: Readonly<Record<string, CompositeEvent>> = { i: { type: 'begin' }, p: { type: 'stop' } };

interface Scene {
  /** What each attempt of a member says from the moment it starts, as marbles; one that has nothing more never speaks. */
  readonly attempts: Readonly<Record<string, readonly string[]>>;
  /** When it begins and is stopped. */
  readonly input?: string;
  readonly strategy?: RestartStrategy;
  readonly types?: Readonly<Record<string, CompositeMember['restart']>>;
  readonly limits?: Partial<typeof endless>;
  readonly hangs?: boolean;
  readonly random?: number;
  /** The names of the members over time, as marbles of letters that stand for lists. */
  readonly members?: readonly [string, Readonly<Record<string, readonly string[]>>];
}

/**
 * Lives one life of a composite called `apps` in virtual time, and writes down what happened when: `12 start b` for a
 * call, `12 Running` for a state of the composite. Up to 3 crashes of a child within 100 ms are answered with a restart
 * after 4 ms, 8 ms, 16 ms.
 */
const transcript = (scene: Scene) => {
  const scheduler = marbles();
  const happened: string[] = [];
  const { logger, lines } = listLogger();
  const outcomes: CompositeOutcome[] = [];
  let last: CompositeLife | undefined;
  const subscriptions = scheduler.run(({ cold }) => {
    const at = (what: string): void => {
      happened.push(`${scheduler.now()} ${what}`);
    };
    const said = Object.fromEntries(
      Object.entries(scene.attempts).map(([name, list]) => [name, list.map((marble) => cold(marble, letters))]),
    );
    const made = new Map<string, number>();
    const member = (name: string): CompositeMember => ({
      name,
      restart: scene.types?.[name] ?? 'permanent',
      config: name,
      runnable: () => {
        const nth = made.get(name) ?? 0;
        made.set(name, nth + 1);
        return {
          state$: said[name]?.[nth] ?? new Subject<string>(),
          start: () => at(`start ${name}`),
          stop: () => {
            at(`stop ${name}`);
            return scene.hangs ? never() : undefined;
          },
        };
      },
    });
    const [marble, lists] = scene.members ?? [];
    const names$: Observable<readonly string[]> =
      marble === undefined ? of(Object.keys(scene.attempts)) : cold(marble, lists);
    let revision = 0;
    const life$ = runComposite(
      newCompositeLife({
        name: 'apps',
        strategy: scene.strategy ?? 'one-for-one',
        restart: { intensity: 3, periodMs: 100, initialMs: 4, maxMs: 1000 },
      }),
      {
        limits: { ...endless, ...scene.limits },
        logger,
        self: () => undefined,
        members$: concat(names$, NEVER).pipe(map((names) => names.map(member))),
        remembered: undefined,
        nextRevision: () => {
          revision += 1;
          return revision;
        },
        settled: (outcome) => outcomes.push(outcome),
        reloaded: () => undefined,
        now: () => scheduler.now(),
        random: () => scene.random ?? 0.999_999,
      },
      cold(scene.input ?? 'i', inputs),
    );
    life$
      .pipe(
        map((life) => {
          last = life;
          return life.state;
        }),
        distinctUntilChanged(),
      )
      .subscribe(at);
    return said;
  });
  return { happened, lines, outcomes, life: () => last, subscriptions };
};

test('one-for-one: a child that fails is started again after a wait, alone; the composite stays Running', () => {
  const { happened, subscriptions } = transcript({
    attempts: { a: ['r'], b: ['--r--e', '-r'], c: ['r'] },
    input: 'i--------------p',
  });
  expect(happened).toEqual([
    '0 Booting',
    '0 start a',
    '0 start b',
    '2 start c',
    '2 Running',
    '5 stop b',
    '9 start b',
    '15 Stopping',
    '15 stop c',
    '15 stop b',
    '15 stop a',
    '15 Stopped',
  ]);
  // Nobody is listened to longer than an attempt lasts.
  expect(subscriptions.b?.map(({ subscriptions: [log] }) => [log?.subscribedFrame, log?.unsubscribedFrame])).toEqual([
    [0, 5],
    [9, 15],
  ]);
});

test('rest-for-one: those started after it are stopped in reverse, then all start, each when the one before is up', () => {
  const { happened } = transcript({
    attempts: { a: ['r'], b: ['-r--------e', '--r'], c: ['-r', '---r'], d: ['-r', '-r'] },
    strategy: 'rest-for-one',
  });
  expect(happened.slice(6)).toEqual(['10 stop b', '10 stop d', '10 stop c', '14 start b', '16 start c', '19 start d']);
});

test('one-for-all: all others are stopped in reverse, and all start in order', () => {
  const { happened } = transcript({
    attempts: { a: ['r', '-r'], b: ['-r--------e', '--r'], c: ['r', 'r'] },
    strategy: 'one-for-all',
  });
  expect(happened.slice(5)).toEqual(['10 stop b', '10 stop c', '10 stop a', '14 start a', '15 start b', '17 start c']);
});

test('two that fail one after the other come back as one group, when the later wait is over', () => {
  const { happened } = transcript({
    attempts: { a: ['-r-----e', 'r'], b: ['-r', 'r'], c: ['-r-e', '-r'] },
    strategy: 'rest-for-one',
  });
  // The wait of c is over at 9, that of a at 11.
  expect(happened.slice(5)).toEqual(['5 stop c', '7 stop a', '7 stop b', '11 start a', '11 start b', '11 start c']);
});

test('a group that is coming back is stopped again when one it rests on fails', () => {
  const { happened } = transcript({
    attempts: { a: ['-r----------e', 'r'], b: ['-r--e', '--r', 'r'], c: ['-r', '---r', 'r'] },
    strategy: 'rest-for-one',
  });
  expect(happened.slice(5)).toEqual([
    '5 stop b',
    '5 stop c',
    '9 start b',
    '11 start c',
    '12 stop a',
    '12 stop c',
    '12 stop b',
    '16 start a',
    '16 start b',
    '16 start c',
  ]);
});

test('the wait doubles with every crash, and is spread over its second half', () => {
  const { happened } = transcript({ attempts: { a: ['-re', '-re', '-re', 'r'] }, random: 0.5 });
  // 3, 6 and 12 of the 4, 8 and 16 that the policy gives, each counted from the crash.
  expect(happened.filter((line) => line.includes('start'))).toEqual([
    '0 start a',
    '5 start a',
    '13 start a',
    '27 start a',
  ]);
});

test('a child that crashes too often ends the composite in Error, the others stopped: it never spins', () => {
  const { happened, life } = transcript({
    attempts: { a: ['r'], b: Array.from({ length: 99 }, () => '-re'), c: ['r'] },
  });
  expect(happened.filter((line) => line.endsWith('start b'))).toEqual([
    '0 start b',
    '6 start b',
    '16 start b',
    '34 start b',
  ]);
  expect(happened.slice(-5)).toEqual(['36 stop b', '36 Stopping', '36 stop c', '36 stop a', '36 Error']);
  expect(life()?.error).toMatchObject({
    code: 'ERR_CRASH_LOOP',
    composite: 'apps',
    child: 'b',
    count: 4,
    periodMs: 100,
    cause: { code: 'ERR_RUNNABLE', runnable: 'b', phase: 'run' },
  });
});

test('an attempt to start again that fails, or takes too long, counts as a crash', () => {
  const { happened, life } = transcript({
    attempts: { a: ['r-e', 'e', '---', '---'] },
    limits: { startTimeoutMs: 10 },
  });
  expect(happened.filter((line) => line.endsWith('start a'))).toEqual([
    '0 start a',
    '6 start a',
    '14 start a',
    '40 start a',
  ]);
  expect(happened.at(-1)).toBe('50 Error');
  expect(life()?.error).toMatchObject({ child: 'a', count: 4, cause: { code: 'ERR_START_TIMEOUT' } });
});

test('crashes are counted for each child on its own, and forgotten after a period', () => {
  const { happened } = transcript({
    attempts: { a: ['r-e', 'r-e', 'r-e', 'r 150ms e', 'r'], b: ['r-e', 'r-e', 'r-e', 'r'] },
  });
  expect(happened.filter((line) => /Stopping|Error/.test(line))).toEqual([]);
  // Well for a whole period: the shortest wait again.
  expect(happened.slice(-2)).toEqual(['185 stop a', '189 start a']);
});

test.each([
  ['permanent', 's', true],
  ['permanent', 'e', true],
  ['transient', 's', false],
  ['transient', 'e', true],
  ['temporary', 's', false],
  ['temporary', 'e', false],
] as const)('a %s child that says %s while it runs: started again %s', (type, letter, again) => {
  const { happened, life } = transcript({ attempts: { a: ['r'], b: [`-r-${letter}`, 'r'] }, types: { b: type } });
  expect(happened.some((line) => line === '7 start b')).toBe(again);
  expect(life()?.state).toBe('Running');
});

test('a permanent child that ends by itself again and again is a crash loop without a cause of its own', () => {
  const { life } = transcript({ attempts: { a: Array.from({ length: 9 }, () => 'r-s') } });
  expect(life()?.error).toMatchObject({ child: 'a', cause: { runnable: 'a', phase: 'end' } });
  expect(life()?.error?.cause).not.toHaveProperty('cause');
});

test('a temporary child that is stopped with its group stays down, a transient one that had ended is started with it', () => {
  const { happened } = transcript({
    attempts: { a: ['-r-----e', 'r'], job: ['r-s', 'r'], once: ['r', 'r'] },
    strategy: 'one-for-all',
    types: { job: 'transient', once: 'temporary' },
  });
  expect(happened.slice(5)).toEqual(['7 stop a', '7 stop once', '11 start a', '11 start job']);
});

test('each child has its own time to stop, and one that overruns is left to itself before the group starts', () => {
  const { happened, lines } = transcript({
    attempts: { a: ['r', 'r'], b: ['-r--e', 'r'] },
    strategy: 'one-for-all',
    limits: { stopTimeoutMs: 3 },
    hangs: true,
  });
  // b at 4 until 7, then a until 10, while the wait of b, 4 from 7, is not over until 11.
  expect(happened.slice(4)).toEqual(['4 stop b', '7 stop a', '11 start a', '11 start b']);
  expect(lines).toContain('warn gave up on stopping a after 3 ms');
});

test('the time for all cuts that of each: what is left is told to stop in order, at once', () => {
  const { happened, life } = transcript({
    attempts: { a: ['r'], b: ['r'], c: ['r'] },
    input: 'i----p',
    limits: { stopTimeoutMs: 3, shutdownTimeoutMs: 4 },
    hangs: true,
  });
  expect(happened.slice(5)).toEqual(['5 Stopping', '5 stop c', '8 stop b', '9 stop a', '9 Stopped']);
  expect(life()?.abandoned).toEqual(['c', 'b', 'a']);
});

test('a stop while a child waits to be started again ends the wait', () => {
  const { happened, subscriptions } = transcript({ attempts: { a: ['r'], b: ['-r-e', 'r'] }, input: 'i----p' });
  expect(happened.slice(-4)).toEqual(['3 stop b', '5 Stopping', '5 stop a', '5 Stopped']);
  expect(subscriptions.b?.[1]?.subscriptions).toEqual([]);
});

test('members that are late have a deadline, and their source is left when it is over', () => {
  const { happened, life } = transcript({
    attempts: {},
    members: ['----------x', { x: [] }],
    limits: { startTimeoutMs: 6 },
  });
  expect(happened).toEqual(['0 Booting', '6 Error']);
  expect(life()?.error).toMatchObject({ code: 'ERR_MEMBERS' });
});

test('a crash loop keeps nobody from changing the members, and ends with the child that has it', () => {
  const { happened, outcomes } = transcript({
    attempts: { a: ['r'], b: ['r-e', 'r-e', 'r-e', 'r-e'], c: ['r'] },
    members: ['x------y', { x: ['a', 'b'], y: ['a', 'c'] }],
  });
  expect(happened.slice(4)).toEqual(['2 stop b', '6 start b', '7 Reloading', '7 start c', '7 stop b', '7 Running']);
  expect(outcomes.at(-1)).toMatchObject({ status: 'committed', started: ['c'], stopped: ['b'] });
});

test('a child that waits to be started again and has no place any more is not', () => {
  const { happened } = transcript({
    attempts: { a: ['r'], b: ['r-e', 'r'] },
    members: ['x--y', { x: ['a', 'b'], y: ['a'] }],
  });
  expect(happened.slice(4)).toEqual(['2 stop b']);
});

test('a kept child that crashes while others change comes back on its own', () => {
  const { happened, outcomes } = transcript({
    attempts: { a: ['r---e', 'r'], b: ['----------r'] },
    members: ['x-y', { x: ['a'], y: ['a', 'b'] }],
  });
  expect(happened.slice(3)).toEqual(['2 Reloading', '2 start b', '4 stop a', '8 start a', '12 Running']);
  expect(outcomes.at(-1)).toMatchObject({ status: 'committed', started: ['b'], stopped: [] });
});

test('unsubscribing leaves the children to themselves and listens to nobody any more', () => {
  const scheduler = marbles();
  scheduler.run(({ cold, expectObservable, expectSubscriptions }) => {
    const state$ = cold('-r', letters);
    const members = cold('x', {
      x: [{ name: 'a', runnable: { state$, start: () => undefined, stop: () => undefined } }],
    });
    const input = cold('i', inputs);
    const life$ = runComposite(
      newCompositeLife({
        name: 'apps',
        strategy: 'one-for-one',
        restart: { intensity: 3, periodMs: 100, initialMs: 4, maxMs: 1000 },
      }),
      {
        limits: { ...endless, startTimeoutMs: 50 },
        logger: listLogger().logger,
        self: () => undefined,
        members$: members,
        remembered: undefined,
        nextRevision: () => 1,
        settled: () => undefined,
        reloaded: () => undefined,
        now: () => scheduler.now(),
        random: () => 0,
      },
      input,
    );
    const letter$ = life$.pipe(
      map((life) => life.state[0]),
      distinctUntilChanged(),
    );
    expectObservable(letter$, '^---!').toBe('BR--');
    expectSubscriptions(state$.subscriptions).toBe('^---!');
    expectSubscriptions(members.subscriptions).toBe('^---!');
    expectSubscriptions(input.subscriptions).toBe('^---!');
  });
});
