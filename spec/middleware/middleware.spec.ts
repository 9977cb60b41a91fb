import { gunzipSync } from 'node:zlib';
import type { Context, MiddlewareHandler } from 'hono';
import { describe, expect, test } from 'vitest';
import { createCluster } from '../../lib/cluster/cluster.ts';
import type { MiddlewareConfig } from '../../lib/config/middleware-config.ts';
import type { Route } from '../../lib/config/server-config.ts';
import { get, type Received } from '../listener/wire.ts';
import { createLog, eventually, type Serving, serve } from '../server/serving.ts';

const page = { path: '/', respond: { body: 'hello' } };

const on = (...middleware: readonly (MiddlewareConfig | MiddlewareHandler)[]): Promise<Serving> =>
  serve({ routes: [{ ...page, middleware }] });

const asked = async (serving: Serving, request: string): Promise<Received> => {
  const wire = serving.dial();
  wire.write(request);
  const [response] = await wire.responses();
  if (response === undefined) throw new Error('it was waited for');
  return response;
};

const header = ({ head }: Received, name: string): string | undefined =>
  new RegExp(`\r\n${name}: ([^\r]*)\r\n`, 'i').exec(head)?.[1];

describe('the order is that of an onion', () => {
  const steps: string[] = [];
  const layer =
    (name: string): MiddlewareHandler =>
    async (_, next) => {
      steps.push(`${name} before`);
      await next();
      steps.push(`${name} after`);
    };
  const handler = (c: Context): Response => {
    steps.push('handler');
    return c.text('hello');
  };

  test('of those around all routes and those of the route', async () => {
    const serving = await serve({
      middleware: [layer('server')],
      routes: [{ path: '/', middleware: [layer('A'), layer('B')], handler }],
    });
    await asked(serving, get('/'));
    expect(steps.splice(0)).toEqual([
      'server before',
      'A before',
      'B before',
      'handler',
      'B after',
      'A after',
      'server after',
    ]);
    expect((await asked(serving, get('/nowhere'))).status).toBe(404);
    expect(steps.splice(0)).toEqual(['server before', 'server after']);
  });

  const ends: Readonly<Record<string, readonly [end: MiddlewareHandler, status: number]>> = {
    'with an answer of its own': [async (c) => c.text('no', 418), 418],
    'without a word, which is a mistake': [async () => {}, 500],
  };
  test.each(Object.entries(ends))('one that does not go on ends the chain: %s', async (_, [end, status]) => {
    const serving = await serve({ routes: [{ path: '/', middleware: [layer('A'), end, layer('B')], handler }] });
    expect((await asked(serving, get('/'))).status).toBe(status);
    expect(steps.splice(0)).not.toContain('handler');
    expect(steps).not.toContain('B before');
    expect(serving.log.loud()).toHaveLength(status === 500 ? 1 : 0);
  });

  test('one that throws costs its client a 500, and those outside still see it', async () => {
    const boom: MiddlewareHandler = async () => {
      throw new Error('boom');
    };
    const serving = await serve({ routes: [{ path: '/', middleware: [layer('A'), boom], handler }] });
    expect((await asked(serving, get('/'))).status).toBe(500);
    expect(steps.splice(0)).toEqual(['A before', 'A after']);
    expect(serving.log.loud()).toMatchObject([{ details: { headersWritten: false, method: 'GET', path: '/' } }]);
  });

  test('of one route leaves other routes alone', async () => {
    const routes: readonly Route[] = [
      { path: '/a', middleware: [layer('A')], handler },
      { path: '/b', middleware: [layer('B')], handler },
    ];
    await asked(await serve({ routes }), get('/b'));
    expect(steps.splice(0)).toEqual(['B before', 'handler', 'B after']);
  });
});

