import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { linearProblem } from '../../lib/config/linear-pattern.ts';
import { PoolError } from '../../lib/pool/errors.ts';
import { compilePattern } from '../../lib/pool/pattern.ts';

const thrownBy = (pattern: string | RegExp): unknown => {
  try {
    compilePattern(pattern);
    return undefined;
  } catch (thrown) {
    return thrown;
  }
};

test('a pattern is found anywhere, in the same case', () => {
  const test = compilePattern('pi-[0-9]');
  expect(test('api-1-server')).toBe(true);
  expect(test('API-1-SERVER')).toBe(false);
  expect(compilePattern('(?i)pi-[0-9]')('API-1-SERVER')).toBe(true);
});

describe('a pattern that does not compile is refused with its reason', () => {
  test.each([
    ['[invalid(regex', 'missing closing ] at character 1'],
    ['api-(', 'missing closing )'],
    ['a**', 'invalid nested repetition operator at character 2'],
    ['api(?=x)', 'invalid or unsupported Perl syntax at character 4'],
    ['(a)\\1', 'invalid escape sequence at character 4'],
  ])('%s', (pattern, reason) => {
    const thrown = thrownBy(pattern);
    expect(thrown).toBeInstanceOf(PoolError);
    expect(thrown).toMatchObject({ code: 'ERR_POOL_PATTERN', cause: expect.any(Error) });
    expect(String(thrown)).toContain(`pattern '${pattern}' cannot be used: ${reason}`);
  });

  test('and shows no more of it than fits on a line', () => {
    expect(String(thrownBy(`(${'a\n'.repeat(200)}`)).length).toBeLessThan(200);
    expect(String(thrownBy(`(${'a\n'.repeat(200)}`))).not.toContain('\n');
  });
});

describe('a pattern that would take long is refused before it is used', () => {
  test.each([
    ['a'.repeat(513), 'it has 513 characters, at most 512 are read'],
    ['(?:a{0,30}){0,30}b', 'it needs 1832 steps for a character, at most 1000 are taken'],
    ['(a{1000}){1000}', 'invalid repeat count'],
    [`${'('.repeat(2_000)}a`, 'it has 2001 characters'],
  ])('%.20s', (pattern, reason) => {
    expect(thrownBy(pattern)).toMatchObject({ code: 'ERR_POOL_PATTERN', message: expect.stringContaining(reason) });
  });
});

test('patterns that stall a backtracking matcher are answered', () => {
  const text = `${'a'.repeat(64)}!`;
  // 28 characters keep Node's own engine busy for seconds, and every further one twice as long: none of these would end.
  for (const pattern of [
    '^(a+)+$',
    '^(a|a)*$',
    '^(a|aa)+$',
    '^(a*)*b',
    '(.*a){20}b',
    'a*a*a*a*a*a*a*a*b',
    '(x+x+)+y',
  ]) {
    const since = performance.now();
    const test = compilePattern(pattern);
    expect(test(text)).toBe(false);
    expect(performance.now() - since).toBeLessThan(500);
  }
});

/** Hostile on purpose: repetitions of repetitions of what overlaps. */
const hostile = fc.letrec<{ node: string; group: string; sequence: string; piece: string }>((tie) => ({
  piece: fc.constantFrom('a', 'b', '.', '[ab]', '[^a]', 'aa', '\\w', '\\pL'),
  group: fc
    .tuple(tie('node'), fc.constantFrom('*', '+', '?', '{0,9}', '{3,}', '*?', ''))
    .map(([node, times]) => `(?:${node})${times}`),
  sequence: fc
    .array(tie('node'), { minLength: 1, maxLength: 4 })
    .chain((nodes) => fc.constantFrom(nodes.join(''), `(?:${nodes.join('|')})`)),
  node: fc.oneof({ maxDepth: 4, depthSize: 'medium' }, tie('piece'), tie('group'), tie('sequence')),
})).node;

test('no pattern takes more than a moment for any text, or it is refused', () => {
  const texts = ['a'.repeat(64), 'ab'.repeat(32), `${'a'.repeat(63)}!`, 'é😀'.repeat(16)];
  fc.assert(
    fc.property(hostile, fc.constantFrom('', '$', 'c'), (pattern, end) => {
      let test: (text: string) => boolean;
      try {
        test = compilePattern(`${pattern}${end}`);
      } catch (thrown) {
        expect(thrown).toMatchObject({ code: 'ERR_POOL_PATTERN' });
        return;
      }
      const since = performance.now();
      for (const text of texts) expect(test(text)).toBeTypeOf('boolean');
      // Instructions × characters is at most 256,000 here: a few milliseconds. What backtracks does not come back.
      expect(performance.now() - since).toBeLessThan(500);
    }),
    { numRuns: 500 },
  );
});

/** What both dialects read alike. */
const harmless = fc
  .array(
    fc.tuple(
      fc.constantFrom('a', 'b', 'c', '-', '\\.', '[ab]', '[^a]', '[a-c]', '[0-9]', '.', '(?:a|b)', '(ab|c)'),
      fc.constantFrom('', '', '', '?', '+', '*', '{2}', '{1,2}'),
    ),
    { minLength: 1, maxLength: 6 },
  )
  .map((parts) => parts.map(([atom, times]) => (atom.startsWith('(') ? atom : `${atom}${times}`)).join(''))
  .chain((source) => fc.constantFrom(source, `^${source}`, `${source}$`, `^${source}$`));

test('what is harmless matches what it matches as a RegExp', () => {
  const text = fc
    .array(fc.constantFrom('a', 'b', 'c', '-', '.', '0', 'é', '😀', ' '), { maxLength: 10 })
    .map((characters) => characters.join(''));
  fc.assert(
    fc.property(harmless, text, (source, given) => {
      fc.pre(linearProblem(source) === undefined);
      expect(compilePattern(source)(given)).toBe(new RegExp(source, 'u').test(given));
    }),
    { numRuns: 2_000 },
  );
});

describe('a RegExp', () => {
  test('is Node’s own, with all that it can', () => {
    expect(compilePattern(/^(?!admin)/)('api')).toBe(true);
    expect(compilePattern(/^API/i)('api')).toBe(true);
  });

  test('says the same of the same text every time, whatever its flags', () => {
    for (const pattern of [/a/g, /a/y, /a/gy]) {
      const test = compilePattern(pattern);
      expect([test('ab'), test('ab'), test('ab')]).toEqual([true, true, true]);
    }
    expect(compilePattern(/b/y)('ab')).toBe(false);
  });

  test('of somebody else is left as it is', () => {
    const pattern = /a/g;
    pattern.lastIndex = 1;
    expect(compilePattern(pattern)('ab')).toBe(true);
    expect(pattern.lastIndex).toBe(1);
  });
});
