import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { CheckResult, HealthStatus } from '../../lib/health/health.ts';
import { afterCheck, type HealthState, healthOf, initialHealth, type Thresholds } from '../../lib/health/thresholds.ts';

const ONES: Thresholds = { riseToWarn: 1, riseToOk: 1, fallToWarn: 1, fallToDown: 1 };
/** All different, so that no two can be mistaken for each other. */
const COUNTS: Thresholds = { riseToWarn: 2, riseToOk: 3, fallToWarn: 4, fallToDown: 5 };

const success: CheckResult = { ok: true, latencyMs: 7 };
const failure: CheckResult = { ok: false, latencyMs: 9, error: new Error('gone') };

/** `+` for a success, `-` for a failure. One check each second, beginning at second 1. */
const played = (results: string, thresholds: Thresholds, from = initialHealth(0)): HealthState =>
  [...results].reduce(
    (state, result, index) => afterCheck(state, result === '+' ? success : failure, (index + 1) * 1_000, thresholds),
    from,
  );

/** `warn rising`, and so on. */
const shown = ({ status, rising, falling }: HealthState): string =>
  `${status}${rising ? ' rising' : ''}${falling ? ' falling' : ''}`;

test('a server begins down, neither rising nor falling, and says that nobody has looked', () => {
  expect(healthOf(initialHealth(5), 5, 1_000)).toEqual({
    status: 'down',
    rising: false,
    falling: false,
    message: 'not checked yet',
    checks: 0,
    latencyMs: 0,
    since: 1_000,
    uptimeMs: 0,
    downtimeMs: 0,
    riseTimeMs: 0,
    fallTimeMs: 0,
  });
});

describe('the table of transitions', () => {
  // What came before, what comes now, where it leads: with one result for each step, then with several.
  const rows: readonly (readonly [row: string, thresholds: Thresholds, before: string, now: string, to: string])[] = [
    ['down, success', ONES, '', '+', 'warn rising'],
    ['down, too few successes', COUNTS, '', '+', 'down rising'],
    ['down, successes', COUNTS, '', '++', 'warn rising'],
    ['warn, success', ONES, '+', '+', 'ok'],
    ['warn, too few successes', COUNTS, '++', '++', 'warn rising'],
    ['warn, successes', COUNTS, '++', '+++', 'ok'],
    ['ok, success', ONES, '++', '+', 'ok'],
    ['ok, successes', COUNTS, '+++++', '++++++', 'ok'],
    ['ok, failure', ONES, '++', '-', 'warn falling'],
    ['ok, too few failures', COUNTS, '+++++', '---', 'ok falling'],
    ['ok, failures', COUNTS, '+++++', '----', 'warn falling'],
    ['warn, failure', ONES, '++-', '-', 'down'],
    ['warn, too few failures', COUNTS, '+++++----', '----', 'warn falling'],
    ['warn, failures', COUNTS, '+++++----', '-----', 'down'],
    ['down, failure', ONES, '', '-', 'down'],
    ['down, failures', COUNTS, '', '------', 'down'],
  ];

  test.each(rows)('%s', (_, thresholds, before, now, to) => {
    expect(shown(played(before + now, thresholds))).toBe(to);
  });

  const resets: readonly (readonly [what: string, results: string, to: string])[] = [
    ['a failure while it rises from down', '+-', 'down'],
    ['a success after that counts as the first', '+-+', 'down rising'],
    ['a failure while it rises from warn', '++++-', 'warn falling'],
    ['the successes after that count from the first', '++++-++', 'warn rising'],
    ['and lead to ok when there are enough', '++++-+++', 'ok'],
    ['a success while it falls from ok', '+++++---+', 'ok'],
    ['a failure after that counts as the first', '+++++---+---', 'ok falling'],
    ['a success while it falls from warn', '+++++--------+', 'warn rising'],
    ['the failures after that count from the first', '+++++--------+----', 'warn falling'],
    ['and lead to down when there are enough', '+++++--------+-----', 'down'],
  ];

  test.each(resets)('results count in a row: %s', (_, results, to) => {
    expect(shown(played(results, COUNTS))).toBe(to);
  });
});

test('the message is that of the last failure, and empty after a success', () => {
  expect(played('-', ONES).message).toBe('gone');
  expect(played('-+', ONES).message).toBe('');
  expect(played('++-', ONES).error).toBe(failure.ok ? undefined : failure.error);
  expect(played('-+', ONES).error).toBeUndefined();
});

test('a message fits on a line, and an error without one does not look like a success', () => {
  const messageOf = (error: Error): string =>
    afterCheck(initialHealth(0), { ok: false, latencyMs: 0, error }, 1, ONES).message;
  expect(messageOf(new Error(`two\nlines${'.'.repeat(10_000)}`))).toMatch(/^two\\nlines\.{100,}…$/);
  expect(messageOf(new Error(`two\nlines${'.'.repeat(10_000)}`)).length).toBeLessThanOrEqual(200);
  expect(messageOf(new Error(''))).toBe('the check failed');
});

test('the latency is that of the last check', () => {
  expect(played('+', ONES).latencyMs).toBe(7);
  expect(played('+-', ONES).latencyMs).toBe(9);
});

test('a status lasts since the check that led to it', () => {
  const state = played('+++-+', ONES);
  expect(shown(state)).toBe('ok');
  expect(healthOf(state, 7_000, 1_700_000_000_000).since).toBe(1_700_000_000_000 - 2_000);
  expect(healthOf(played('+++', ONES), 7_000, 1_700_000_000_000).since).toBe(1_700_000_000_000 - 5_000);
});