describe('by name', () => {
  test('cors answers what asks for leave, also on a route that knows one method', async () => {
    const serving = await serve({
      routes: [{ ...page, methods: ['GET'], middleware: [{ cors: { origin: 'https://a.test', maxAge: 600 } }] }],
    });
    const preflight = await asked(
      serving,
      'OPTIONS / HTTP/1.1\r\nHost: test\r\nOrigin: https://a.test\r\nAccess-Control-Request-Method: GET\r\n\r\n',
    );
    expect(preflight.status).toBe(204);
    expect(header(preflight, 'access-control-allow-origin')).toBe('https://a.test');
    expect(header(preflight, 'access-control-max-age')).toBe('600');
    const actual = await asked(serving, get('/', 'Origin: https://a.test'));
    expect([actual.body, header(actual, 'access-control-allow-origin')]).toEqual(['hello', 'https://a.test']);
    const other = await asked(serving, get('/', 'Origin: https://b.test'));
    expect(header(other, 'access-control-allow-origin')).toBeUndefined();
  });

  test('secureHeaders sets what browsers should mind', async () => {
    const policy = { contentSecurityPolicy: { defaultSrc: ["'self'"] }, xFrameOptions: 'DENY', referrerPolicy: false };
    const answer = await asked(await on({ secureHeaders: policy }), get('/'));
    expect(header(answer, 'content-security-policy')).toBe("default-src 'self'");
    expect(header(answer, 'x-frame-options')).toBe('DENY');
    expect(header(answer, 'x-content-type-options')).toBe('nosniff');
    expect(header(answer, 'referrer-policy')).toBeUndefined();
    expect(header(await asked(await on({ secureHeaders: true }), get('/')), 'x-frame-options')).toBe('SAMEORIGIN');
  });

  test('compress compresses', async () => {
    const serving = await serve({
      routes: [{ path: '/', respond: { body: 'x'.repeat(5_000) }, middleware: [{ compress: { encoding: 'gzip' } }] }],
    });
    const answer = await asked(serving, get('/', 'Accept-Encoding: gzip'));
    expect(header(answer, 'content-encoding')).toBe('gzip');
    expect(gunzipSync(Buffer.from(answer.body, 'latin1')).toString()).toBe('x'.repeat(5_000));
    expect((await asked(serving, get('/'))).body).toHaveLength(5_000);
  });

  test('basicAuth and bearerAuth let in who may come in', async () => {
    const basic = await on({
      basicAuth: {
        users: [
          { username: 'a', password: 'b' },
          { username: 'ä', password: 'c:d' },
        ],
        realm: 'staff',
      },
    });
    const credentials = (text: string): string => `Authorization: Basic ${Buffer.from(text).toString('base64')}`;
    const refused = await asked(basic, get('/'));
    expect([refused.status, header(refused, 'www-authenticate')]).toEqual([401, 'Basic realm="staff"']);
    const statuses = ['a:b', 'ä:c:d', 'a:c', 'b:b'].map(
      async (text) => (await asked(basic, get('/', credentials(text)))).status,
    );
    expect(await Promise.all(statuses)).toEqual([200, 200, 401, 401]);

    const bearer = await on({ bearerAuth: { tokens: ['one', 'two'] } });
    const tokens = ['one', 'two', 'three'].map(
      async (token) => (await asked(bearer, get('/', `Authorization: Bearer ${token}`))).status,
    );
    expect(await Promise.all(tokens)).toEqual([200, 200, 401]);
    expect((await asked(bearer, get('/'))).status).toBe(401);
  });

  test('etag spares clients what they have', async () => {
    const serving = await on({ etag: true });
    const tag = header(await asked(serving, get('/')), 'etag') ?? '';
    expect((await asked(serving, get('/', `If-None-Match: ${tag}`))).status).toBe(304);
  });

  test('requestId keeps a good id and makes up another', async () => {
    const serving = await on({ requestId: true });
    expect(header(await asked(serving, get('/', 'X-Request-Id: order-66')), 'x-request-id')).toBe('order-66');
    expect(header(await asked(serving, get('/')), 'x-request-id')).toMatch(/^[\da-f-]{36}$/);
  });

  test('requestId names a request that fails in its answer and in the log', async () => {
    const boom = (): never => {
      throw new Error('boom');
    };
    const serving = await serve({
      middleware: [{ requestId: { headerName: 'x-id' } }],
      routes: [{ path: '/', handler: boom }],
    });
    const answer = await asked(serving, get('/'));
    const id = header(answer, 'x-id');
    expect([answer.status, id]).toEqual([500, header(answer, 'x-request-id')]);
    expect(serving.log.loud()).toMatchObject([{ details: { requestId: id } }]);
  });

  test('headers, stripPrefix and stateHeader do what they do in code', async () => {
    const serving = await serve({
      routes: [
        {
          path: '/api/*',
          middleware: [
            { stateHeader: true },
            { stripPrefix: '/api' },
            { headers: { request: { set: { 'x-a': '1' } } } },
          ],
          handler: (c: Context) => c.text(`${c.req.path} ${c.req.header('x-a')}`),
        },
      ],
    });
    const answer = await asked(serving, get('/api/users'));
    expect([answer.body, header(answer, 'x-server-state')]).toEqual(['/users 1', 'Running']);
  });

  test('timeout answers 504 in the place of who is late', async () => {
    const routes = [{ path: '/', middleware: [{ timeout: 20 }], handler: () => new Promise<Response>(() => {}) }];
    expect((await asked(await serve({ routes }), get('/'))).status).toBe(504);
  });

  test('accessLog writes to the log of the server, also of what no route answers', async () => {
    const serving = await serve({ middleware: [{ accessLog: true }], routes: [page] });
    await asked(serving, get('/'));
    await asked(serving, get('/nowhere'));
    const lines = (): readonly string[] =>
      serving.log.lines.filter(({ level }) => level === 'info').map(({ message }) => message);
    await eventually(() => lines().length === 2);
    expect(lines()).toEqual([
      expect.stringMatching(/^127\.0\.0\.1 "GET \/" 200 5 B \d+\.\d ms "-"$/),
      expect.stringMatching(/^127\.0\.0\.1 "GET \/nowhere" 404 13 B \d+\.\d ms "-"$/),
    ]);
  });
});

