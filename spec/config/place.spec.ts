import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { locate, type Place, positionAt } from '../../lib/config/place.ts';

const place = (at: number, members: Readonly<Record<string, Place>> = {}): Place => ({
  at,
  members: new Map(Object.entries(members)),
});

describe('finding a path', () => {
  const root = place(0, {
    a: place(1, { b: place(2) }),
    'a.b': place(3, { c: place(4) }),
    list: place(5, { 0: { at: 6 } }),
  });

  test.each([
    ['', 0],
    ['a', 1],
    ['list.0', 6],
  ])('%j is where it stands', (path, at) => {
    expect(locate(root, path)).toBe(at);
  });

  test('a key with a dot wins over two keys, and what is in it is found', () => {
    expect(locate(root, 'a.b')).toBe(3);
    expect(locate(root, 'a.b.c')).toBe(4);
  });

  test('what does not exist is answered with the nearest thing around it', () => {
    expect(locate(root, 'a.missing.field')).toBe(1);
    expect(locate(root, 'missing')).toBe(0);
    expect(locate(root, 'list.0.deeper')).toBe(6);
  });
});

describe('positions', () => {
  test('lines end in LF, CRLF and CR, and columns count from 1', () => {
    const text = 'a\nb\r\nc\rd';
    expect([0, 2, 5, 7].map((offset) => positionAt(text, offset))).toEqual([
      { line: 1, column: 1 },
      { line: 2, column: 1 },
      { line: 3, column: 1 },
      { line: 4, column: 1 },
    ]);
  });

  test('a position leads back to its offset', () => {
    fc.assert(
      fc.property(fc.array(fc.string({ maxLength: 5 })), fc.nat(), (parts, seed) => {
        const text = parts.map((part) => part.replace(/[\r\n]/g, '')).join('\n');
        const offset = seed % (text.length + 1);
        const { line, column } = positionAt(text, offset);
        const before = text.split('\n').slice(0, line - 1);
        expect(before.reduce((sum, one) => sum + one.length + 1, 0) + column - 1).toBe(offset);
      }),
    );
  });
});