test('each bucket holds what its row says, up to the moment of asking', () => {
  // Down until 1 s, rising until 2, ok until 5, falling until 6, ok until 7, falling until 10, down until 11, rising since.
  const state = played('++++-+----+', { ...ONES, fallToWarn: 2, fallToDown: 2 });
  expect(shown(state)).toBe('warn rising');
  expect(healthOf(state, 11_500, 0)).toMatchObject({
    downtimeMs: 2_000,
    riseTimeMs: 1_500,
    uptimeMs: 4_000,
    fallTimeMs: 4_000,
  });
});

const thresholds = fc.record({
  riseToWarn: fc.integer({ min: 1, max: 5 }),
  riseToOk: fc.integer({ min: 1, max: 5 }),
  fallToWarn: fc.integer({ min: 1, max: 5 }),
  fallToDown: fc.integer({ min: 1, max: 5 }),
});

/** Checks with the milliseconds before each, long runs of one kind among them. */
const history = fc
  .array(fc.tuple(fc.boolean(), fc.integer({ min: 1, max: 8 }), fc.integer({ min: 0, max: 10_000 })), { maxLength: 30 })
  .map((runs) => runs.flatMap(([ok, times, gapMs]) => Array.from({ length: times }, () => ({ ok, gapMs }))));

/** The status by looking at the whole past each time: slow, and plain to see. */
const naive = (results: readonly boolean[], counts: Thresholds): HealthStatus => {
  let status: HealthStatus = 'down';
  /** Where the results that count begin: behind the last change of status. */
  let begin = 0;
  for (let end = 1; end <= results.length; end++) {
    const counted = results.slice(begin, end);
    const last = counted.at(-1);
    const other = counted.findLastIndex((result) => result !== last);
    const inARow = counted.length - 1 - other;
    const step: readonly [to: HealthStatus, needed: number] =
      last === true
        ? status === 'down'
          ? ['warn', counts.riseToWarn]
          : ['ok', counts.riseToOk]
        : status === 'ok'
          ? ['warn', counts.fallToWarn]
          : ['down', counts.fallToDown];
    if (step[0] === status || inARow < step[1]) continue;
    status = step[0];
    begin = end;
  }
  return status;
};

const play = (checks: readonly { readonly ok: boolean; readonly gapMs: number }[], counts: Thresholds) => {
  let at = 100;
  const states = [initialHealth(at)];
  for (const { ok, gapMs } of checks) {
    at += gapMs;
    states.push(afterCheck(states.at(-1) ?? initialHealth(100), ok ? success : failure, at, counts));
  }
  return { states, at };
};

test('the status is what a reader of the whole past says it is', () => {
  fc.assert(
    fc.property(history, thresholds, (checks, counts) => {
      const { states } = play(checks, counts);
      for (const [index, state] of states.entries()) {
        const past = checks.slice(0, index).map(({ ok }) => ok);
        expect(state.status).toBe(naive(past, counts));
        expect(state.checks).toBe(index);
      }
    }),
  );
});

test('a check moves the status by one step at most, and only the way it points', () => {
  const rank = { down: 0, warn: 1, ok: 2 };
  fc.assert(
    fc.property(history, thresholds, (checks, counts) => {
      const { states } = play(checks, counts);
      for (const [index, { ok }] of checks.entries()) {
        const before = states[index];
        const now = states[index + 1];
        if (before === undefined || now === undefined) throw new Error('every check has a state before and after it');
        expect([0, ok ? 1 : -1]).toContain(rank[now.status] - rank[before.status]);
        expect(now.rising && now.falling).toBe(false);
        if (now.rising) expect(ok).toBe(true);
        if (now.falling) expect(ok).toBe(false);
        if (now.status === 'warn') expect(now.rising).toBe(ok);
      }
    }),
  );
});

test('the four buckets add up to the life so far, at any moment, and never shrink', () => {
  fc.assert(
    fc.property(history, thresholds, fc.integer({ min: 0, max: 100_000 }), (checks, counts, later) => {
      const { states, at } = play(checks, counts);
      const last = states.at(-1) ?? initialHealth(100);
      const then = healthOf(last, at, 0);
      const now = healthOf(last, at + later, 0);
      expect(now.uptimeMs + now.downtimeMs + now.riseTimeMs + now.fallTimeMs).toBe(at + later - 100);
      for (const key of ['uptimeMs', 'downtimeMs', 'riseTimeMs', 'fallTimeMs'] as const) {
        expect(now[key]).toBeGreaterThanOrEqual(then[key]);
      }
    }),
  );
});

test('when somebody looked does not change what the buckets hold', () => {
  fc.assert(
    fc.property(history, thresholds, (checks, counts) => {
      const { states, at } = play(checks, counts);
      const tally = { up: 0, down: 0, rise: 0, fall: 0 };
      let from = 100;
      for (const [index, { gapMs }] of checks.entries()) {
        const state = states[index] ?? initialHealth(100);
        tally[state.rising ? 'rise' : state.falling ? 'fall' : state.status === 'ok' ? 'up' : 'down'] += gapMs;
        from += gapMs;
      }
      expect(from).toBe(at);
      expect(healthOf(states.at(-1) ?? initialHealth(100), at, 0)).toMatchObject({
        uptimeMs: tally.up,
        downtimeMs: tally.down,
        riseTimeMs: tally.rise,
        fallTimeMs: tally.fall,
      });
    }),
  );
});
