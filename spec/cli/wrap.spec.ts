import fc from 'fast-check';
import { expect, test } from 'vitest';
import { lineWidth } from '../../lib/cli/live-block.ts';
import { type Line, plain } from '../../lib/cli/paint.ts';
import { wrapLine } from '../../lib/cli/wrap.ts';

const anyLine: fc.Arbitrary<Line> = fc.array(
  fc.record({ text: fc.stringMatching(/^[a-z漢 ]{0,30}$/), style: fc.constantFrom('bad' as const, 'faint' as const) }),
  { maxLength: 6 },
);

const wordsOf = (text: string): readonly string[] => text.split(' ').filter((word) => word !== '');

test('a line that fits stays as it is', () => {
  const line: Line = [{ text: 'one ', style: 'bad' }, { text: 'two' }];
  expect(wrapLine(line, 7, 4)).toEqual([line]);
});

test('a line is broken between words, and what follows is indented', () => {
  const line: Line = [{ text: 'error   ', style: 'bad' }, { text: 'the request has failed' }];
  expect(wrapLine(line, 20, 8).map(plain)).toEqual(['error   the request', '        has failed']);
  expect(wrapLine(line, 20, 8)[0]?.[0]).toEqual({ text: 'error   ', style: 'bad' });
});

test('a first word that is no longer than the indent does not keep the next one on its line', () => {
  const line: Line = [{ text: 'a ', style: 'bad' }, { text: '漢漢' }];
  expect(wrapLine(line, 5, 2).map(plain)).toEqual(['a', '  漢漢']);
});

test('no word is lost, and none but one that is wider itself leads over the edge', () => {
  fc.assert(
    fc.property(anyLine, fc.integer({ min: 1, max: 60 }), fc.nat(20), (line, width, indent) => {
      const lines = wrapLine(line, width, indent);
      expect(lines.map(plain).join('').replaceAll(' ', '')).toBe(plain(line).replaceAll(' ', ''));
      for (const one of lines) {
        if (lineWidth(one) > width) expect(wordsOf(plain(one)).length).toBe(1);
      }
    }),
  );
});
