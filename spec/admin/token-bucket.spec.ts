import fc from 'fast-check';
import { expect, test } from 'vitest';
import { createTokenBucket } from '../../lib/admin/token-bucket.ts';

test('never more than the rate allows, after as many at once as it holds', () => {
  fc.assert(
    fc.property(fc.array(fc.nat(2_000)), fc.integer({ min: 1, max: 20 }), (waits, perSecond) => {
      let now = 0;
      const bucket = createTokenBucket(perSecond, () => now);
      let taken = 0;
      for (const wait of waits) {
        now += wait;
        if (bucket.take()) taken += 1;
        expect(taken).toBeLessThanOrEqual(perSecond + (now * perSecond) / 1_000 + 1e-6);
      }
    }),
  );
});

test('who waits long enough is served', () => {
  let now = 0;
  const bucket = createTokenBucket(2, () => now);
  expect([bucket.take(), bucket.take(), bucket.take()]).toEqual([true, true, false]);
  now += 500;
  expect([bucket.take(), bucket.take()]).toEqual([true, false]);
});
