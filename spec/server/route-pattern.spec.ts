import { Hono } from 'hono';
import { describe, expect, test } from 'vitest';
import { type FindRoute, routesOfApp } from '../../lib/server/route-pattern.ts';
import { built, specOf } from './serving.ts';

const nothing = (): Response => new Response();

describe('of an app', () => {
  const app = new Hono()
    .use('*', async (_, next) => next())
    .use('/api/*', async (_, next) => next())
    .get('/', nothing)
    .get('/users/:id{[0-9]+}', nothing)
    .post('/users', nothing)
    .get('/files/*', nothing)
    .route('/inner', new Hono().get('/:x', nothing))
    .route('/guarded', new Hono().onError(nothing).get('/:y', nothing));
  const find = routesOfApp(app);

  test.each([
    ['GET', '/', '/'],
    ['GET', '/users/7', '/users/:id{[0-9]+}'],
    ['HEAD', '/users/7', '/users/:id{[0-9]+}'],
    ['POST', '/users', '/users'],
    ['GET', '/files/a/b', '/files/*'],
    ['GET', '/files/a%20b', '/files/*'],
    ['GET', '/users/%37', '/users/:id{[0-9]+}'],
    ['GET', '/inner/1', '/inner/:x'],
    ['GET', '/guarded/1', '/guarded/:y'],
    ['GET', '/users/x', undefined],
    ['DELETE', '/users', undefined],
    ['PROPFIND', '/', undefined],
    ['GET', '/%E0%A4%A', undefined],
    ['', '', undefined],
  ])('%s %s is that of %s', (method, path, route) => {
    expect(find(method, path)).toBe(route);
  });

  test('is that of its middleware where nothing but middleware is there, unless that is everywhere', () => {
    expect(find('GET', '/api/unknown')).toBe('/api/*');
    expect(find('GET', '/unknown')).toBeUndefined();
  });

  test('is that of the handler that answers, though one behind it catches everything', () => {
    const caught = routesOfApp(
      new Hono().get('/x', nothing).get('/a/:b', nothing).get('/a/*', nothing).get('*', nothing),
    );
    expect(caught('GET', '/x')).toBe('/x');
    expect(caught('GET', '/a/b')).toBe('/a/:b');
    expect(caught('GET', '/a/b/c')).toBe('/a/*');
    expect(caught('GET', '/y')).toBe('/*');
    const all = routesOfApp(new Hono().get('/x', nothing).all('*', nothing));
    expect(all('GET', '/x')).toBe('/x');
    expect(all('POST', '/x')).toBe('/*');
  });

  test('is not that of what surrounds everything and hides what it takes', () => {
    const wrapped = new Hono().use((...all) => all[1]()).get('/x', nothing);
    expect(routesOfApp(wrapped)('GET', '/x')).toBe('/x');
  });

  test('follows apps that do not look at the path alone', () => {
    const byHost = new Hono({
      getPath: (request) => `/${request.headers.get('host')}${new URL(request.url).pathname}`,
    });
    byHost.get('/a.test/x', nothing);
    expect(routesOfApp(byHost)('GET', '/x', 'a.test')).toBe('/a.test/x');
    expect(routesOfApp(byHost)('GET', '/x', 'b.test')).toBeUndefined();
    const lenient = new Hono({ strict: false }).get('/x', nothing);
    expect(routesOfApp(lenient)('GET', '/x/')).toBe('/x');
  });

  test('is everything where one function answers', () => {
    expect(routesOfApp(nothing)('GET', '/x')).toBe('*');
    expect(routesOfApp({ fetch: nothing })('GET', '/x')).toBe('*');
  });

  test('is none where the router fails', () => {
    const broken = new Hono();
    broken.router.match = () => {
      throw new Error('broken');
    };
    expect(routesOfApp(broken)('GET', '/')).toBeUndefined();
  });
});

describe('of a config', () => {
  const find: FindRoute = (...request) => service.route?.(...request);
  const service = built(
    specOf({
      middleware: [{ requestId: {} }],
      routes: [
        { path: '/a/*', methods: ['GET'], respond: { body: 'a' } },
        { path: '/a/b', handler: nothing },
        { path: '/moved', redirect: '/a' },
        { path: '/late/:x', handler: (c) => c.text('x'), middleware: [{ etag: {} }] },
      ],
    }),
  );

  test.each([
    ['GET', '/a/b', '/a/*'],
    ['POST', '/a/b', '/a/b'],
    ['GET', '/moved', '/moved'],
    ['GET', '/late/1', '/late/:x'],
    ['GET', '/late/%2541', '/late/:x'],
    ['GET', '/elsewhere', undefined],
  ])('%s %s is the first one, %s', (method, path, route) => {
    expect(find(method, path)).toBe(route);
  });
});
