import { firstValueFrom, map, type Observable, Subject, skip, take } from 'rxjs';
import type { RunHelpers, TestScheduler } from 'rxjs/testing';
import { expect, test } from 'vitest';
import { healthSettingsOf } from '../../lib/config/health-settings.ts';
import { HealthCheckError } from '../../lib/health/errors.ts';
import { type MonitorOptions, type MonitorSettings, monitor, type RunCheck } from '../../lib/health/monitor.ts';
import { phaseOf } from '../../lib/health/phase.ts';
import { type HealthState, initialHealth } from '../../lib/health/thresholds.ts';
import { marbles } from '../reactive/marbles.ts';

const settings: MonitorSettings = healthSettingsOf({
  timeoutMs: 100,
  intervalMs: 50,
  riseIntervalMs: 20,
  fallIntervalMs: 30,
});

/** The letters of the marbles below: capitals are on their way down. */
const letters = { d: 'down', r: 'warn rising', o: 'ok', F: 'warn falling' };

const shown = ({ status, rising, falling }: HealthState): string =>
  `${status}${rising ? ' rising' : ''}${falling ? ' falling' : ''}`;

interface Asked {
  then(fulfilled: (value: unknown) => void, rejected: (thrown: unknown) => void): void;
}

/** What a check returns, settled by a stream: virtual time does not move promises. */
const settledBy = (source: Observable<unknown>, signal?: AbortSignal): Asked => ({
  // biome-ignore lint/suspicious/noThenProperty: being one is what it is for.
  then: (fulfilled, rejected) => {
    const subscription = source.subscribe({ next: fulfilled, error: rejected });
    signal?.addEventListener('abort', () => subscription.unsubscribe());
  },
});

/** A check that obeys its signal: it lasts as long as it is subscribed to. */
const asking =
  (source: Observable<unknown>): RunCheck =>
  (signal) =>
    settledBy(source, signal);

const watched = (check: RunCheck, options: MonitorOptions, given = settings): Observable<string> =>
  monitor(check, given, options).pipe(map(shown));

const play = (run: (scheduler: TestScheduler, helpers: RunHelpers) => void): void => {
  const scheduler = marbles();
  scheduler.run((helpers) => run(scheduler, helpers));
};

test('the first check is made at once, and each further one a pause after the end of the one before', () => {
  play((scheduler, { cold, expectObservable, expectSubscriptions }) => {
    const answer = cold('--a');
    expectObservable(watched(asking(answer), { scheduler }), '^ 79ms !').toBe('d-r 21ms o 51ms o', letters);
    expectSubscriptions(answer.subscriptions).toBe(['^-!', '22ms ^-!', '74ms ^-!']);
  });
});

test('the pause is that of a rising, a falling or a steady server', () => {
  play((scheduler, { cold, expectObservable, expectSubscriptions }) => {
    const well = cold('a');
    const ill = cold('#');
    const answers = [well, well, ill, ill, ill, well];
    const check: RunCheck = (signal) => settledBy(answers.shift() ?? well, signal);
    // Each is over in the frame it begins in: 0 rising, 20 ok, 70 falling, 100 down, 150 down, 200 rising.
    expectObservable(watched(check, { scheduler }), '^ 210ms !').toBe(
      '(dr) 16ms o 49ms F 29ms d 49ms d 49ms r',
      letters,
    );
    expectSubscriptions(well.subscriptions).toBe(['(^!)', '20ms (^!)', '200ms (^!)']);
    expectSubscriptions(ill.subscriptions).toBe(['70ms (^!)', '100ms (^!)', '150ms (^!)']);
  });
});

test('a check that takes too long has failed, and is aborted', () => {
  play((scheduler, { cold, expectObservable, expectSubscriptions }) => {
    const silence = cold('-');
    const messages = monitor(asking(silence), settings, { scheduler }).pipe(map(({ message }) => message));
    expectObservable(messages, '^ 160ms !').toBe('n 99ms t', { n: 'not checked yet', t: 'no answer within 100 ms' });
    expectSubscriptions(silence.subscriptions).toBe(['^ 99ms !', '150ms ^ 10ms !']);
  });
});

