import fc from 'fast-check';
import { expect, test } from 'vitest';
import { classifyExit, type ExitIntent, type WorkerExit } from '../../lib/workers/exit.ts';
import {
  CLEAN,
  type CrashRecord,
  counts,
  decideRespawn,
  ON_TRIAL,
  type RespawnDecision,
  type RespawnSettings,
} from '../../lib/workers/respawn.ts';

const defaults: RespawnSettings = {
  respawn: 'always',
  respawnDelayMs: 100,
  backoff: { factor: 1, maxMs: 15_000, jitter: 0, resetAfterMs: 5_000 },
  maxCrashes: 3,
  crashWindowMs: 5_000,
};

const exit = (code: number | null, intent?: ExitIntent): WorkerExit =>
  classifyExit({ code, signal: code === null ? 'SIGKILL' : null }, { intent, killed: false, at: 0, error: undefined });

/** Decides about one end after the other, at these milliseconds; each process was ready for so long. */
const decideAll = (
  times: readonly number[],
  settings: RespawnSettings = defaults,
  { activeMs = 10, how = exit(1), from = CLEAN, random = 0, hasSpare = false } = {},
): readonly RespawnDecision[] => {
  let record: CrashRecord = from;
  return times.map((at) => {
    const decision = decideRespawn(record, { exit: how, at, activeMs, hasSpare }, settings, random);
    record = decision.record;
    return decision;
  });
};

const delays = (decisions: readonly RespawnDecision[]): readonly (number | string)[] =>
  decisions.map((decision) => (decision.type === 'respawn' ? decision.delayMs : decision.type));

test('a crash loop is answered twice and then disables its slot, at the defaults', () => {
  const decisions = decideAll([600, 800, 1010]);
  expect(delays(decisions)).toEqual([100, 100, 'disable']);
  expect(decisions[2]).toMatchObject({ crashes: 3, withinMs: 410 });
});

test('where a spare waits the first failure is answered at once, and those after it as ever', () => {
  const growing = { ...defaults, maxCrashes: 0, backoff: { ...defaults.backoff, factor: 2 } };
  expect(delays(decideAll([0, 10, 20], growing, { hasSpare: true }))).toEqual([0, 200, 400]);
  expect(delays(decideAll([0, 10], growing, { hasSpare: true, activeMs: 5_000 }))).toEqual([0, 0]);
  expect(delays(decideAll([0, 10], growing, { hasSpare: true, how: exit(0, 'memory') }))).toEqual([0, 0]);
});

test('a single crash disables where one is too many', () => {
  expect(delays(decideAll([0], { ...defaults, maxCrashes: 1 }))).toEqual(['disable']);
});

test('crashes with 5 s between the first and the last of three never disable', () => {
  expect(delays(decideAll([0, 2000, 5000, 7000, 10_000]))).toEqual([100, 100, 100, 100, 100]);
});

test('no limit is no limit', () => {
  const times = Array.from({ length: 50 }, (_, index) => index);
  expect(delays(decideAll(times, { ...defaults, maxCrashes: 0 }))).toEqual(times.map(() => 100));
});

test.each([
  ['always', exit(1), 'respawn'],
  ['always', exit(null), 'respawn'],
  ['always', exit(0), 'respawn'],
  ['always', exit(null, 'unresponsive'), 'respawn'],
  ['always', exit(null, 'unready'), 'respawn'],
  ['on-failure', exit(1), 'respawn'],
  ['on-failure', exit(null), 'respawn'],
  ['on-failure', exit(0), 'stay-down'],
  ['on-failure', exit(null, 'unresponsive'), 'respawn'],
  ['on-failure', exit(null, 'unready'), 'respawn'],
  ['never', exit(1), 'stay-down'],
  ['never', exit(null), 'stay-down'],
  ['never', exit(0), 'stay-down'],
  ['never', exit(null, 'unresponsive'), 'stay-down'],
  ['never', exit(null, 'unready'), 'stay-down'],
  // Whoever was to leave for another process has one, whatever the policy says of failures.
  ['never', exit(0, 'memory'), 'respawn'],
  ['never', exit(0, 'age'), 'respawn'],
  ['on-failure', exit(0, 'restart'), 'respawn'],
  ['on-failure', exit(0, 'abandoned'), 'respawn'],
  ['always', exit(0, 'stop'), 'stay-down'],
  ['always', exit(1, 'stop'), 'stay-down'],
  ['always', exit(0, 'scale'), 'stay-down'],
] as const)('under %s, %o: %s', (respawn, how, type) => {
  expect(decideRespawn(CLEAN, { exit: how, at: 0, activeMs: 10 }, { ...defaults, respawn }).type).toBe(type);
});

test('a loop of clean exits ends as a crash loop does', () => {
  expect(delays(decideAll([0, 100, 200], defaults, { how: exit(0) }))).toEqual([100, 100, 'disable']);
});

