import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { oneLine } from '../../lib/config/received.ts';
import {
  keepSecrets,
  marksOf,
  redact,
  redactIssue,
  restoreMarks,
  type Secret,
  secretsOf,
} from '../../lib/config/secrets.ts';

const TOKEN = `\${TOKEN}`;
const secret = (value: string, path = 'a'): Secret => ({ path, written: `Bearer ${TOKEN}`, values: { TOKEN: value } });

describe('redacting a text', () => {
  test('a value is replaced by its variable wherever it stands', () => {
    expect(redact('x-hunter2hunter2-y hunter2hunter2', [secret('hunter2hunter2')])).toBe(`x-${TOKEN}-y ${TOKEN}`);
  });

  test('a short value is replaced where it stands alone, and not inside of another number or word', () => {
    expect(redact('1 of 10, "1" and a1', [secret('1')])).toBe(`${TOKEN} of 10, "${TOKEN}" and a1`);
    expect(redact('a$b-c', [secret('$b-')])).toBe(`a$b-c`);
    expect(redact('(a+b)', [secret('a+b')])).toBe(`(${TOKEN})`);
  });

  test('what contains another value goes first', () => {
    const secrets: readonly Secret[] = [{ path: '', written: '', values: { A: 'password', B: 'password-long' } }];
    expect(redact('password-long password', secrets)).toBe(`\${B} \${A}`);
  });

  test('a value is found as messages show it: on one line, and cut short', () => {
    const value = `line one\nline two ${'x'.repeat(100)}`;
    for (const before of ['', 'Bearer ', '"']) {
      const shown = redact(oneLine(before + value), [secret(value)]);
      expect(shown).toContain(`${before}${TOKEN}…`);
      expect(shown).not.toContain('line');
    }
  });

  test('no value of 8 characters or more is left, however it is cut', () => {
    fc.assert(
      fc.property(
        fc.string({ unit: 'grapheme', minLength: 8, maxLength: 120 }),
        fc.string({ maxLength: 90 }),
        (value, before) => {
          if (before.includes('…') || value.includes('…') || value.includes(TOKEN)) return;
          const redacted = redact(oneLine(`${before}${value}`), [secret(value)]);
          expect(redacted.replaceAll(TOKEN, '')).not.toContain(value);
        },
      ),
    );
  });
});

describe('redacting an issue', () => {
  const issue = {
    path: 'a',
    expected: 'a whole number',
    received: '"Bearer hunter2"',
    message: 'must be a whole number, not "Bearer hunter2"',
    hint: 'hunter2 is no number',
  };

  test('what stood there shows as it was written', () => {
    expect(redactIssue(issue, [secret('hunter2')])).toEqual({
      path: 'a',
      expected: 'a whole number',
      received: `"Bearer ${TOKEN}"`,
      message: `must be a whole number, not "Bearer ${TOKEN}"`,
      hint: `${TOKEN} is no number`,
    });
  });

  test('where a variable stands alone, it is its value that is wrong', () => {
    const number = { path: 'a', expected: 'a whole number', received: '"5s"', hint: 'milliseconds: 5000' };
    const alone: Secret = { path: 'a', written: `\${LIMIT:-50}`, values: { LIMIT: '5s' } };
    const told = redactIssue({ ...number, message: 'must be a whole number, not "5s"' }, [alone]);
    expect(told).toEqual({
      path: 'a',
      expected: 'a whole number',
      received: `"\${LIMIT:-50}"`,
      message: 'the value of LIMIT is not a whole number',
      hint: 'milliseconds, without a unit',
    });
    expect(redactIssue(told, [alone])).toEqual(told);
  });

  test('an issue elsewhere shows no value either', () => {
    const { received, message } = redactIssue({ ...issue, path: 'b' }, [secret('hunter2')]);
    expect(received + message).not.toContain('hunter2');
  });

  test('without secrets it is the same issue', () => {
    expect(redactIssue(issue, [])).toBe(issue);
  });
});

test('secrets belong to one config object, and to no equal one', () => {
  const [server, twin] = [{ listen: ':1' }, { listen: ':1' }];
  keepSecrets(Object.freeze(server), [secret('hunter2')]);
  expect(secretsOf(server)).toEqual([secret('hunter2')]);
  expect(secretsOf(twin)).toEqual([]);
  expect(secretsOf(null)).toEqual([]);
});

describe('marks', () => {
  test('survive JSON, and hide on the other side what they hid on this one', () => {
    const server = { listen: '127.0.0.1:0' };
    keepSecrets(server, [{ path: 'listen', written: `\${PLACE}`, values: { PLACE: '127.0.0.1:0' } }]);
    const marks = marksOf({ a: server, b: {} });
    expect(Object.keys(marks)).toEqual(['a']);
    const copy = JSON.parse(JSON.stringify({ a: server, b: {}, marks }));
    restoreMarks(copy, copy.marks);
    expect(secretsOf(copy.a)).toEqual(secretsOf(server));
    expect(secretsOf(copy.b)).toEqual([]);
  });

  test('that are none are left out, and servers that are none too', () => {
    const server = {};
    for (const odd of [
      undefined,
      null,
      5,
      { a: 5 },
      { a: [5, { path: 1 }, { path: '', written: '', values: { X: 1 } }] },
    ]) {
      restoreMarks({ a: server, b: null }, odd);
    }
    restoreMarks(undefined, { a: [] });
    expect(secretsOf(server)).toEqual([]);
  });
});
