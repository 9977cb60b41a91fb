import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { httpDate, precondition, rangeHolds, validatorsOf } from '../../../lib/server/files/validators.ts';

const SECOND = 1_000;
const NOW = Date.UTC(2026, 0, 2, 3, 4, 5, 678);
const ns = (ms: number): bigint => BigInt(ms) * 1_000_000n;

describe('the tag of a file', () => {
  test('is strong once the time of its last change can be relied on', () => {
    const at = (agoMs: number) => validatorsOf(5, ns(NOW - agoMs), '', NOW).etag;
    expect(at(0)).toMatch(/^W\/"[\w-]+"$/);
    expect(at(2_000)).toMatch(/^W\//);
    expect(at(2_001)).toMatch(/^"[\w-]+"$/);
    expect(at(-60_000)).toMatch(/^W\//);
  });

  test('is the same for the same file, and another for another size, time or encoding', () => {
    const file = fc.record({
      size: fc.nat(),
      mtime: fc.bigInt({ min: 0n, max: 2n ** 62n }),
      variant: fc.constantFrom('', 'br', 'gzip'),
    });
    fc.assert(
      fc.property(file, file, (a, b) => {
        const tag = ({ size, mtime, variant }: typeof a) =>
          validatorsOf(size, mtime, variant, NOW).etag.replace('W/', '');
        const isSame = a.size === b.size && a.mtime === b.mtime && a.variant === b.variant;
        expect(tag(a) === tag(b)).toBe(isSame);
      }),
    );
  });

  test('goes with a time in whole seconds that is not to come', () => {
    expect(validatorsOf(5, ns(NOW - 5_000), '', NOW).modifiedMs).toBe(NOW - 5_000 - 678);
    expect(validatorsOf(5, ns(NOW + 90_000), '', NOW).modifiedMs).toBe(NOW - 678);
  });
});

describe('an HTTP date', () => {
  const ms = Date.UTC(1994, 10, 6, 8, 49, 37);
  test.each([
    ['Sun, 06 Nov 1994 08:49:37 GMT', ms],
    ['Sunday, 06-Nov-94 08:49:37 GMT', ms],
    ['Sun Nov  6 08:49:37 1994', ms],
    ['1994-11-06', undefined],
    ['1994', undefined],
    ['Sun, 06 Nov 1994 08:49:37 +0200', undefined],
    ['Sun, 06 Foo 1994 08:49:37 GMT', undefined],
    ['', undefined],
  ])('%j is %j', (text, expected) => {
    expect(httpDate(text)).toBe(expected);
  });

  test('is read as it is written', () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 4_000_000_000 }), (seconds) => {
        expect(httpDate(new Date(seconds * SECOND).toUTCString())).toBe(seconds * SECOND);
      }),
    );
  });
});

describe('a condition', () => {
  const strong = { etag: '"a-1"', modifiedMs: NOW - 678 };
  const weak = { ...strong, etag: 'W/"a-1"' };
  const date = (ms: number): string => new Date(ms).toUTCString();
  const at = strong.modifiedMs;

  test.each([
    [{}, 200],
    [{ 'if-none-match': '"a-1"' }, 304],
    [{ 'if-none-match': 'W/"a-1"' }, 304],
    [{ 'if-none-match': '"x", "y,z" , "a-1"' }, 304],
    [{ 'if-none-match': '*' }, 304],
    [{ 'if-none-match': '"b"' }, 200],
    [{ 'if-none-match': 'a-1' }, 200],
    [{ 'if-none-match': '' }, 200],
    [{ 'if-modified-since': date(at) }, 304],
    [{ 'if-modified-since': date(at + SECOND) }, 304],
    [{ 'if-modified-since': date(at - SECOND) }, 200],
    [{ 'if-modified-since': 'yesterday' }, 200],
    [{ 'if-none-match': '"b"', 'if-modified-since': date(at) }, 200],
    [{ 'if-match': '"a-1"' }, 200],
    [{ 'if-match': '"b"' }, 412],
    [{ 'if-match': 'W/"a-1"' }, 412],
    [{ 'if-match': '*' }, 200],
    [{ 'if-match': '"a-1"', 'if-none-match': '"a-1"' }, 304],
    [{ 'if-unmodified-since': date(at) }, 200],
    [{ 'if-unmodified-since': date(at - SECOND) }, 412],
    [{ 'if-match': '"a-1"', 'if-unmodified-since': date(at - SECOND) }, 200],
  ])('%j comes to %i', (headers: Readonly<Record<string, string>>, verdict) => {
    expect(precondition((name) => headers[name], strong)).toBe(verdict);
  });

  test('is met by a weak tag where that is enough', () => {
    expect(precondition((name) => (name === 'if-none-match' ? '"a-1"' : undefined), weak)).toBe(304);
    expect(precondition((name) => (name === 'if-match' ? '"a-1"' : undefined), weak)).toBe(412);
  });

  test.each([
    [undefined, true, true],
    ['"a-1"', true, false],
    ['"b"', false, false],
    ['W/"a-1"', false, false],
    [date(at), true, false],
    [date(at + SECOND), false, false],
    [date(at - SECOND), false, false],
    ['soon', false, false],
  ])('If-Range %j lets a part be sent: %j, of a file that just changed: %j', (ifRange, settled, fresh) => {
    expect(rangeHolds(ifRange, strong)).toBe(settled);
    expect(rangeHolds(ifRange, weak)).toBe(fresh);
  });
});
