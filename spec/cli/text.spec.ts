import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { counted, duration, pad, printable, shorten, shortenStart, widthOf } from '../../lib/cli/text.ts';

const anyText = fc.string({ unit: 'binary', maxLength: 60 });

test('nothing a text contains can move a cursor, end a line or turn its direction', () => {
  fc.assert(
    fc.property(anyText, (text) => {
      expect(printable(text)).not.toMatch(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/u);
    }),
  );
  expect(printable('a\u001b[2J\n\u202eb')).toBe('a\\u{1b}[2J\\n\\u{202e}b');
});

describe('widths', () => {
  test.each([
    ['', 0],
    ['abc', 3],
    ['é', 1],
    ['e\u0301', 1],
    ['日本', 4],
    ['한', 2],
    ['👍', 2],
    ['…', 1],
  ])('%j takes %i columns', (text, columns) => {
    expect(widthOf(text)).toBe(columns);
  });

  test('a shortened text is never wider than asked for, and is the text when that fits', () => {
    fc.assert(
      fc.property(anyText.map(printable), fc.nat(70), (text, columns) => {
        const short = shorten(text, columns);
        expect(widthOf(short)).toBeLessThanOrEqual(columns);
        if (widthOf(text) <= columns) expect(short).toBe(text);
        else if (columns > 0) expect(short.endsWith('…')).toBe(true);
      }),
    );
  });

  test('a padded text has exactly the width, whichever side it is on', () => {
    fc.assert(
      fc.property(anyText.map(printable), fc.constantFrom('left' as const, 'right' as const), (text, align) => {
        const padded = pad(text, widthOf(text) + 3, align);
        expect(widthOf(padded)).toBe(widthOf(text) + 3);
        expect(padded.trim()).toBe(text.trim());
      }),
    );
  });
});

test.each([
  [0, '0s'],
  [59_999, '59s'],
  [60_000, '1m 00s'],
  [3_599_999, '59m 59s'],
  [3_600_000, '1h 00m'],
  [86_399_999, '23h 59m'],
  [86_400_000, '1d 00h'],
  [-5, '0s'],
])('%i ms is %s', (ms, text) => {
  expect(duration(ms)).toBe(text);
});

test('one is singular', () => {
  expect([0, 1, 2].map((count) => counted(count, 'server'))).toEqual(['0 servers', '1 server', '2 servers']);
});

test('a text that is cut at its start keeps its end, in as many columns as there are', () => {
  expect(shortenStart('a/b/c.json', 7)).toBe('…c.json');
  expect(shortenStart('a/b/c.json', 10)).toBe('a/b/c.json');
  expect(shortenStart('日本.json', 7)).toBe('….json');
  expect([0, 1].map((columns) => shortenStart('abc', columns))).toEqual(['', '']);
});
