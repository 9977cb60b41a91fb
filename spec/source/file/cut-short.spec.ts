import fc from 'fast-check';
import { expect, test } from 'vitest';
import { isCutShort } from '../../../lib/source/file/cut-short.ts';
import type { FileRead } from '../../../lib/source/file/read.ts';
import { config } from '../reading.ts';

const read = (text: string): FileRead => ({ ok: true, bytes: Buffer.from(text), hash: '' });

test('every beginning of a JSON file is cut short, and the whole is not', () => {
  const whole = config(8080);
  fc.assert(
    fc.property(fc.nat(whole.length - 1), (length) => {
      expect(isCutShort('a.json', read(whole.slice(0, length)))).toBe(true);
    }),
  );
  expect(isCutShort('a.json', read(whole))).toBe(false);
});

test.each([
  ['a.yaml', '', true],
  ['a.yaml', 'servers: { web: { listen: "127', true],
  ['a.yaml', 'servers: { web: ', true],
  ['a.ts', ' \n', true],
  ['a.ts', 'export default {', false],
  ['a.json', '{ "servers": nonsense }', false],
  ['a.yaml', 'servers: [}]\nother: 1\n', false],
])('%s with %j: %s', (path, text, expected) => {
  expect(isCutShort(path, read(text))).toBe(expected);
});

test('a file that could not be read is not waited for', () => {
  const fault = { code: 'ERR_SOURCE_MISSING', message: 'there is no such file', hint: 'check the path' } as const;
  expect(isCutShort('a.json', { ok: false, fault, hash: '' })).toBe(false);
});
