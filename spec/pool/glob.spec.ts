import fc from 'fast-check';
import { expect, test } from 'vitest';
import { PoolError } from '../../lib/pool/errors.ts';
import { compileGlob } from '../../lib/pool/glob.ts';

/** The slow obvious twin: everything but the two signs is quoted, and a backtracking matcher does the rest. */
const obvious = (glob: string): RegExp => {
  const quoted = glob.replace(/[^*?]/gu, (character) => `\\u{${(character.codePointAt(0) ?? 0).toString(16)}}`);
  return new RegExp(`^${quoted.replace(/\*+/g, '[^]*').replaceAll('?', '[^]')}$`, 'iu');
};

test.each([
  ['api-*', 'api-server', true],
  ['api-*', 'an api-server', false],
  ['*-server', 'API-Server', true],
  ['api-?', 'api-1', true],
  ['api-?', 'api-', false],
  ['api-?', 'api-12', false],
  ['*', '', true],
  ['**', 'anything', true],
  ['*a*b*', '--a--b--', true],
  ['*a*b*', '--b--a--', false],
  ['127.0.0.?:80*', '127.0.0.1:8080', true],
  ['127.0.0.?:80*', '127x0x0x1:8080', false],
  ['[::1]:*', '[::1]:8080', true],
  ['?', '😀', true],
])('%s matches %s: %s', (glob, text, expected) => {
  expect(compileGlob(glob)(text)).toBe(expected);
});

test('every glob says of every text what the regular expression for it says', () => {
  const piece = fc.constantFrom('a', 'A', 'b', '*', '?', '.', '-', '[', '\\', '^', '(', '+', '$', '😀');
  const letters = fc.constantFrom('a', 'A', 'b', '.', '-', '[', '\\', '^', '(', '+', '$', '😀', '*', '?');
  fc.assert(
    fc.property(
      fc.array(piece, { maxLength: 8 }).map((pieces) => pieces.join('')),
      fc.array(letters, { maxLength: 8 }).map((pieces) => pieces.join('')),
      (glob, text) => {
        expect(compileGlob(glob)(text)).toBe(obvious(glob).test(text));
      },
    ),
    { numRuns: 2_000 },
  );
});

test('what would make a backtracking matcher stall is answered at once', () => {
  // Every star doubles the ways to divide 2,000 characters; here each costs one more pass at most.
  const glob = compileGlob(`${'*a'.repeat(200)}*b`);
  const since = performance.now();
  expect(glob('a'.repeat(2_000))).toBe(false);
  expect(performance.now() - since).toBeLessThan(1_000);
});

test('a glob that is too long is refused', () => {
  expect(compileGlob('a'.repeat(512))('a'.repeat(512))).toBe(true);
  expect(() => compileGlob('a'.repeat(513))).toThrow(PoolError);
  expect(() => compileGlob('*'.repeat(513))).toThrow('a glob has at most 512 characters, this one 513');
});
