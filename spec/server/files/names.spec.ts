import fc from 'fast-check';
import { expect, test } from 'vitest';
import { namesIn } from '../../../lib/server/files/names.ts';

test.each([
  ['', []],
  ['a/b.txt', ['a', 'b.txt']],
  ['a/b/', ['a', 'b']],
  ['caf%C3%A9%20%3F%23%25', ['café ?#%']],
  ['a..b/c.', ['a..b', 'c.']],
  ['%252e%252e', ['%2e%2e']],
  ['a//b', undefined],
  ['/a', undefined],
  ['a//', undefined],
  ['..', undefined],
  ['a/../b', undefined],
  ['%2e%2e/b', undefined],
  ['.', undefined],
  ['a%2fb', undefined],
  ['a%5cb', undefined],
  ['a%00', undefined],
  ['%zz', undefined],
  ['%c0%ae', undefined],
  ['.env', undefined],
  ['a/.git/config', undefined],
])('%j names %j', (path, names) => {
  expect(namesIn(path, 'ignore')).toEqual(names);
});

test('dotfiles can be named where that is wanted, and dot segments never', () => {
  expect(namesIn('.well-known/acme', 'allow')).toEqual(['.well-known', 'acme']);
  expect(namesIn('.../a', 'allow')).toEqual(['...', 'a']);
  expect(namesIn('../a', 'allow')).toBeUndefined();
  expect(namesIn('a/.', 'allow')).toBeUndefined();
});

test('whatever is asked for, the names lead downwards', () => {
  const part = fc.constantFrom('.', '..', '/', '%2f', '%2e', '\\', '%5C', '%00', 'a', '%', '%25', '%c3%a9');
  fc.assert(
    fc.property(fc.array(part), fc.constantFrom('ignore' as const, 'allow' as const), (parts, dotfiles) => {
      for (const name of namesIn(parts.join(''), dotfiles) ?? []) {
        expect(['', '.', '..']).not.toContain(name);
        expect(name).not.toMatch(/[\0/\\]/);
        if (dotfiles === 'ignore') expect(name).not.toMatch(/^\./);
      }
    }),
  );
});
