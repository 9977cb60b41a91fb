import fc from 'fast-check';
import { expect, test } from 'vitest';
import { Buckets } from '../../lib/metrics/buckets.ts';

const labels = { server: 'api' };

test('every bucket has what is not above its bound, and the last one has all', () => {
  const bounds = fc.uniqueArray(fc.integer({ min: 0, max: 50 }), { minLength: 1, maxLength: 8 });
  const values = fc.array(fc.double({ min: 0, max: 60, noNaN: true }));
  fc.assert(
    fc.property(bounds, values, (unsorted, given) => {
      const rising = [...unsorted].sort((a, b) => a - b);
      const buckets = new Buckets(rising);
      for (const value of given) buckets.add(value);
      const samples = buckets.samples(labels);
      const counted = samples.filter(({ suffix }) => suffix === '_bucket');
      const expected = [...rising, Number.POSITIVE_INFINITY].map((bound) => ({
        labels,
        suffix: '_bucket',
        le: bound === Number.POSITIVE_INFINITY ? '+Inf' : String(bound),
        value: given.filter((value) => value <= bound).length,
      }));
      expect(counted).toEqual(expected);
      expect(samples.find(({ suffix }) => suffix === '_count')?.value).toBe(given.length);
      expect(samples.find(({ suffix }) => suffix === '_sum')?.value).toBe(given.reduce((sum, value) => sum + value, 0));
    }),
  );
});
