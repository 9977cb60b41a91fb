import fc from 'fast-check';
import { Hono, type MiddlewareHandler } from 'hono';
import { describe, expect, test } from 'vitest';
import { headers } from '../../lib/middleware/headers.ts';
import { get } from '../listener/wire.ts';
import { serve } from '../server/serving.ts';

const showing = (...middleware: readonly MiddlewareHandler[]): Hono => {
  const app = new Hono();
  for (const each of middleware) app.use(each);
  app.get('/', (c) => c.json(Object.fromEntries(c.req.raw.headers), 200, { 'x-from': 'handler', 'set-cookie': 'a=1' }));
  return app;
};

describe('headers of the request', () => {
  test('are changed before the handler: removed, then set, then added', async () => {
    const app = showing(
      headers({ request: { add: { 'x-a': ['2', '3'] }, set: { 'X-A': '1' }, remove: ['x-A', 'x-gone'] } }),
    );
    const response = await app.request('/', { headers: { 'x-a': 'before', 'x-gone': 'y', 'x-kept': 'z' } });
    expect(await response.json()).toEqual({ 'x-a': '1, 2, 3', 'x-kept': 'z' });
  });

  test('are changed on a server as well, for everybody who reads them', async () => {
    const app = new Hono();
    app.use(headers({ request: { set: { 'x-tenant': 'a' }, remove: ['cookie'] } }));
    app.post('/', async (c) =>
      c.json([
        c.req.header('x-tenant'),
        c.req.header('cookie') ?? 'none',
        new Request(c.req.raw).headers.get('x-tenant'),
      ]),
    );
    const { dial } = await serve({ app });
    const wire = dial();
    wire.write('POST / HTTP/1.1\r\nHost: test\r\nCookie: c\r\nX-Tenant: b\r\nContent-Length: 2\r\n\r\nok');
    expect((await wire.responses())[0]?.body).toBe('["a","none","a"]');
  });

  test('are changed even where those of the request cannot be', async () => {
    const app = showing(
      async (c, next) => {
        Object.defineProperty(c.req.raw.headers, 'set', {
          value: () => {
            throw new TypeError('immutable');
          },
        });
        await next();
      },
      headers({ request: { set: { 'x-a': '1' } } }),
    );
    const response = await app.request('/', { headers: { 'x-b': '2' } });
    expect(await response.json()).toEqual({ 'x-a': '1', 'x-b': '2' });
  });
});

describe('headers of the response', () => {
  test('are changed after the handler, whatever it set', async () => {
    const app = showing(headers({ response: { set: { 'X-From': 'middleware' }, add: { 'x-more': 'yes' } } }));
    const response = await app.request('/');
    expect(response.headers.get('x-from')).toBe('middleware');
    expect(response.headers.get('x-more')).toBe('yes');
    expect(response.headers.get('content-type')).toBe('application/json');
  });

  test('keep several cookies apart', async () => {
    const app = showing(headers({ response: { add: { 'Set-Cookie': ['b=2', 'c=3'] } } }));
    expect((await app.request('/')).headers.getSetCookie()).toEqual(['a=1', 'b=2', 'c=3']);
    const { dial } = await serve({ app });
    const wire = dial();
    wire.write(get('/'));
    const [first] = await wire.responses();
    expect(first?.head.match(/^set-cookie: .*$/gim)).toHaveLength(3);
  });

  test('replace all cookies when they are set', async () => {
    const app = showing(headers({ response: { set: { 'set-cookie': 'b=2' } } }));
    expect((await app.request('/')).headers.getSetCookie()).toEqual(['b=2']);
  });

  test('are changed on an answer that another server gave, whose headers cannot be', async () => {
    const { address } = await serve({ app: () => new Response('far', { headers: { 'x-from': 'far', 'x-b': '1' } }) });
    const port = address.kind === 'tcp' ? address.port : 0;
    const app = new Hono();
    app.use(headers({ response: { remove: ['x-from'], set: { 'x-a': '1' } } }));
    app.get('/', () => fetch(`http://127.0.0.1:${port}/`));
    const response = await app.request('/');
    expect(Object.fromEntries(response.headers)).toMatchObject({ 'x-a': '1', 'x-b': '1' });
    expect(response.headers.has('x-from')).toBe(false);
    expect(await response.text()).toBe('far');
  });

  test('are changed on the answer to a handler that threw, and to a path that does not exist', async () => {
    const app = new Hono();
    app.use(headers({ response: { set: { 'x-a': '1' } } }));
    app.get('/boom', () => {
      throw new Error('boom');
    });
    app.onError((_, c) => c.text('sorry', 500));
    for (const [path, status] of [
      ['/boom', 500],
      ['/nowhere', 404],
    ] as const) {
      const response = await app.request(path);
      expect([response.status, response.headers.get('x-a')]).toEqual([status, '1']);
    }
  });
});

test.each([
  { response: { set: { 'x-a': 'a\r\nx-b: 1' } } },
  { request: { add: { 'x-a': 'a\nb' } } },
  { response: { set: { 'x-a': 'a\u0000' } } },
  { response: { remove: ['not a name'] } },
  { response: { set: { 'x:y': '1' } } },
])('what would inject a header is refused when the middleware is made: %j', (config) => {
  expect(() => headers(config)).toThrow(TypeError);
});

test('any order in which the changes are written gives the same headers', async () => {
  await fc.assert(
    fc.asyncProperty(fc.shuffledSubarray(['remove', 'set', 'add'], { minLength: 3 }), async (order) => {
      const all = { remove: ['x-a'], set: { 'x-a': '1' }, add: { 'x-a': '2' } };
      const given = Object.fromEntries(order.map((key) => [key, Reflect.get(all, key)]));
      const app = showing(headers({ response: given }));
      expect((await app.request('/')).headers.get('x-a')).toBe('1, 2');
    }),
  );
});
