import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { pathOf, rewriting } from '../../../lib/server/proxy/path.ts';

describe('paths', () => {
  test('are what follows the host of a URL', () => {
    expect(pathOf('http://a/b?c#d')).toBe('/b?c');
    expect(pathOf('https://a:1')).toBe('/');
  });

  test('taken apart and put together are what they were', () => {
    const segment = fc.stringMatching(/^[a-z0-9%~-]{1,5}$/);
    fc.assert(
      fc.property(
        fc.array(segment, { minLength: 1, maxLength: 4 }),
        fc.array(segment),
        fc.string(),
        (first, rest, query) => {
          const strip = `/${first.join('/')}`;
          const tail = rest.map((part) => `/${part}`).join('');
          const search = query === '' ? '' : `?${encodeURIComponent(query)}/x`;
          expect(rewriting({ strip, rewrite: strip })(strip + tail + search)).toBe(strip + tail + search);
          expect(rewriting({ strip })(strip + tail + search)).toBe((tail === '' ? '/' : tail) + search);
          expect(rewriting({ rewrite: '/new' })(strip + tail + search)).toBe(`/new${strip}${tail}${search}`);
          expect(rewriting({})(strip + search)).toBe(strip + search);
        },
      ),
    );
  });
});
