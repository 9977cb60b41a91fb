import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { stringify } from 'yaml';
import { locate, positionAt } from '../../../lib/config/place.ts';
import { parseYaml } from '../../../lib/source/yaml/yaml.ts';

const faultsOf = (text: string): readonly string[] => {
  const parsed = parseYaml(text);
  if (parsed.ok) return [];
  return parsed.faults.map(({ code, at, message, hint }) => {
    expect(hint).not.toBe('');
    const { line, column } = positionAt(text, at ?? 0);
    return `${line}:${column} ${code} ${message}`;
  });
};

const readYaml = (text: string): unknown => {
  const parsed = parseYaml(text);
  expect(faultsOf(text)).toEqual([]);
  return parsed.ok ? parsed.value : undefined;
};

describe('what YAML is', () => {
  test('what the library writes is read back', () => {
    fc.assert(
      fc.property(fc.dictionary(fc.string({ minLength: 1 }), fc.jsonValue()), (written) => {
        const value = JSON.parse(JSON.stringify(written)); // JSON has one zero, YAML two.
        expect(readYaml(stringify(value))).toEqual(value);
      }),
    );
  });

  test('JSON is YAML', () => {
    expect(readYaml('{"servers": {"web": {"listen": "127.0.0.1:0"}}}')).toEqual({
      servers: { web: { listen: '127.0.0.1:0' } },
    });
  });

  test('addresses, yes and no are texts, as YAML 1.2 has it', () => {
    expect(readYaml('listen: 127.0.0.1:8080\nbody: no\nat: 12:30:45')).toEqual({
      listen: '127.0.0.1:8080',
      body: 'no',
      at: '12:30:45',
    });
  });

  test('aliases share what an anchor names', () => {
    expect(readYaml('a: &x {n: 1}\nb: *x')).toEqual({ a: { n: 1 }, b: { n: 1 } });
  });
});

describe('what is wrong', () => {
  test.each([
    ['a: [1, 2', /^1:9 ERR_SOURCE_SYNTAX /],
    ['a: 1\n\tb: 2', /^2:1 ERR_SOURCE_SYNTAX /],
    ['a: 1\n b: 2', /^1:4 ERR_SOURCE_SYNTAX /],
    ['a: !!js/function "x"', /^1:4 ERR_SOURCE_SYNTAX unresolved tag/],
    ['a: @x', /^1:4 ERR_SOURCE_SYNTAX /],
    ['a: &x {n: 1}\nb:\n  <<: *x', /^3:3 ERR_SOURCE_SYNTAX merge keys \(<<\) are not supported/],
    ['a: &x {n: 1}\nb: {<<: [*x]}', /^2:5 ERR_SOURCE_SYNTAX merge keys \(<<\) are not supported/],
    ['a: *nope', /^1:\d ERR_SOURCE_SYNTAX unresolved alias/],
    ['a: 1\n---\nb: 2', /^2:\d ERR_SOURCE_SYNTAX a second document starts here/],
    ['? [a, b]\n: 1', /^1:3 ERR_SOURCE_SYNTAX a key is a list or a map/],
  ])('%j is named with its place', (text, fault) => {
    expect(faultsOf(text)[0]).toMatch(fault);
  });

  test('every key that stands twice is named with both places, also when only JavaScript cannot tell them apart', () => {
    expect(faultsOf('port: 1\nport: 2\n1: a\n"1": b')).toEqual([
      '2:1 ERR_SOURCE_DUPLICATE_KEY the key "port" stands here again, first at 1:1',
      '4:1 ERR_SOURCE_DUPLICATE_KEY the key "1" stands here again, first at 3:1',
    ]);
  });

  test.each([
    ['brackets', '['.repeat(1_000_000)],
    ['braces', '{'.repeat(1_000_000)],
    ['dashes', '- '.repeat(500_000)],
    ['question marks', '? '.repeat(500_000)],
    ['indentation', Array.from({ length: 900 }, (_, depth) => `${' '.repeat(depth)}a:`).join('\n')],
    ['indentation, a little', Array.from({ length: 150 }, (_, depth) => `${' '.repeat(depth)}a:`).join('\n')],
  ])('endless %s are refused, and end nothing else', (_, text) => {
    expect(faultsOf(text)[0]).toContain('ERR_SOURCE_TOO_DEEP');
  });

  test('a document that multiplies itself through aliases is refused', () => {
    const rows = Array.from({ length: 9 }, (_, row) => `r${row + 1}: &r${row + 1} [${`*r${row}, `.repeat(9)}]`);
    expect(faultsOf(['r0: &r0 [x]', ...rows].join('\n'))[0]).toContain('ERR_SOURCE_SYNTAX excessive alias count');
  });

  test('any text is either read or refused', () => {
    fc.assert(
      fc.property(fc.string({ unit: fc.constantFrom(...'ab:-?[]{},&*!|>\'"%@`# \n\t'), maxLength: 40 }), (text) => {
        const parsed = parseYaml(text);
        if (!parsed.ok) expect(parsed.faults.length).toBeGreaterThan(0);
      }),
      { numRuns: 2_000 },
    );
  });
});

test('every value is found by its path', () => {
  const text = 'servers:\n  web:\n    routes:\n      - path: /\n      - path: /x\n';
  const parsed = parseYaml(text);
  if (!parsed.ok) throw new Error('must parse');
  const at = (path: string) => positionAt(text, locate(parsed.place, path));
  expect(at('servers.web')).toEqual({ line: 2, column: 3 });
  expect(at('servers.web.routes.1')).toEqual({ line: 5, column: 9 });
  expect(at('servers.web.routes.1.path')).toEqual({ line: 5, column: 9 });
  expect(at('servers.web.listen')).toEqual({ line: 2, column: 3 });
});
