import fc from 'fast-check';
import { expect, test } from 'vitest';
import { oneLine, reasonOf, received } from '../../lib/config/received.ts';

const UNPRINTABLE = /[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/u;

test('what stood there is shown by its kind, and by its value when that is short', () => {
  const cases: readonly (readonly [unknown, string])[] = [
    ['a text', '"a text"'],
    ['', '""'],
    ['a\nb\r\t\0\u202e', '"a\\nb\\r\\t\\u{0}\\u{202e}"'],
    ['\ud800', '"\\u{d800}"'],
    [80, '80'],
    [-0, '-0'],
    [Number.NaN, 'NaN'],
    [5n, '5n'],
    [true, 'true'],
    [null, 'null'],
    [undefined, 'undefined'],
    [Symbol('x'), 'a symbol'],
    [() => {}, 'a function'],
    [{ a: 1 }, 'an object'],
    [Object.create(null), 'an object'],
    [[], 'an empty array'],
    [[1, 2], 'an array of 2'],
    [new Date(0), 'an instance of Date'],
  ];
  for (const [value, shown] of cases) expect(received(value)).toBe(shown);
});

test('a long text is cut, with a sign that it was', () => {
  expect(received('x'.repeat(100_000_000))).toBe(`"${'x'.repeat(77)}…"`);
  expect(received('🙂'.repeat(100))).toMatch(/^"(?:🙂)+…"$/u);
});

test('anything is shown on one line of at most 80 characters', () => {
  fc.assert(
    fc.property(fc.oneof(fc.anything(), fc.string({ unit: 'binary', maxLength: 200, size: 'max' })), (value) => {
      expect(received(value)).not.toMatch(UNPRINTABLE);
      expect(received(value).length).toBeLessThanOrEqual(80);
    }),
  );
});

test('a printable text that is short enough stays as it is', () => {
  fc.assert(
    fc.property(fc.string({ maxLength: 80 }), (text) => {
      expect(oneLine(text)).toBe(text);
    }),
  );
});

test('the reason in an exception is one line, even if looking at it throws', () => {
  const hostile = {
    toString: () => {
      throw new Error('no');
    },
  };
  expect(reasonOf(new Error('a\nb'))).toBe('a\\nb');
  expect(reasonOf('text')).toBe('text');
  expect(reasonOf(hostile)).toBe('an exception without a text');
});
