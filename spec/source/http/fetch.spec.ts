import { expect, test } from 'vitest';
import { redirectTarget } from '../../../lib/source/http/fetch.ts';

test.each([
  ['http://a/b/c', 'd', 'http://a/b/d'],
  ['http://a/b', '//c/d', 'http://c/d'],
  ['http://a/b', 'https://a/b', 'https://a/b'],
  ['https://a/b', '/c', 'https://a/c'],
  ['https://a/b', 'http://a/b', undefined],
  ['http://a/b', 'file:///etc/passwd', undefined],
  ['http://a/b', 'javascript:alert(1)', undefined],
  ['http://a/b', 'http://me:secret@a/', undefined],
  ['http://a/b', 'http://', undefined],
  ['http://a/b', undefined, undefined],
])('from %s a redirect to %j is followed to %j', (from, location, expected) => {
  expect(redirectTarget(location, new URL(from))?.href).toBe(expected);
});
