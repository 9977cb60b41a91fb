import { expect, test } from 'vitest';
import { formatModuleReference, parseModuleReference } from '../../lib/config/module-reference.ts';

test.each([
  ['./users.ts', { path: './users.ts', export: 'default' }],
  ['./users.ts#default', { path: './users.ts', export: 'default' }],
  ['users.js#app', { path: 'users.js', export: 'app' }],
  ['/srv/a b/users.mjs#$_1', { path: '/srv/a b/users.mjs', export: '$_1' }],
  ['../x.ts#\u00e9t\u00e9', { path: '../x.ts', export: '\u00e9t\u00e9' }],
])('%s is taken apart, and put together again', (text, reference) => {
  expect(parseModuleReference(text)).toEqual(reference);
  expect(parseModuleReference(formatModuleReference(reference))).toEqual(reference);
});

test.each([
  '',
  '#app',
  './a.ts#',
  './a.ts#a#b',
  './a.ts#1a',
  './a.ts#a b',
  './a\0.ts',
  './a\n.ts',
  'http://h/x.ts',
  'file:///x.ts',
  'data:text/javascript,1',
  'node:fs',
])('%j names no module', (text) => {
  expect(parseModuleReference(text)).toBeUndefined();
});
