import fc from 'fast-check';
import { expect, test } from 'vitest';
import { ageLimitMs, tooLarge } from '../../lib/workers/limits.ts';

test('no age is no limit', () => {
  expect(ageLimitMs(0, 0.1, 0.5)).toBe(Number.POSITIVE_INFINITY);
});

test('nobody grows older than the limit, and nobody leaves earlier than the part chance decides', () => {
  const random = fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true });
  const jitter = fc.double({ min: 0, max: 1, noNaN: true });
  fc.assert(
    fc.property(fc.integer({ min: 1 }), jitter, random, (maxAgeMs, part, chance) => {
      const ageMs = ageLimitMs(maxAgeMs, part, chance);
      expect(ageMs).toBeLessThanOrEqual(maxAgeMs);
      expect(ageMs).toBeGreaterThanOrEqual(maxAgeMs * (1 - part));
    }),
  );
  expect(ageLimitMs(1000, 0.1, 0)).toBe(1000);
  expect(ageLimitMs(1000, 0.1, 0.5)).toBe(950);
});

test('memory may be as much as the limit, and without one any', () => {
  expect(tooLarge(100, 100)).toBe(false);
  expect(tooLarge(101, 100)).toBe(true);
  expect(tooLarge(Number.MAX_SAFE_INTEGER, 0)).toBe(false);
});