test('what was asked for is never held against a slot', () => {
  fc.assert(
    fc.property(
      fc.constantFrom<ExitIntent>('stop', 'restart', 'scale', 'memory', 'age', 'abandoned'),
      fc.constantFrom('always' as const, 'on-failure' as const, 'never' as const),
      fc.option(fc.nat(255)),
      (intent, respawn, code) => {
        const record: CrashRecord = { ends: [1, 2], failures: 2, onTrial: true };
        const settings = { ...defaults, respawn };
        const decision = decideRespawn(record, { exit: exit(code, intent), at: 3, activeMs: 1 }, settings);
        expect(decision.record).toBe(record);
        expect(decision.type).not.toBe('disable');
        expect(counts(exit(code, intent), respawn)).toBe(false);
      },
    ),
  );
});

test('delays grow by the factor up to the longest', () => {
  const settings = { ...defaults, maxCrashes: 0, backoff: { ...defaults.backoff, factor: 2, maxMs: 1000 } };
  expect(delays(decideAll([0, 1, 2, 3, 4, 5, 6], settings))).toEqual([100, 200, 400, 800, 1000, 1000, 1000]);
});

test('delays begin anew once it has been active for long enough, and not after a long boot', () => {
  const settings = { ...defaults, maxCrashes: 0, backoff: { ...defaults.backoff, factor: 2 } };
  const { record } = decideAll([0, 1, 2], settings)[2] ?? { record: CLEAN };
  const next = (activeMs: number | undefined): RespawnDecision =>
    decideRespawn(record, { exit: exit(1), at: 100_000, activeMs }, settings);
  expect(next(4999)).toMatchObject({ delayMs: 800 });
  expect(next(undefined)).toMatchObject({ delayMs: 800 });
  expect(next(5000)).toMatchObject({ delayMs: 100, record: { failures: 1 } });
});

test('no delay stays none, and a first delay that is longer than the longest stays as it is', () => {
  const backoff = { ...defaults.backoff, factor: 2, maxMs: 1000 };
  expect(delays(decideAll([0, 1, 2], { ...defaults, maxCrashes: 0, respawnDelayMs: 0, backoff }))).toEqual([0, 0, 0]);
  expect(delays(decideAll([0, 1], { ...defaults, maxCrashes: 0, respawnDelayMs: 5000, backoff }))).toEqual([
    5000, 5000,
  ]);
});

test('chance takes off up to the part it is given', () => {
  const settings = { ...defaults, maxCrashes: 0, backoff: { ...defaults.backoff, jitter: 0.5 } };
  expect(delays(decideAll([0], settings, { random: 0 }))).toEqual([100]);
  expect(delays(decideAll([0], settings, { random: 0.5 }))).toEqual([75]);
  expect(delays(decideAll([0], settings, { random: 1 - Number.EPSILON }))).toEqual([50]);
});

test('whatever happens, a delay is a whole number between the part that is left and the longest', () => {
  const backoff = fc.record({
    factor: fc.double({ min: 1, max: 100, noNaN: true }),
    maxMs: fc.nat(100_000),
    jitter: fc.double({ min: 0, max: 1, noNaN: true }),
    resetAfterMs: fc.nat(10_000),
  });
  const random = fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true });
  fc.assert(
    fc.property(fc.nat(10_000), backoff, fc.nat(5000), random, (respawnDelayMs, grows, failures, chance) => {
      const settings = { ...defaults, maxCrashes: 0, respawnDelayMs, backoff: grows };
      const record = { ends: [], failures, onTrial: false };
      const decision = decideRespawn(record, { exit: exit(1), at: 0, activeMs: undefined }, settings, chance);
      const delayMs = decision.type === 'respawn' ? decision.delayMs : Number.NaN;
      expect(Number.isSafeInteger(delayMs)).toBe(true);
      expect(delayMs).toBeGreaterThanOrEqual(Math.floor(respawnDelayMs * (1 - grows.jitter)));
      expect(delayMs).toBeLessThanOrEqual(Math.max(respawnDelayMs, grows.maxMs));
    }),
  );
});

test('one more chance is one: a failure before it proved itself disables at once', () => {
  expect(delays(decideAll([100_000], defaults, { from: ON_TRIAL, activeMs: 4999 }))).toEqual(['disable']);
  const unready = decideRespawn(ON_TRIAL, { exit: exit(null, 'unready'), at: 1, activeMs: undefined }, defaults);
  expect(unready).toMatchObject({ type: 'disable', crashes: 1, withinMs: 0 });
});

test('one that was active for a crash window has proved itself and is treated as any other', () => {
  const decisions = decideAll([100_000], defaults, { from: ON_TRIAL, activeMs: 5000 });
  expect(decisions).toEqual([
    { type: 'respawn', delayMs: 100, record: { ends: [100_000], failures: 1, onTrial: false } },
  ]);
});
