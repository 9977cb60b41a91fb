import { expect, test } from 'vitest';
import { parametersOf, segmentsBeforeRest } from '../../lib/config/route-rest.ts';

test.each([
  ['*', 0],
  ['/*', 0],
  ['/a/*', 1],
  ['/a/:b/c/*', 3],
  ['/a/*/b/*', 3],
  ['/a', undefined],
  ['/', undefined],
  ['/a/*/b', undefined],
  ['/:a{.+}/*', undefined],
])('the rest of %s begins after %j segments', (pattern, count) => {
  expect(segmentsBeforeRest(pattern)).toBe(count);
});

test.each([
  ['/a', []],
  ['/:a/b/:c?', ['a', 'c']],
  ['/:id{[0-9]+}/items:batch', ['id']],
  ['/:a{x/:y}/:b{[0-9]{4}}', ['a', 'b']],
  ['*', []],
])('the parameters of %s are %j', (pattern, names) => {
  expect(parametersOf(pattern)).toEqual(names);
});
