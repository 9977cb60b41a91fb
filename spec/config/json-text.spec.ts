import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { parseJson } from '../../lib/config/json-text.ts';
import { locate, positionAt } from '../../lib/config/place.ts';

/** What `JSON.parse` makes of a text, as a comparable value. */
const engine = (text: string): unknown => {
  try {
    return { value: JSON.parse(text) };
  } catch {
    return 'refused';
  }
};

const ours = (text: string): unknown => {
  const parsed = parseJson(text);
  return parsed.ok ? { value: parsed.value } : 'refused';
};

/** Code and position of everything that is wrong. */
const faultsOf = (text: string): readonly string[] => {
  const parsed = parseJson(text);
  if (parsed.ok) return [];
  return parsed.faults.map(({ code, at, message, hint }) => {
    const { line, column } = positionAt(text, at ?? 0);
    return `${line}:${column} ${code} ${message} (${hint})`;
  });
};

/** Pieces of JSON that are wrong more often than right when they are put together. */
const soup = fc
  .array(
    fc.constantFrom(
      ...['{', '}', '[', ']', ',', ':', '"a"', '"b"', '"', '\\', 'true', 'null', 'nul', '0', '01', '-', '1.5e-3', '1.'],
      ...[' ', '\n', '\t', '\u00a0', '\u007f', "'", '//', '"\\u12"', '"\\u0041"', '"\\x"', '.5', '+1', 'NaN', '\ufeff'],
    ),
    { maxLength: 12 },
  )
  .map((parts) => parts.join(''));

describe('what JSON is', () => {
  test('every JSON value is read as JSON.parse reads it, however it is laid out', () => {
    fc.assert(
      fc.property(fc.jsonValue(), fc.constantFrom(0, 1, 2, '\t'), (value, indent) => {
        const text = JSON.stringify(value, null, indent);
        expect(ours(text)).toEqual({ value: JSON.parse(text) });
      }),
    );
  });

  test('what JSON.parse refuses is refused, and nothing else is, save for keys that stand twice', () => {
    fc.assert(
      fc.property(soup, (text) => {
        if (faultsOf(text).some((fault) => fault.includes('ERR_SOURCE_DUPLICATE_KEY'))) return;
        expect(ours(text)).toEqual(engine(text));
      }),
      { numRuns: 5_000 },
    );
  });

  test('a file cut off anywhere is refused', () => {
    const text = JSON.stringify({ servers: { web: { listen: '127.0.0.1:0', routes: [{ path: '/', a: -1.5 }] } } });
    for (let end = 0; end < text.length; end += 1) expect(ours(text.slice(0, end)), `cut at ${end}`).toBe('refused');
  });

  test('the key __proto__ is an ordinary key', () => {
    const parsed = parseJson('{"__proto__": {"polluted": true}}');
    expect(parsed.ok && Object.keys(parsed.value as object)).toEqual(['__proto__']);
    expect(({} as { polluted?: unknown }).polluted).toBeUndefined();
  });

  test('a string of a million characters is read', () => {
    const text = `["${'é\\n'.repeat(250_000)}"]`;
    expect(ours(text)).toEqual({ value: JSON.parse(text) });
  });
});

describe('what is wrong', () => {
  test.each([
    ['{"a": 1,}', `1:9 ERR_SOURCE_SYNTAX a key in double quotes expected, found "}" (remove the comma before it)`],
    ['[1,\n2,\n]', `3:1 ERR_SOURCE_SYNTAX a value expected, found "]" (remove the comma before it)`],
    [
      '{\n  // x\n}',
      `2:3 ERR_SOURCE_SYNTAX a key in double quotes expected, found a comment (JSON has no comments: remove it, or name the file .yaml)`,
    ],
    [`{'a': 1}`, `1:2 ERR_SOURCE_SYNTAX a key in double quotes expected, found "'" (JSON takes double quotes only)`],
    [
      '{a: 1}',
      `1:2 ERR_SOURCE_SYNTAX a key in double quotes expected, found "a" (put keys and texts in double quotes)`,
    ],
    [
      '{"a" 1}',
      `1:6 ERR_SOURCE_SYNTAX ":" expected, found "1" (texts stand in double quotes; the other values are numbers, true, false and null)`,
    ],
    [
      '{"a": 1\n"b": 2}',
      `2:1 ERR_SOURCE_SYNTAX "," or "}" expected, found '"' (a comma or a bracket is missing before it)`,
    ],
    [
      '{} {}',
      `1:4 ERR_SOURCE_SYNTAX the end of the file expected, found "{" (a comma or a bracket is missing before it)`,
    ],
    [
      '{"a":',
      `1:6 ERR_SOURCE_SYNTAX the file ends where a value should follow (it may be only partly written: save it again)`,
    ],
    ['["a', `1:2 ERR_SOURCE_SYNTAX the file ends inside a string (it may be only partly written: close the quote)`],
    ['["a\n"]', `1:4 ERR_SOURCE_SYNTAX a string ends with its line (close the quote, or write the line break as \\n)`],
    ['["C:\\d"]', `1:5 ERR_SOURCE_SYNTAX this escape does not exist (a backslash is written as two: "\\\\")`],
    [
      '[yes]',
      `1:2 ERR_SOURCE_SYNTAX a value expected, found "y" (texts stand in double quotes; the other values are numbers, true, false and null)`,
    ],
  ])('%j is named with its place and what to do', (text, fault) => {
    expect(faultsOf(text)).toEqual([fault]);
  });

  test('every key that stands twice is named with both places', () => {
    expect(faultsOf('{\n  "port": 1,\n  "port": 2,\n  "x": {"y": 1, "y": 1}\n}')).toEqual([
      '3:3 ERR_SOURCE_DUPLICATE_KEY the key "port" stands here again, first at 2:3 (keep one of the two)',
      '4:17 ERR_SOURCE_DUPLICATE_KEY the key "y" stands here again, first at 4:9 (keep one of the two)',
    ]);
  });

  test('a hundred levels are read, one more is refused, and a million do no harm', () => {
    const nested = (levels: number): string => '['.repeat(levels) + ']'.repeat(levels);
    expect(ours(nested(100))).toEqual(engine(nested(100)));
    expect(faultsOf(nested(102))[0]).toContain('ERR_SOURCE_TOO_DEEP');
    expect(faultsOf('['.repeat(1_000_000))[0]).toMatch(/^1:102 ERR_SOURCE_TOO_DEEP/);
  });
});

test('every value is found by its path', () => {
  const text = '{\n  "a": [1, {"b.c": 2}],\n  "d": 3\n}';
  const parsed = parseJson(text);
  if (!parsed.ok) throw new Error('must parse');
  const at = (path: string) => positionAt(text, locate(parsed.place, path));
  expect(at('')).toEqual({ line: 1, column: 1 });
  expect(at('a')).toEqual({ line: 2, column: 3 });
  expect(at('a.0')).toEqual({ line: 2, column: 9 });
  expect(at('a.1.b.c')).toEqual({ line: 2, column: 13 });
  expect(at('d')).toEqual({ line: 3, column: 3 });
});
