import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { linearProblem } from '../../lib/config/linear-pattern.ts';

const LINEAR = [
  'users',
  '[0-9]+',
  '\\d{4}-\\d{2}',
  '[a-z]+-[0-9]+',
  '[^/\\n]+/[^/\\n]+/[^/\\n]+',
  '[^/]+/x/.*',
  '.+\\.png',
  '(?:jpg|png|gif)',
  '(jpg|png)',
  '[a-z]+(?:\\.html)?',
  'a{2,5}',
  '\\x41+B',
  '[\\]a]+',
  'a+?b',
  '(?:[0-9]+|new)/[^/\\n]+',
  '[0-9]+-.+\\.png',
];

describe('matching takes linear time', () => {
  test.each(LINEAR)('with %s', (source) => {
    expect(linearProblem(source)).toBeUndefined();
    // A matcher that backtracks would not come back from these.
    const pattern = new RegExp(`^${source}$`);
    for (const piece of ['a', 'a-', '0', '0-', '/', 'a/', '.', '.png', 'aA', '']) {
      expect(pattern.test(`${piece.repeat(16_384)}\n`)).toBe(false);
    }
  });

  test.each([
    ['(a+)+', 'repeats a group'],
    ['(a+)+$', 'repeats a group'],
    ['(a|a)*', 'repeats a group'],
    ['(?:a|ab){2,}', 'repeats a group'],
    ['(?:a?){30}a{30}', 'repeats a group'],
    ['.*x.*', 'has a repetition whose end is not clear, and another one after it'],
    ['a*a*a*b', 'has a repetition whose end is not clear, and another one after it'],
    ['(?:a+|b)(?:a+|b)', 'has a repetition whose end is not clear, and another one after it'],
    ['a?a?a?a?a?a?a?aaaaaaa', 'has too many alternatives and optional parts'],
    ['(?:a|a)(?:a|a)(?:a|a)(?:a|a)(?:a|a)(?:a|a)(?:a|a)', 'has too many alternatives and optional parts'],
    ['a{0,100}b?a', 'has too many alternatives and optional parts'],
    ['(a)\\1', 'refers back to a group or to the edge of a word'],
    ['(?=a)a', 'has a group that looks ahead, looks behind or has a name'],
    ['(?<!a)a', 'has a group that looks ahead, looks behind or has a name'],
    ['(?<name>a)', 'has a group that looks ahead, looks behind or has a name'],
    ['a)(b', 'has parentheses that do not match'],
    ['(a', 'has parentheses that do not match'],
  ])('which is not certain with %s', (source, message) => {
    expect(linearProblem(source)).toBe(message);
  });

  test('with whatever is accepted', () => {
    const piece = fc.constantFrom(
      'a',
      'b',
      'ab',
      '.',
      '[ab]',
      '[^b]',
      'a+',
      'a*',
      'b?',
      '.+',
      '[ab]*',
      '(?:a|b)',
      '(?:a|ab)?',
      'a{1,3}',
      'c',
    );
    const source = fc.array(piece, { minLength: 1, maxLength: 9 }).map((pieces) => pieces.join(''));
    fc.assert(
      fc.property(source, (text) => {
        if (linearProblem(text) !== undefined) return;
        const pattern = new RegExp(`^${text}$`);
        for (const repeated of ['a', 'b', 'ab', 'ba', 'aab']) {
          // Nine pieces match nine line breaks at most, so that this fails at the very end.
          expect(pattern.test(`${repeated.repeat(4_000)}${'\n'.repeat(10)}`)).toBe(false);
        }
      }),
      { numRuns: 500 },
    );
  });
});
