import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { Step } from '../../lib/cluster/plan.ts';
import { portionsOf } from '../../lib/cluster/portions.ts';
import { addressFrom } from './fixtures/specs.ts';

const stepTo = (server: string, listen: string): Step => ({
  server,
  action: 'start',
  spec: undefined,
  toAddress: addressFrom(listen),
  bind: true,
  displaces: [],
  blockedBy: undefined,
});

test('every step is in one portion, in its order, but those that look for a port in a range come after all others', () => {
  fc.assert(
    fc.property(fc.array(fc.constantFrom(':80', ':0', ':8000-8010', 'unix:/run/x'), { maxLength: 120 }), (listens) => {
      const steps = listens.map((listen, index) => stepTo(`s${index}`, listen));
      const isRange = ({ server }: Step): boolean => listens[Number(server.slice(1))] === ':8000-8010';
      const portions = portionsOf(steps);
      expect(portions.flat()).toEqual([...steps.filter((step) => !isRange(step)), ...steps.filter(isRange)]);
      for (const portion of portions) {
        expect(portion.length).toBeGreaterThan(0);
        expect(portion.length).toBeLessThanOrEqual(25);
        expect(new Set(portion.map(isRange)).size).toBe(1);
      }
    }),
  );
});