test('in a cluster, data knows the state, and no secret is shown', async () => {
  const logger = createLog();
  const cluster = createCluster({ logger });
  await cluster.start();
  const password = 'correct horse battery staple';
  await cluster.apply({
    api: {
      listen: '127.0.0.1:0',
      middleware: [{ stateHeader: true }, { stateGuard: true }],
      routes: [{ ...page, middleware: [{ basicAuth: { users: [{ username: 'a', password }] } }] }],
    },
  });
  const url = cluster.snapshot.servers.api?.url ?? '';
  const response = await fetch(url, { headers: { authorization: `Basic ${btoa(`a:${password}`)}` } });
  expect([response.status, response.headers.get('x-server-state')]).toEqual([200, 'Running']);
  expect(JSON.stringify([cluster.snapshot, logger.lines])).not.toContain('horse');
  await cluster.stop();
});

test('a change of middleware alone is a change, and loses nothing', async () => {
  const serving = await on({ headers: { response: { set: { 'x-a': '1' } } } });
  const wire = serving.dial();
  wire.write(get('/'));
  await wire.responses();
  serving.assign({ routes: [{ ...page, middleware: [{ headers: { response: { set: { 'x-a': '2' } } } }] }] });
  wire.write(get('/'));
  const [first, second] = await wire.responses(2);
  expect([first, second].map((each) => each && header(each, 'x-a'))).toEqual(['1', '2']);
});

describe('the answer of a fetch, whose headers nobody may change,', () => {
  const fetched = (): Promise<Response> => fetch('data:text/plain,fetched');

  test.each<[string, MiddlewareConfig]>([
    ['etag', { etag: true }],
    ['x-frame-options', { secureHeaders: true }],
    ['content-security-policy', { secureHeaders: { contentSecurityPolicy: { defaultSrc: ["'self'"] } } }],
    ['x-server-state', { stateHeader: true }],
    ['x-request-id', { requestId: true }],
    ['access-control-allow-origin', { cors: true }],
  ])('gets its %s from middleware', async (name, middleware) => {
    const serving = await serve({ routes: [{ path: '/', handler: fetched, middleware: [middleware] }] });
    const answer = await asked(serving, get('/'));
    expect(answer).toMatchObject({ status: 200, body: 'fetched' });
    expect(header(answer, name)).toBeDefined();
  });
});

test('middleware that fails when there is an answer leaves nothing of it but what holds for the error as well', async () => {
  const failing: MiddlewareHandler = async (_, next) => {
    await next();
    throw new Error('too late');
  };
  const headers = { 'content-length': '5', etag: '"a"', 'cache-control': 'public', 'content-encoding': 'identity' };
  const handler = (): Response => new Response('hello', { headers });
  const serving = await serve({ routes: [{ path: '/', handler, middleware: [failing, { cors: true }] }] });
  const answer = await asked(serving, get('/', 'Origin: https://a.test'));
  expect(answer).toMatchObject({ status: 500, body: 'Internal Server Error' });
  expect(header(answer, 'access-control-allow-origin')).toBe('*');
  for (const name of ['etag', 'cache-control', 'content-encoding']) expect(header(answer, name)).toBeUndefined();
});
