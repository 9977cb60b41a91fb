import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { rangeOf } from '../../../lib/server/files/byte-range.ts';

describe('a range', () => {
  test.each([
    ['bytes=0-0', { start: 0, end: 0 }],
    ['bytes=0-9', { start: 0, end: 9 }],
    ['bytes=2-', { start: 2, end: 9 }],
    ['bytes=2-99999999999999999999', { start: 2, end: 9 }],
    ['bytes=-3', { start: 7, end: 9 }],
    ['bytes=-30', { start: 0, end: 9 }],
    ['Bytes= 3-4 ', { start: 3, end: 4 }],
    ['bytes=10-', 'unsatisfiable'],
    ['bytes=10-12', 'unsatisfiable'],
    ['bytes=-0', 'unsatisfiable'],
    [undefined, 'whole'],
    ['', 'whole'],
    ['bytes=', 'whole'],
    ['bytes=-', 'whole'],
    ['bytes=4-3', 'whole'],
    ['bytes=a-b', 'whole'],
    ['bytes=0x1-2', 'whole'],
    ['bytes=+1-2', 'whole'],
    ['bytes=0-1,3-4', 'whole'],
    ['bytes=0-1,', 'whole'],
    ['items=0-1', 'whole'],
    ['0-1', 'whole'],
  ])('%j of ten bytes is %j', (header, range) => {
    expect(rangeOf(header, 10)).toEqual(range);
  });

  test('of nothing cannot be had', () => {
    expect(rangeOf('bytes=0-', 0)).toBe('unsatisfiable');
    expect(rangeOf('bytes=-5', 0)).toBe('unsatisfiable');
  });

  test('lies inside the file, and is what was asked for as far as there is so much', () => {
    fc.assert(
      fc.property(fc.nat(200), fc.nat(200), fc.integer({ min: 1, max: 100 }), (first, last, size) => {
        const range = rangeOf(`bytes=${first}-${last}`, size);
        const expected = Array.from({ length: size }, (_, at) => at).filter((at) => at >= first && at <= last);
        if (last < first) expect(range).toBe('whole');
        else if (expected.length === 0) expect(range).toBe('unsatisfiable');
        else expect(range).toEqual({ start: expected[0], end: expected.at(-1) });
      }),
    );
  });

  test('never lies outside the file, whatever is asked for', () => {
    const header = fc.oneof(fc.string(), fc.stringMatching(/^bytes=[\d,\s-]{0,12}$/));
    fc.assert(
      fc.property(header, fc.nat(50), (text, size) => {
        const range = rangeOf(text, size);
        if (typeof range === 'string') return;
        expect(range.start).toBeGreaterThanOrEqual(0);
        expect(range.end).toBeGreaterThanOrEqual(range.start);
        expect(range.end).toBeLessThan(size);
      }),
    );
  });
});
