import fc from 'fast-check';
import { expect, test } from 'vitest';
import { backoffMs } from '../../lib/reactive/backoff.ts';

test('waits of 10 ms double up to 80 ms', () => {
  const waits = [0, 1, 2, 3, 4, 10].map((attempt) => backoffMs(attempt, { initialMs: 10, maxMs: 80 }));
  expect(waits).toEqual([10, 10, 20, 40, 80, 80]);
});

test('a first wait above the longest is the longest', () => {
  expect(backoffMs(1, { initialMs: 500, maxMs: 80 })).toBe(80);
});

test('no wait stays no wait however often it fails', () => {
  expect(backoffMs(100_000, { initialMs: 0, maxMs: 80 })).toBe(0);
});

test('jitter keeps the wait between half and the whole', () => {
  const config = { initialMs: 100, maxMs: 30_000 };
  expect(backoffMs(3, config, () => 0)).toBe(200);
  expect(backoffMs(3, config, () => 0.5)).toBe(300);
  expect(backoffMs(3, config, () => 1 - Number.EPSILON)).toBe(400);
});

test('whatever it is asked, it answers with whole milliseconds between half the wait and the longest', () => {
  const config = fc.record({ initialMs: fc.nat(100_000), maxMs: fc.nat(1_000_000) });
  const random = fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true });
  fc.assert(
    fc.property(fc.integer({ min: -10, max: 2000 }), config, random, (attempt, { initialMs, maxMs }, number) => {
      const whole = backoffMs(attempt, { initialMs, maxMs });
      const spread = backoffMs(attempt, { initialMs, maxMs }, () => number);
      const next = backoffMs(attempt + 1, { initialMs, maxMs });
      expect(Number.isSafeInteger(spread)).toBe(true);
      expect(spread).toBeGreaterThanOrEqual(Math.floor(whole / 2));
      expect(spread).toBeLessThanOrEqual(whole);
      expect(whole).toBeGreaterThanOrEqual(Math.min(initialMs, maxMs));
      expect(whole).toBeLessThanOrEqual(maxMs);
      expect(next).toBeGreaterThanOrEqual(whole);
    }),
  );
});
