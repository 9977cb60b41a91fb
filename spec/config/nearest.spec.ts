import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { editDistance, nearest } from '../../lib/config/nearest.ts';
import { parseCluster } from '../../lib/config/parse.ts';
import { server } from './configs.ts';

const KNOWN = 'listen name expose disabled strategy restart headersTimeoutMs requestTimeoutMs maxBodyBytes app'.split(
  ' ',
);

/** One slip of the finger at a place in a word. */
const slip = fc.record({
  kind: fc.constantFrom('insert', 'delete', 'exchange', 'swap'),
  at: fc.nat(),
  letter: fc.constantFrom(...'abestlnrM'),
});

const slipped = (word: string, { kind, at, letter }: { kind: string; at: number; letter: string }): string => {
  const place = at % word.length;
  const [before, here, after] = [word.slice(0, place), word.slice(place, place + 1), word.slice(place + 1)];
  if (kind === 'insert') return before + letter + here + after;
  if (kind === 'delete') return before + after;
  if (kind === 'exchange') return before + letter + after;
  return before + after.slice(0, 1) + here + after.slice(1);
};

describe('the nearest name', () => {
  test.each([
    ['listne', 'listen'],
    ['lisetn', 'listen'],
    ['Listen', 'listen'],
    ['headerTimeoutMs', 'headersTimeoutMs'],
    ['headersTimeoutMS', 'headersTimeoutMs'],
    ['requestTimeout', 'requestTimeoutMs'],
    ['expsoe', 'expose'],
  ])('of %s is %s', (name, expected) => {
    expect(nearest(name, KNOWN)).toBe(expected);
  });

  test.each(['proxy', 'handlerTimeoutSeconds', '', 'x'.repeat(10_000)])('of %j is none', (name) => {
    expect(nearest(name, KNOWN)).toBeUndefined();
  });

  test('is never farther than two slips, and none is nearer', () => {
    fc.assert(
      fc.property(fc.constantFrom(...KNOWN), slip, slip, (word, first, second) => {
        const name = slipped(slipped(word, first), second);
        const found = nearest(name, KNOWN);
        const distances = KNOWN.map((known) => editDistance(name.toLowerCase(), known.toLowerCase()));
        const least = Math.min(...distances);
        if (least > 2) expect(found).toBeUndefined();
        else expect(found).toBe(KNOWN[distances.indexOf(least)]);
      }),
      { numRuns: 1_000 },
    );
  });

  test('of a name after one slip is the name, or one just as near', () => {
    fc.assert(
      fc.property(fc.constantFrom(...KNOWN), slip, (word, one) => {
        const name = slipped(word, one);
        expect(editDistance(name, nearest(name, KNOWN) ?? '')).toBeLessThanOrEqual(1);
      }),
    );
  });

  test('is in the hint of an unknown key', () => {
    fc.assert(
      fc.property(fc.constantFrom('drainTimeoutMs', 'maxConnections', 'disabled'), slip, (word, one) => {
        const name = slipped(word, one);
        if (name === word) return;
        const { issues } = parseCluster({ api: { ...server(), [name]: 1 } });
        expect(issues).toMatchObject([{ path: name, hint: `did you mean '${word}'?` }]);
      }),
    );
  });
});

describe('the distance between two words', () => {
  test.each([
    ['', '', 0],
    ['a', '', 1],
    ['ab', 'ba', 1],
    ['kitten', 'sitting', 3],
    ['ca', 'abc', 3],
  ] as const)('%s and %s is %i', (a, b, expected) => {
    expect(editDistance(a, b)).toBe(expected);
  });

  test('is the same from either side, and zero for equal words only', () => {
    fc.assert(
      fc.property(fc.string({ maxLength: 8 }), fc.string({ maxLength: 8 }), (a, b) => {
        expect(editDistance(a, b)).toBe(editDistance(b, a));
        expect(editDistance(a, b) === 0).toBe(a === b);
      }),
    );
  });
});
