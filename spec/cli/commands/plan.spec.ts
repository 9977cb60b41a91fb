import fc from 'fast-check';
import { expect, test } from 'vitest';
import { planLines } from '../../../lib/cli/commands/plan.ts';
import { lineWidth } from '../../../lib/cli/live-block.ts';
import { plain } from '../../../lib/cli/paint.ts';
import type { Change, Plan } from '../../../lib/cluster/plan.ts';

const planOf = (...changes: readonly Change[]): Plan => ({ changes, bind: [], release: [], unchanged: ['rest'] });

test('a plan says what would change, and where to', () => {
  const moved = planOf({ server: 'web', action: 'move', from: ':1', to: ':2', fields: ['listen'] });
  expect(planLines('next.json', 'edge', moved, 80).map(plain)).toEqual([
    'next.json in edge: 1 server would change, 1 server would not be touched',
    'ACTION  SERVER  ADDRESS  WHAT DIFFERS',
    'move    web     :1 → :2  listen',
  ]);
});

test('no line of a plan is wider than the terminal, or holds what is not to be shown', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary' }), fc.string({ unit: 'binary' }), fc.nat(120), (file, server, width) => {
      const lines = planLines(file, 'edge', planOf({ server, action: 'start', to: '127.0.0.1:8080' }), width + 1);
      for (const line of lines) {
        expect(lineWidth(line)).toBeLessThanOrEqual(width + 1);
        expect(plain(line)).not.toMatch(/[\p{Cc}\p{Cf}]/u);
      }
    }),
  );
});
