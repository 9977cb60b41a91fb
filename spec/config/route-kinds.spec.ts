import { describe, expect, test } from 'vitest';
import { issuesOf, specOf } from './reading.ts';

const at = (route: unknown): unknown => ({ listen: ':0', routes: [route] });

describe('a route of data is refused', () => {
  test.each<[string, unknown, string]>([
    ['a redirect to nowhere', { path: '/', redirect: {} }, 'redirect.to'],
    ['a redirect that is no text', { path: '/', redirect: 7 }, 'redirect'],
    ['a redirect to another host by accident', { path: '/', redirect: '//evil.example' }, 'redirect'],
    ['the same, in its long form', { path: '/', redirect: { to: '//evil.example' } }, 'redirect.to'],
    ['a redirect of two lines', { path: '/', redirect: '/a\r\nset-cookie: x' }, 'redirect'],
    ['a redirect that is code', { path: '/', redirect: 'javascript:alert(1)' }, 'redirect'],
    ['a status that is no redirect', { path: '/', redirect: { to: '/', status: 200 } }, 'redirect.status'],
    ['a parameter that the path lacks', { path: '/:a', redirect: '/:b' }, 'redirect'],
    ['the same, in its long form', { path: '/:a', redirect: { to: '/:b' } }, 'redirect.to'],
    ['a rest that the path lacks', { path: '/a', redirect: '/*' }, 'redirect'],
    ['a rest that begins nobody knows where', { path: '/:a{.+}/*', redirect: '/*' }, 'redirect'],
    ['an unknown key of a redirect', { path: '/', redirect: { to: '/', code: 301 } }, 'redirect.code'],
    ['files without a root', { path: '/*', files: {} }, 'files.root'],
    ['files of nothing', { path: '/*', files: '' }, 'files'],
    ['files on a path without a rest', { path: '/a', files: '.' }, 'path'],
    ['files behind a pattern', { path: '/:a{.+}/*', files: '.' }, 'path'],
    ['an index in another directory', { path: '/*', files: { root: '.', index: '../x' } }, 'files.index'],
    ['an index that is true', { path: '/*', files: { root: '.', index: true } }, 'files.index'],
    ['a fallback that climbs', { path: '/*', files: { root: '.', fallback: '../x' } }, 'files.fallback'],
    ['a fallback by its full path', { path: '/*', files: { root: '.', fallback: '/etc/passwd' } }, 'files.fallback'],
    [
      'a Cache-Control of two lines',
      { path: '/*', files: { root: '.', cacheControl: 'a\r\nb' } },
      'files.cacheControl',
    ],
    ['dotfiles that are denied', { path: '/*', files: { root: '.', dotfiles: 'deny' } }, 'files.dotfiles'],
    ['a module by its URL', { path: '/', module: 'https://example.com/x.js' }, 'module'],
    ['a module without a path', { path: '/', module: '#app' }, 'module'],
    ['a module that is code', { path: '/', module: () => {} }, 'module'],
    ['two that answer', { path: '/*', module: './x.ts', files: '.' }, ''],
    ['a name that is blank', { name: ' ', path: '/', redirect: '/x' }, 'name'],
  ])('%s', (_, route, path) => {
    expect(issuesOf(at(route)).map((issue) => issue.path)).toContain(path === '' ? 'routes.0' : `routes.0.${path}`);
  });

  test('with what would have been possible', () => {
    expect(issuesOf(at({ path: '/u/:id', redirect: '/users/:user' }))).toMatchObject([
      {
        path: 'routes.0.redirect',
        message: "has a parameter ':user' that the path does not have",
        expected: "a target with ':id'",
      },
    ]);
    expect(issuesOf(at({ path: '/assets', files: './public' }))).toMatchObject([
      { path: 'routes.0.path', hint: "write '/assets/*'" },
    ]);
  });
});

describe('a route of data is the same', () => {
  test.each([
    ['redirect', { path: '/', redirect: '/a' }, { path: '/', redirect: { to: '/a', status: 302, query: 'keep' } }],
    [
      'files',
      { path: '/*', files: './p' },
      { path: '/*', files: { root: './p', index: 'index.html', missing: 'respond' } },
    ],
    ['module', { path: '/', module: './a.ts' }, { path: '/', module: './a.ts#default' }],
  ])('whether a %s is written short or long', (_, short, long) => {
    const first = specOf(at(short));
    expect(specOf(at(long), first)).toBe(first);
  });

  test.each([
    [
      { path: '/', redirect: '/a' },
      { path: '/', redirect: { to: '/a', status: 301 } },
    ],
    [
      { path: '/*', files: './p' },
      { path: '/*', files: { root: './p', index: false } },
    ],
    [
      { path: '/', module: './a.ts' },
      { path: '/', module: './a.ts#b' },
    ],
    [
      { name: 'a', path: '/', redirect: '/a' },
      { name: 'b', path: '/', redirect: '/a' },
    ],
  ])('and another one when it means something else', (one, other) => {
    const first = specOf(at(one));
    expect(specOf(at(other), first)).not.toBe(first);
  });

  test('without its prototype, and frozen', () => {
    const [route] = specOf(at({ path: '/*', files: { root: '.' } })).routes ?? [];
    expect(Object.isFrozen(route !== undefined && 'files' in route ? route.files : {})).toBe(true);
  });
});
