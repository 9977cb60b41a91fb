import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { type Environment, interpolate, UnsetVariable } from '../../lib/config/interpolate.ts';

const env: Environment = {
  HOST: '127.0.0.1',
  PORT: '8080',
  EMPTY: '',
  TRICK: '$'.concat('{PORT}'),
  YES: 'true',
  _x1: 'low',
};

/** A text with variables; the lint rule knows the syntax from template literals only. */
const v = (text: string): string => text.replaceAll('#{', '${');

const one = (text: string): unknown => {
  const { value, faults } = interpolate(v(text), env);
  return faults.length === 0 ? value : faults.map(({ message }) => message);
};

describe('what variables stand for', () => {
  test.each([
    ['#{HOST}:#{PORT}', '127.0.0.1:8080'],
    ['#{_x1}', 'low'],
    ['#{GONE:-8080}', '8080'],
    ['#{EMPTY:-full}', 'full'],
    ['#{PORT:-1}', '8080'],
    ['a#{GONE:-}b', 'ab'],
    ['#{GONE:-http://x/?a=b:c-d}', 'http://x/?a=b:c-d'],
    ['$#{PORT}', '#{PORT}'],
    ['$$#{PORT}', '$#{PORT}'],
    ['$#{', '#{'],
    ['$PORT $5 {PORT} } $', '$PORT $5 {PORT} } $'],
    ['#{TRICK}', '#{PORT}'],
  ])('%s is %s', (text, expected) => {
    expect(one(text)).toBe(v(expected));
  });

  test.each([
    ['#{GONE}', 'the variable GONE is not set'],
    ['#{EMPTY}', 'the variable EMPTY is empty'],
    ['#{toString}', 'the variable toString is not set'],
    ['#{}', 'this is no variable of the environment'],
    ['#{PORT', 'this is no variable of the environment'],
    ['#{ PORT }', 'this is no variable of the environment'],
    ['#{1A}', 'this is no variable of the environment'],
    ['#{PORT-1}', 'this is no variable of the environment'],
    ['#{PORT:=1}', 'this is no variable of the environment'],
    ['#{PORT:-#{HOST}}', 'this is no variable of the environment'],
  ])('%s is a fault: %s', (text, message) => {
    expect(one(text)).toContain(message);
  });

  test('everything that is wrong is found, with the keys that lead to it, and leaves no value behind', () => {
    const { value, faults } = interpolate({ a: [{ 'b.c': v('#{GONE} #{LOST}') }], d: v('#{PORT}') }, env);
    expect(faults.map(({ path, message }) => `${path.join('/')} ${message}`)).toEqual([
      'a/0/b.c the variable GONE is not set',
      'a/0/b.c the variable LOST is not set',
    ]);
    expect(value).toEqual({ a: [{ 'b.c': new UnsetVariable() }], d: '8080' });
  });

  test('texts that hold values of the environment are named, defaults are no secret', () => {
    const { texts } = interpolate({ a: v('x#{PORT}'), b: v('#{GONE:-1}'), c: v('$#{PORT}'), d: 'plain' }, env);
    expect(texts).toEqual([{ path: ['a'], written: v('x#{PORT}'), values: { PORT: '8080' } }]);
  });
});

describe('what it leaves alone', () => {
  test('data without variables keeps its identity, and so do parts without', () => {
    fc.assert(
      fc.property(fc.jsonValue(), (data) => {
        if (JSON.stringify(data).includes('${')) return;
        expect(interpolate(data, env).value).toBe(data);
      }),
    );
    const part = { b: [1] };
    expect(interpolate({ part, x: v('#{PORT}') }, env).value).toEqual({ part, x: '8080' });
    expect(Reflect.get(Object(interpolate({ part, x: v('#{PORT}') }, env).value), 'part')).toBe(part);
  });

  test('what is escaped comes out as it was, whatever it is', () => {
    fc.assert(
      fc.property(fc.string({ unit: fc.constantFrom('a', '$', '{', '}', ':', '-') }), (text) => {
        // A dollar before what is to be escaped would be taken for an escape of its own.
        if (/\$\$\{/.test(text)) return;
        expect(
          interpolate(
            text.replaceAll('${', () => '$${'),
            {},
          ),
        ).toMatchObject({ value: text, faults: [] });
      }),
    );
  });

  test('keys are no texts', () => {
    const { value } = interpolate({ [v('#{PORT}')]: v('#{PORT}') }, env);
    expect(value).toEqual({ [v('#{PORT}')]: '8080' });
  });

  test('the key __proto__ stays a key', () => {
    const { value } = interpolate(JSON.parse(v('{"__proto__": {"a": "#{PORT}"}}')), env);
    expect(Object.keys(Object(value))).toEqual(['__proto__']);
    expect(Object.getPrototypeOf(value)).toBe(Object.prototype);
  });

  test('what contains itself ends', () => {
    const circle: { self?: unknown; text: string } = { text: v('#{PORT}') };
    circle.self = circle;
    expect(interpolate(circle, env).value).toMatchObject({ text: '8080' });
  });
});

describe('numbers and booleans', () => {
  const as = (kind: 'number' | 'boolean' | 'text', text: string, environment: Environment = env): unknown =>
    interpolate(v(text), environment, () => kind).value;

  test('a text that is one variable becomes what is expected in its place', () => {
    expect(as('number', '#{PORT}')).toBe(8080);
    expect(as('number', '#{GONE:-30}')).toBe(30);
    expect(as('boolean', '#{YES}')).toBe(true);
    expect(as('boolean', '#{GONE:-false}')).toBe(false);
    expect(as('text', '#{PORT}')).toBe('8080');
    expect(as('text', '#{YES}')).toBe('true');
  });

  test('a text with something around the variable stays a text', () => {
    expect(as('number', '1#{PORT}')).toBe('18080');
    expect(as('number', '#{PORT}#{PORT}')).toBe('80808080');
    expect(as('number', '$#{PORT}')).toBe(v('#{PORT}'));
  });

  test.each(['-1', '1.5', '1e3', '0x1F90', ' 80', '80 ', '1_000', 'NaN', '1234567890123456', '٣'])(
    '%j is no number',
    (text) => {
      expect(as('number', '#{X}', { X: text })).toBe(text);
    },
  );

  test('no number differs from its text but for zeros in front', () => {
    fc.assert(
      fc.property(fc.string({ unit: fc.constantFrom(...'0123456789.-e ') }), (text) => {
        const made = as('number', '#{X}', { X: text });
        if (typeof made === 'number') expect(String(made)).toBe(text.replace(/^0+(?=\d)/, ''));
      }),
      { numRuns: 2_000 },
    );
  });
});