test('a check during which the whole process stood still gets its time once more, and not twice', () => {
  play((scheduler, { cold, expectObservable, expectSubscriptions }) => {
    // By its own clock the process is stopped for 100 ms at millisecond 50, and for as long at millisecond 150.
    const now = (): number => scheduler.now() + (scheduler.now() > 150 ? 200 : scheduler.now() > 50 ? 100 : 0);
    const answer = cold('130ms a');
    expectObservable(watched(asking(answer), { scheduler, now }), '^ 140ms !').toBe('d 129ms r', letters);
    const silence = cold('-');
    expectObservable(watched(asking(silence), { scheduler, now }), '^ 210ms !').toBe('d 199ms d', letters);
    expectSubscriptions(answer.subscriptions).toBe('^ 129ms !');
    expectSubscriptions(silence.subscriptions).toBe('^ 199ms !');
  });
});

test('a timer that comes a little late is no such time', () => {
  play((scheduler, { cold, expectObservable }) => {
    const now = (): number => scheduler.now() * 1.9;
    expectObservable(watched(asking(cold('-')), { scheduler, now }), '^ 110ms !').toBe('d 99ms d', letters);
  });
});

test('a thousand servers whose checks began in one turn are soon checked at their own times', () => {
  play((scheduler, { flush }) => {
    const given: MonitorSettings = healthSettingsOf({ intervalMs: 5_000 });
    const checks = new Map<number, number>();
    const check: RunCheck = () => {
      checks.set(scheduler.now(), (checks.get(scheduler.now()) ?? 0) + 1);
    };
    const monitors = Array.from({ length: 1_000 }, (_, index) =>
      monitor(check, given, { scheduler, phase: phaseOf(`server-${index}`) }).subscribe(),
    );
    scheduler.schedule(() => {
      for (const subscription of monitors) subscription.unsubscribe();
    }, 20_000);
    flush();
    const { 0: first, ...later } = Object.fromEntries(checks);
    expect(first).toBe(1_000);
    expect(Math.max(...Object.values(later))).toBeLessThan(10);
    expect(Object.values(later).reduce((sum, count) => sum + count, 0)).toBeGreaterThan(3_000);
  });
});

test('a check that does not obey its signal is given up, and what it says later is ignored', () => {
  play((scheduler, { cold, expectObservable }) => {
    const slow = cold('120ms a');
    const check: RunCheck = () => settledBy(slow);
    expectObservable(watched(check, { scheduler }), '^ 320ms !').toBe('d 99ms d 149ms d', letters);
  });
});

test('what a check settles with a second time is ignored', () => {
  play((scheduler, { cold, expectObservable }) => {
    const both = cold('-a-b-#');
    expectObservable(
      watched(() => settledBy(both), { scheduler }),
      '^ 15ms !',
    ).toBe('dr', letters);
  });
});

test('unsubscribing aborts the check under way', () => {
  play((scheduler, { cold, expectObservable, expectSubscriptions }) => {
    const answer = cold('-----a');
    expectObservable(watched(asking(answer), { scheduler }), '^--!').toBe('d', letters);
    expectSubscriptions(answer.subscriptions).toBe('^--!');
  });
});

test('unsubscribing between two checks prevents the next one', () => {
  play((scheduler, { cold, expectObservable, expectSubscriptions }) => {
    const answer = cold('--a');
    expectObservable(watched(asking(answer), { scheduler }), '^ 20ms !').toBe('d-r', letters);
    expectSubscriptions(answer.subscriptions).toBe('^-!');
  });
});

test('whoever has seen enough is asked for nothing more', () => {
  play((scheduler, { cold, expectObservable, expectSubscriptions }) => {
    const answer = cold('a');
    const states = watched(asking(answer), { scheduler });
    expectObservable(states.pipe(take(1))).toBe('(d|)', letters);
    expectObservable(states.pipe(take(2))).toBe('(dr|)', letters);
    expectSubscriptions(answer.subscriptions).toBe(['(^!)']);
  });
});

test('each subscriber has a monitor of its own', () => {
  play((scheduler, { cold, expectObservable, expectSubscriptions }) => {
    const answer = cold('--a');
    const states = watched(asking(answer), { scheduler });
    expectObservable(states, '^ 9ms !').toBe('d-r', letters);
    expectObservable(states, '---^ 9ms !').toBe('---d-r', letters);
    expectSubscriptions(answer.subscriptions).toBe(['^-!', '---^-!']);
  });
});

