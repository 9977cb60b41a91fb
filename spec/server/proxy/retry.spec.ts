import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { isRepeatable, RetryBudget } from '../../../lib/server/proxy/retry.ts';

describe('repeating a request', () => {
  test('is for those that mean the same twice and have nothing to repeat', () => {
    for (const method of ['GET', 'HEAD', 'OPTIONS', 'PUT', 'DELETE', 'TRACE']) {
      expect(isRepeatable(method, false)).toBe(true);
      expect(isRepeatable(method, true)).toBe(false);
    }
    for (const method of ['POST', 'PATCH', 'LOCK']) expect(isRepeatable(method, false)).toBe(false);
  });

  test('adds at most a tenth to what targets have to do, and what was saved up', () => {
    fc.assert(
      fc.property(fc.array(fc.boolean(), { maxLength: 5_000 }), (wishes) => {
        const budget = new RetryBudget();
        let requests = 0;
        let repeated = 0;
        for (const fails of wishes) {
          budget.earn();
          requests += 1;
          if (fails && budget.spend()) repeated += 1;
        }
        expect(repeated).toBeLessThanOrEqual(100 + requests / 10);
      }),
    );
  });
});
