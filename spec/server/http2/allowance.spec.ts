import fc from 'fast-check';
import { expect, test } from 'vitest';
import { Allowance } from '../../../lib/server/http2/allowance.ts';

test('a burst is allowed, and one more is not', () => {
  const allowance = new Allowance({ burst: 3, perSecond: 1 }, 0);
  expect([1, 2, 3, 4].map(() => allowance.spend(1, 0))).toEqual([true, true, true, false]);
});

test('what is spent comes back with time, up to the burst', () => {
  const allowance = new Allowance({ burst: 3, perSecond: 10 }, 0);
  allowance.spend(3, 0);
  expect(allowance.spend(1, 99)).toBe(false);
  expect(allowance.spend(1, 300)).toBe(true);
  expect(allowance.spend(4, 10_000)).toBe(false);
});

test('nobody gets more than the burst and the rate, whatever the order', () => {
  const steps = fc.array(fc.tuple(fc.integer({ min: 0, max: 50 }), fc.integer({ min: 0, max: 2_000 })));
  fc.assert(
    fc.property(steps, (given) => {
      const size = { burst: 20, perSecond: 5 };
      const allowance = new Allowance(size, 0);
      let now = 0;
      let had = 0;
      for (const [amount, ms] of given) {
        now += ms;
        if (allowance.spend(amount, now)) had += amount;
      }
      expect(had).toBeLessThanOrEqual(size.burst + (now * size.perSecond) / 1_000 + 1e-6);
    }),
  );
});
