import { expect, test } from 'vitest';
import { contentFormatOf } from '../../../lib/source/http/content-format.ts';

test.each([
  ['application/json', '/a', 'json'],
  ['application/json; charset=utf-8', '/a.yaml', 'json'],
  ['Application/Problem+JSON', '/a', 'json'],
  ['application/yaml', '/a', 'yaml'],
  ['text/x-yaml', '/a.json', 'yaml'],
  ['text/plain', '/a.json', 'json'],
  ['text/plain; charset=utf-8', '/a.yml', 'yaml'],
  ['application/octet-stream', '/a.yaml', 'yaml'],
  [undefined, '/a.json', 'json'],
  ['text/plain', '/a', undefined],
  [undefined, '/a.ts', undefined],
  ['text/javascript', '/a.json', undefined],
  ['text/html', '/a.json', undefined],
  ['application/jsonp', '/a.json', undefined],
])('%j at %s is read as %j', (type, path, format) => {
  expect(contentFormatOf(type, new URL(path, 'http://localhost'))).toBe(format);
});
