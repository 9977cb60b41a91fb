import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { parseRedirect, redirectLocation } from '../../lib/config/redirect-target.ts';
import type { Route } from '../../lib/config/server-config.ts';
import { get } from '../listener/wire.ts';
import { serve } from './serving.ts';

const ask = async (routes: readonly Route[], target: string, paths: 'strict' | 'lenient' = 'strict') => {
  const { dial } = await serve({ routes, paths });
  const wire = dial();
  wire.write(get(target));
  const [answer] = await wire.responses();
  return { status: answer?.status, location: /\r\nlocation: (.*)\r\n/i.exec(answer?.head ?? '')?.[1], answer };
};

describe('a redirect', () => {
  const cases: readonly (readonly [path: string, redirect: string, target: string, location: string])[] = [
    ['/old', '/new', '/old', '/new'],
    ['/old', '/new', '/old?a=1&b=%2f', '/new?a=1&b=%2f'],
    ['/old', '/new?x=1', '/old?a=1', '/new?x=1&a=1'],
    ['/old', '/new#part', '/old?a=1', '/new?a=1#part'],
    ['/old', 'https://example.com', '/old?a=1', 'https://example.com?a=1'],
    ['/u/:id', '/users/:id', '/u/7', '/users/7'],
    ['/u/:id', '/users?id=:id', '/u/a&b=c', '/users?id=a%26b%3Dc'],
    ['/u/:id', '/users/:id/', '/u/caf%c3%a9%3f', '/users/caf%C3%A9%3F/'],
    ['/:a/:b', 'https://example.com:8443/:b/:a', '/x/y', 'https://example.com:8443/y/x'],
    ['/old/*', '/new/*', '/old/a/b%20c/?q', '/new/a/b%20c/?q'],
    ['/old/*', '/new/*', '/old', '/new/'],
    ['/:tenant/old/*', '/new/:tenant/*', '/t/old/a', '/new/t/a'],
    ['*', 'https://example.com/*', '/a/b?c=d', 'https://example.com/a/b?c=d'],
    ['/:id{[0-9]+}', '/items/:id', '/7', '/items/7'],
  ];
  test.each(cases)('of %s to %s sends %s to %s', async (path, redirect, target, location) => {
    expect(await ask([{ path, redirect }], target)).toMatchObject({ status: 302, location });
  });

  test.each([301, 302, 303, 307, 308] as const)('has the status it asks for: %i', async (status) => {
    const { answer, ...seen } = await ask([{ path: '/old', redirect: { to: '/new', status } }], '/old');
    expect(seen).toEqual({ status, location: '/new' });
    expect(answer?.body).toBe('');
    expect(answer?.head).toMatch(/\r\ncontent-length: 0\r\n/i);
    expect(answer?.head).not.toMatch(/transfer-encoding/i);
  });

  test('leaves the query behind when told to', async () => {
    const redirect = { to: '/new', query: 'drop' } as const;
    expect(await ask([{ path: '/old', redirect }], '/old?secret=1')).toMatchObject({ location: '/new' });
  });

  test('of some methods leaves the others to other routes', async () => {
    const routes: readonly Route[] = [
      { path: '/a', methods: ['POST'], redirect: '/b' },
      { path: '/a', respond: { body: 'here' } },
    ];
    expect((await ask(routes, '/a')).answer).toMatchObject({ status: 200, body: 'here' });
  });

  test.each([
    ['/:lang/:page', '/:page', '/x/%2f%2fevil.example'],
    ['/go/*', '/*', '/go//evil.example'],
    ['/go/*', '/*', '/go/%5cevil.example'],
    ['/go/*', '/*', '/go/%2f%2fevil.example'],
    ['/:page/:lang?', '/:lang/:page', '/evil.example'],
    ['/:page/:lang?', '/:lang/:lang/:page', '/evil.example'],
  ])('of %s to %s is not led to another host by %s, whatever paths are let through', async (path, redirect, target) => {
    const { status, location } = await ask([{ path, redirect }], target, 'lenient');
    expect(status).toBe(302);
    expect(new URL(location ?? '', 'http://home.example').host).toBe('home.example');
  });

  test('cannot be made to add a header', async () => {
    const routes: readonly Route[] = [{ path: '/:id', redirect: '/x/:id' }];
    const { status, answer } = await ask(routes, '/a%0d%0aSet-Cookie:%20x=1', 'lenient');
    expect(status).toBe(400);
    expect(answer?.head).not.toMatch(/set-cookie/i);
  });
});

describe('where it leads', () => {
  const HOSTS = { '/': 'home.example', '/x': 'home.example', 'http://a.example:81': 'a.example:81' };
  const piece = fc.constantFrom('/', '/:a', '/:b', '/*', '?q=:a', '/x', '#:b', ':a', '*', '/.', '/..');
  const value = fc.oneof(
    fc.constantFrom(
      '',
      '/',
      '//',
      '..',
      '.',
      '\\',
      '//evil.example',
      '\r\nx: y',
      '@evil.example',
      ':80',
      '\0',
      '?',
      '#',
    ),
    fc.string(),
  );
  // What the rest of a path can hold once it was let through, and a bit more.
  const rest = fc.stringMatching(/^[\w/.~!$&'()*+,;=:@%-]{0,12}$/);
  const query = fc.stringMatching(/^(\?[!"$-~]{0,8})?$/);

  test('is the host that the config names, and one line, whatever is filled in', () => {
    fc.assert(
      fc.property(
        fc.constantFrom('/' as const, '/x' as const, 'http://a.example:81' as const),
        fc.array(piece, { maxLength: 5 }),
        fc.record({ a: value, b: value }),
        rest,
        query,
        (start, pieces, values, taken, asked) => {
          const target = parseRedirect(start + pieces.join(''));
          if (!('parts' in target)) return;
          const location = redirectLocation(target, {
            parameter: (name) => (name === 'a' ? values.a : name === 'b' ? values.b : undefined),
            rest: taken,
            query: asked,
          });
          expect(location).toMatch(/^[!-~]*$/);
          expect(new URL(location, 'http://home.example').host).toBe(HOSTS[start]);
        },
      ),
      { numRuns: 5_000 },
    );
  });
});