test('a phase brings the second check forward by up to half a pause, and no other', () => {
  play((scheduler, { cold, expectObservable, expectSubscriptions }) => {
    const answer = cold('a');
    expectObservable(watched(asking(answer), { scheduler, phase: 0.5 }), '^ 70ms !').toBe(
      '(dr) 11ms o 49ms o',
      letters,
    );
    expectSubscriptions(answer.subscriptions).toBe(['(^!)', '15ms (^!)', '65ms (^!)']);
  });
});

test('a monitor may go on from where another one has stopped', () => {
  play((scheduler, { cold, expectObservable }) => {
    const from: HealthState = { ...initialHealth(0), status: 'ok', message: '', checks: 8 };
    const states = monitor(asking(cold('#')), settings, { scheduler, from });
    expectObservable(states.pipe(map(({ checks }) => checks)), '^ 9ms !').toBe('(ab)', { a: 8, b: 9 });
    expectObservable(states.pipe(map(shown)), '^ 9ms !').toBe('(oF)', letters);
  });
});

test('the latency is how long the check took, and times are those of the clock', () => {
  play((scheduler, { cold, expectObservable }) => {
    const states = monitor(asking(cold('-----a')), settings, { scheduler, now: () => scheduler.now() * 2 });
    const facts = states.pipe(map(({ latencyMs, since }) => ({ latencyMs, since })));
    expectObservable(facts, '^ 9ms !').toBe('a----b', {
      a: { latencyMs: 0, since: 0 },
      b: { latencyMs: 10, since: 10 },
    });
  });
});

/** The state after one check. */
const found = (check: RunCheck): Promise<HealthState> => firstValueFrom(monitor(check, settings).pipe(skip(1)));

test.each<[string, RunCheck]>([
  ['returns nothing', () => undefined],
  ['returns anything', () => 'hello'],
  ['returns what is no yes but not false either', () => 0],
  ['resolves', async () => undefined],
  ['resolves to true', async () => true],
])('a server is well when its check %s', async (_, check) => {
  expect(await found(check)).toMatchObject({ status: 'warn', rising: true, message: '', error: undefined });
});

const own = new TypeError('my own words');

test.each<[string, RunCheck, object]>([
  [
    'throws',
    () => {
      throw own;
    },
    own,
  ],
  ['rejects', () => Promise.reject(own), own],
  ['returns false', () => false, { code: 'ERR_HEALTH_CHECK', message: 'the check answered false' }],
  ['resolves to false', async () => false, { code: 'ERR_HEALTH_CHECK', message: 'the check answered false' }],
  [
    'throws what is no error',
    () => {
      throw 'words';
    },
    { code: 'ERR_HEALTH_CHECK', message: 'words', cause: 'words' },
  ],
  ['rejects with nothing', () => Promise.reject(), { code: 'ERR_HEALTH_CHECK', message: 'the check gave no reason' }],
  [
    'returns what cannot be read',
    () => ({
      // biome-ignore lint/suspicious/noThenProperty: whether it is one cannot be found out.
      get then() {
        throw own;
      },
    }),
    own,
  ],
])('a server is not well when its check %s', async (_, check, error) => {
  const state = await found(check);
  expect(state).toMatchObject({ status: 'down', rising: false, checks: 1 });
  expect(state.error).toMatchObject(error);
  if (error === own) expect(state.error).toBe(own);
});

test('a check that took too long is told so by its signal', async () => {
  const signals: AbortSignal[] = [];
  const check: RunCheck = (signal) => new Promise(() => signals.push(signal));
  const state = await firstValueFrom(monitor(check, { ...settings, timeoutMs: 1 }).pipe(skip(1)));
  expect(state.error).toBeInstanceOf(HealthCheckError);
  expect(state.error).toMatchObject({ code: 'ERR_HEALTH_TIMEOUT' });
  expect(signals.map(({ aborted, reason }) => [aborted, reason])).toEqual([[true, state.error]]);
});

test('a check that is over is aborted as well: what it began does not outlive it', async () => {
  const signals: AbortSignal[] = [];
  await found((signal) => signals.push(signal));
  expect(signals.map(({ aborted }) => aborted)).toEqual([true]);
});

test('a promise that rejects after it was given up disturbs nobody', async () => {
  const late = new Subject<never>();
  const check: RunCheck = () => firstValueFrom(late);
  await firstValueFrom(monitor(check, { ...settings, timeoutMs: 1 }).pipe(skip(1)));
  late.error(new Error('too late'));
  // An unhandled rejection fails the run once this turn is over.
  await new Promise((resolve) => setImmediate(resolve));
});
