import fc from 'fast-check';
import { expect, test } from 'vitest';
import { phaseOf } from '../../lib/health/phase.ts';

test('a phase is a number from 0 up to 1, the same for the same id', () => {
  fc.assert(
    fc.property(fc.string(), (id) => {
      expect(phaseOf(id)).toBeGreaterThanOrEqual(0);
      expect(phaseOf(id)).toBeLessThan(1);
      expect(phaseOf(id)).toBe(phaseOf(id));
    }),
  );
});

test.each([
  ['numbered', (index: number) => `server-${index}`],
  ['numbered with zeros', (index: number) => `s${String(index).padStart(4, '0')}`],
  ['addresses', (index: number) => `127.0.0.1:${8_000 + index}`],
])('a thousand ids are spread evenly: %s', (_, name) => {
  const tenths = Array.from({ length: 10 }, () => 0);
  for (let index = 0; index < 1_000; index++) {
    const tenth = Math.floor(phaseOf(name(index)) * 10);
    tenths[tenth] = (tenths[tenth] ?? 0) + 1;
  }
  expect(Math.min(...tenths)).toBeGreaterThan(60);
  expect(Math.max(...tenths)).toBeLessThan(140);
});
