import fc from 'fast-check';
import { expect, test } from 'vitest';
import { isTooMany, spanMs, withEnd } from '../../lib/workers/crash-window.ts';

/** How many of the ends are answered before the window is full; all of them when it never is. */
const answered = (seconds: readonly number[], maxCrashes: number, windowSeconds: number): number => {
  const limit = { maxCrashes, crashWindowMs: windowSeconds * 1000 };
  let ends: readonly number[] = [];
  for (const [index, second] of seconds.entries()) {
    ends = withEnd(ends, second * 1000, limit);
    if (isTooMany(ends, limit)) return index;
  }
  return seconds.length;
};

test.each([
  { at: [0, 1, 2], max: 3, window: 5, respawns: 2 },
  { at: [0, 2, 4], max: 3, window: 5, respawns: 2 },
  { at: [0, 2, 5], max: 3, window: 5, respawns: 3 },
  { at: [0, 3, 6, 9, 12], max: 3, window: 5, respawns: 5 },
  { at: [0, 4, 8, 8.5], max: 3, window: 5, respawns: 3 },
  { at: [0], max: 1, window: 5, respawns: 0 },
  { at: [0, 4], max: 2, window: 5, respawns: 1 },
  { at: [0, 5], max: 2, window: 5, respawns: 2 },
  // Counted in milliseconds: 4 100 of them are less than 5 000. Whole seconds would make 5 of them.
  { at: [0.9, 3, 5], max: 3, window: 5, respawns: 2 },
  { at: [0.9, 3, 5.899], max: 3, window: 5, respawns: 2 },
  { at: [0.9, 3, 5.9], max: 3, window: 5, respawns: 3 },
  // As many as were asked for, without a cap of ten.
  { at: [0, 1, 2, 3, 4, 5, 6, 7, 8, 9], max: 20, window: 30, respawns: 10 },
  { at: [0, 1, 2, 3, 4, 5, 6, 7, 8, 9], max: 10, window: 30, respawns: 9 },
  // 0 is no limit, not the default.
  { at: [0, 0, 0, 0, 0, 0], max: 0, window: 5, respawns: 6 },
  { at: [0, 0, 0, 0, 0, 0], max: 3, window: 0, respawns: 6 },
])('of ends at $at s, $max within $window s: $respawns respawns', ({ at, max, window, respawns }) => {
  expect(answered(at, max, window)).toBe(respawns);
});

test('nothing is remembered that cannot count any more', () => {
  const limit = { maxCrashes: 3, crashWindowMs: 5000 };
  expect([1, 2, 3, 4, 5].reduce<readonly number[]>((ends, at) => withEnd(ends, at, limit), [])).toEqual([3, 4, 5]);
  expect(withEnd([], 1, { ...limit, maxCrashes: 0 })).toEqual([]);
  expect(spanMs([])).toBe(0);
});

test('it is full exactly when some run of ends, as many as the limit, fits into the window', () => {
  const gaps = fc.array(fc.nat(3000), { maxLength: 20 });
  fc.assert(
    fc.property(gaps, fc.integer({ min: 1, max: 5 }), fc.integer({ min: 1, max: 10_000 }), (waits, max, windowMs) => {
      const times: number[] = [];
      for (const wait of waits) times.push((times.at(-1) ?? 0) + wait);
      const limit = { maxCrashes: max, crashWindowMs: windowMs };
      let ends: readonly number[] = [];
      for (const [index, at] of times.entries()) {
        ends = withEnd(ends, at, limit);
        const first = times[index - max + 1];
        expect(isTooMany(ends, limit)).toBe(index + 1 >= max && first !== undefined && at - first < windowMs);
      }
    }),
  );
});
