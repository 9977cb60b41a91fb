import { expect, test } from 'vitest';
import { lookup, namesOf } from '../../../lib/server/tls/certificate-names.ts';
import type { Certificate, Material } from '../../../lib/server/tls/material.ts';

const one = (source: string, ownNames: readonly string[], givenNames?: readonly string[]): Certificate => ({
  cert: '',
  key: '',
  passphrase: undefined,
  source,
  ownNames,
  givenNames,
  validTo: 0,
  fingerprint: '',
});

const found = (first: Certificate, ...further: readonly Certificate[]): ((name: string) => string | undefined) => {
  const material: Material = { certificates: [first, ...further], ca: [] };
  const find = lookup(namesOf(material));
  return (name) => find(name)?.source;
};

test('an exact name goes before a star, and a star stands for one label', () => {
  const find = found(one('a', ['example.com']), one('b', ['*.example.com']), one('c', ['x.example.com']));
  expect(find('example.com')).toBe('a');
  expect(find('EXAMPLE.com.')).toBe('a');
  expect(find('y.example.com')).toBe('b');
  expect(find('x.example.com')).toBe('c');
  expect(find('x.y.example.com')).toBeUndefined();
  expect(find('com')).toBeUndefined();
  expect(find('')).toBeUndefined();
  expect(find('*.example.com')).toBe('b');
});

test('what the config says goes before what certificates say of themselves', () => {
  const find = found(one('a', ['x', 'y']), one('b', ['z'], ['x']));
  expect(find('x')).toBe('b');
  expect(find('y')).toBe('a');
  expect(find('z')).toBeUndefined();
});

test('a name that two certificates claim is refused, naming both', () => {
  expect(() => found(one('a', ['x']), one('b', ['y', 'x']))).toThrow('both a and b are for x');
  expect(() => found(one('a', ['x', 'x']))).not.toThrow();
});

test('a further certificate for no name is refused: it would never be presented', () => {
  expect(() => found(one('a', []), one('b', []))).toThrow('the certificate in b is for no name');
});
