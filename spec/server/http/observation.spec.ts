import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import { constants } from 'node:http2';
import type { AddressInfo } from 'node:net';
import { Hono } from 'hono';
import { describe, expect, onTestFinished, test } from 'vitest';
import { ask, speak } from '../http2/speaking.ts';
import { recorded } from '../recording.ts';
import { eventually, serve } from '../serving.ts';

const get = (path: string, more = ''): string => `GET ${path} HTTP/1.1\r\nHost: a\r\n${more}\r\n`;
const post = (path: string, body: string): string =>
  `POST ${path} HTTP/1.1\r\nHost: a\r\nContent-Length: ${body.length}\r\n\r\n${body}`;

const never = (): Promise<Response> => new Promise(() => {});

const target = async (answer: Parameters<typeof createServer>[1]): Promise<string> => {
  const server: Server = createServer(answer);
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve);
  });
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
};

describe('over HTTP/1', () => {
  test('a request is told of with its route, its status and the bytes of both bodies', async () => {
    const { until, begun, durations, ...rest } = recorded();
    const app = new Hono().post('/users/:id', async (c) => c.text((await c.req.text()).toUpperCase(), 201));
    const { dial } = await serve({ app }, rest);
    const wire = dial();
    wire.write(post('/users/7?secret=1', 'hello'));
    await wire.responses(1);
    expect(await until(1)).toEqual([
      {
        server: 'test',
        method: 'POST',
        path: '/users/7',
        route: '/users/:id',
        protocol: '1.1',
        encrypted: false,
        status: 201,
        complete: true,
        requestBytes: 5,
        responseBytes: 5,
      },
    ]);
    expect(begun).toEqual(['POST /users/7']);
    expect(durations[0]).toBeGreaterThan(0);
  });

  test('a body that comes in pieces is counted, however it is read', async () => {
    const { until, instruments } = recorded();
    const { dial } = await serve({ app: async (request) => new Response(await request.text()) }, { instruments });
    const wire = dial();
    wire.write('POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n4\r\ndefg\r\n0\r\n\r\n');
    await wire.responses(1);
    expect(await until(1)).toMatchObject([{ route: '*', requestBytes: 7, responseBytes: 7 }]);
  });

  test('what streams is counted to its end, and what has no body has none', async () => {
    const { until, instruments } = recorded();
    const app = new Hono()
      .get('/stream', () => {
        const parts = ['äb', 'cd'].map((text) => new TextEncoder().encode(text));
        const body = new ReadableStream({
          start: (controller) => {
            for (const part of parts) controller.enqueue(part);
            controller.close();
          },
        });
        return new Response(body);
      })
      .get('/none', (c) => c.body(null, 204));
    const { dial } = await serve({ app }, { instruments });
    const wire = dial();
    wire.write(get('/stream'));
    await wire.until((text) => text.endsWith('0\r\n\r\n'));
    wire.write(get('/none'));
    await until(2);
    wire.write('HEAD /stream HTTP/1.1\r\nHost: a\r\n\r\n');
    expect(await until(3)).toMatchObject([
      { route: '/stream', responseBytes: 5 },
      { route: '/none', status: 204, responseBytes: 0 },
      { method: 'HEAD', route: '/stream', status: 200, responseBytes: 0 },
    ]);
  });

  test('requests in one pipeline are told of each', async () => {
    const { until, instruments } = recorded();
    const { dial } = await serve({ app: () => new Response('x') }, { instruments });
    const wire = dial();
    wire.write(get('/a') + get('/b') + get('/c'));
    await wire.responses(3);
    expect((await until(3)).map(({ path, status }) => `${path} ${status}`)).toEqual(['/a 200', '/b 200', '/c 200']);
  });

  test('an answer that waited for its turn in vain is told of as cut', async () => {
    const { until, begun, instruments } = recorded();
    const app = new Hono().get('/slow', never).get('/fast', (c) => c.text('x'));
    const { dial } = await serve({ app }, { instruments });
    const wire = dial();
    wire.write(get('/slow') + get('/fast'));
    await eventually(() => begun.length === 2);
    wire.socket.destroy();
    const ended = await until(2);
    expect(ended.map(({ path, complete }) => [path, complete]).sort()).toEqual([
      ['/fast', false],
      ['/slow', false],
    ]);
  });

  test('what no route of a config answers has none; the first that does is told of', async () => {
    const { until, instruments } = recorded();
    const routes = [
      { path: '/a/*', respond: { body: 'first' } },
      { path: '/a/b', respond: { body: 'second' } },
    ];
    const { dial } = await serve({ routes }, { instruments });
    const wire = dial();
    wire.write(get('/a/b') + get('/elsewhere'));
    await wire.responses(2);
    expect(await until(2)).toMatchObject([
      { route: '/a/*', status: 200 },
      { route: undefined, status: 404 },
    ]);
  });

  test('a proxy is told of with its route, whether it answers directly or as a response', async () => {
    const to = await target((_, response) => response.end('from there'));
    const { until, instruments } = recorded();
    const { dial } = await serve({ routes: [{ path: '/api/*', proxy: to }] }, { instruments });
    const wire = dial();
    wire.write(get('/api/x'));
    await wire.responses(1);
    wire.write(post('/api/y', 'abc'));
    await wire.responses(2);
    expect(await until(2)).toMatchObject([
      { method: 'GET', route: '/api/*', status: 200, complete: true, responseBytes: 10 },
      { method: 'POST', route: '/api/*', status: 200, complete: true, requestBytes: 3, responseBytes: 10 },
    ]);
  });
});

describe('refusals', () => {
  test('before a handler are told of with their status and no route', async () => {
    const { until, instruments } = recorded();
    const app = new Hono().all('*', (c) => c.text('never'));
    const { dial } = await serve({ app, limits: { maxBodyBytes: 10 } }, { instruments });
    const many = Array.from({ length: 120 }, (_, n) => `X-${n}: 1\r\n`).join('');
    const heads = [get('/a/../b'), get('/', 'Host: b\r\n'), post('/', 'x'.repeat(11)), get('/', many)];
    // By itself Node refuses these without a word.
    const byNode = ['GET / HTTP/1.1\r\n\r\n', get('/', 'Expect: miracles\r\n')];
    for (const asked of [...heads, ...byNode]) {
      const wire = dial();
      wire.write(asked);
      await wire.responses(1);
    }
    const told = (await until(6)).map(({ status, route, complete }) => ({ status, route, complete }));
    expect(told).toEqual(
      [400, 400, 413, 431, 400, 417].map((status) => ({ status, route: undefined, complete: true })),
    );
  });

  test('of what could not be read are told of as such', async () => {
    const { refused, ended, instruments } = recorded();
    const { dial } = await serve({ app: () => new Response() }, { instruments });
    for (const asked of ['not http\r\n\r\n', `GET / HTTP/1.1\r\nHost: a\r\nX: ${'x'.repeat(40_000)}\r\n\r\n`]) {
      const wire = dial();
      wire.write(asked);
      await wire.responses(1);
    }
    const wire = dial();
    wire.write('CONNECT a:1 HTTP/1.1\r\nHost: a\r\n\r\n');
    await wire.responses(1);
    expect(refused).toEqual([400, 431, 501]);
    expect(ended).toEqual([]);
  });

  test('of one request too many are told of with 503, over HTTP/2 as well', async () => {
    const { until, begun, instruments } = recorded();
    const { dial } = await serve({ app: never, limits: { maxInFlight: 1 } }, { instruments });
    const [first, second] = [dial(), dial()];
    first.write(get('/first'));
    await eventually(() => begun.length === 1);
    second.write(get('/second'));
    await second.responses(1);
    const over2 = await speak({ app: never, limits: { maxInFlight: 1 } }, instruments);
    const session = over2.dial();
    session.request({ ':path': '/third' }).on('error', () => undefined);
    await eventually(() => begun.length === 3);
    expect((await ask(session, { ':path': '/fourth' })).status).toBe(503);
    expect(await until(2)).toMatchObject([
      { path: '/second', route: undefined, status: 503, complete: true },
      { path: '/fourth', route: undefined, status: 503, complete: true },
    ]);
  });

  test('a body that turns out too large is told of with 413', async () => {
    const { until, instruments } = recorded();
    const app = async (request: Request): Promise<Response> => new Response(await request.text());
    const { dial } = await serve({ app, limits: { maxBodyBytes: 4 } }, { instruments });
    const wire = dial();
    wire.write('POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n6\r\nabcdef\r\n0\r\n\r\n');
    await wire.responses(1);
    expect(await until(1)).toMatchObject([{ status: 413, complete: true }]);
  });
});

describe('a request that does not end well', () => {
  test('is told of with 503 when its handler is late, and with 500 when it throws', async () => {
    const { until, instruments } = recorded();
    const app = new Hono().get('/late', never).get('/wrong', () => {
      throw new Error('wrong');
    });
    const { dial } = await serve({ app, limits: { handlerTimeoutMs: 20 } }, { instruments });
    const late = dial();
    late.write(get('/late'));
    await late.responses(1);
    const wrong = dial();
    wrong.write(get('/wrong'));
    await wrong.responses(1);
    expect(await until(2)).toMatchObject([
      { route: '/late', status: 503, complete: true },
      { route: '/wrong', status: 500, complete: true },
    ]);
  });

  test('has no status when its client leaves before it is told anything', async () => {
    const { until, begun, instruments } = recorded();
    const { dial } = await serve({ app: never }, { instruments });
    const wire = dial();
    wire.write(get('/'));
    await eventually(() => begun.length === 1);
    wire.socket.destroy();
    expect(await until(1)).toMatchObject([{ status: undefined, complete: false }]);
  });

  test('keeps its status and is cut when its answer breaks off', async () => {
    const { until, instruments } = recorded();
    let tear = (): void => undefined;
    const app = (): Response =>
      new Response(
        new ReadableStream({
          start: (controller) => {
            controller.enqueue(new TextEncoder().encode('begun'));
            tear = () => controller.error(new Error('torn'));
          },
        }),
      );
    const { dial } = await serve({ app }, { instruments });
    const wire = dial();
    wire.write(get('/'));
    await wire.until((text) => text.includes('begun'));
    tear();
    await wire.closed;
    expect(await until(1)).toMatchObject([{ status: 200, complete: false, responseBytes: 5 }]);
  });
});

describe('a connection that becomes another protocol', () => {
  const wish = 'Connection: Upgrade\r\nUpgrade: websocket\r\n';

  test('ends the request with 101, by a handler of the server or of a route', async () => {
    const { until, instruments } = recorded();
    const upgrade = (_: unknown, socket: { write(text: string): unknown }): void => {
      socket.write('HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n');
    };
    const ofServer = await serve({ app: () => new Response(), upgrade }, { instruments });
    const first = ofServer.dial();
    first.write(get('/', wish));
    await first.until((text) => text.startsWith('HTTP/1.1 101'));
    const ofRoute = await serve({ routes: [{ path: '/live', upgrade }] }, { instruments });
    const second = ofRoute.dial();
    second.write(get('/live', wish));
    await second.until((text) => text.startsWith('HTTP/1.1 101'));
    expect(await until(2)).toMatchObject([
      { status: 101, route: '*', complete: true },
      { status: 101, route: '/live', complete: true },
    ]);
    // The connections are still open: what is spoken on them is no request.
    expect(first.socket.destroyed || second.socket.destroyed).toBe(false);
  });

  test('is an ordinary answer where the route refuses it', async () => {
    const { until, instruments } = recorded();
    const { dial } = await serve(
      {
        routes: [
          { path: '/live', upgrade: () => undefined },
          { path: '/page', respond: { body: 'page' } },
        ],
      },
      { instruments },
    );
    const wire = dial();
    wire.write(get('/page', wish));
    await wire.responses(1);
    expect(await until(1)).toMatchObject([{ status: 200, route: '/page', responseBytes: 4 }]);
  });
});

describe('over HTTP/2', () => {
  test('every stream is told of, with the bytes of its bodies', async () => {
    const { until, instruments } = recorded();
    const app = new Hono()
      .post('/echo/:x', async (c) => c.text(await c.req.text()))
      .get('/big', (c) => c.body('x'.repeat(200_000)));
    const { dial } = await speak({ app }, instruments);
    const session = dial();
    await ask(session, { ':method': 'POST', ':path': '/echo/1' }, 'hello');
    await ask(session, { ':path': '/big' });
    await ask(session, { ':method': 'HEAD', ':path': '/big' });
    await ask(session, { ':path': '/nothing' });
    expect(await until(4)).toMatchObject([
      { route: '/echo/:x', protocol: '2', status: 200, complete: true, requestBytes: 5, responseBytes: 5 },
      { route: '/big', responseBytes: 200_000, complete: true },
      { method: 'HEAD', route: '/big', responseBytes: 0, complete: true },
      { route: undefined, status: 404 },
    ]);
  });

  test('refusals, late handlers and clients that leave are told of', async () => {
    const { until, instruments, begun } = recorded();
    const { dial } = await speak({ app: never, limits: { handlerTimeoutMs: 30 } }, instruments);
    const session = dial();
    expect((await ask(session, { ':path': '/a/../b' })).status).toBe(400);
    expect((await ask(session)).status).toBe(503);
    const endless = new Response(new ReadableStream({ start: (controller) => controller.enqueue(new Uint8Array(3)) }));
    const app = new Hono().get('/left', never).get('/half', () => endless);
    const patient = await speak({ app }, instruments);
    for (const path of ['/left', '/half']) {
      const leaving = patient.dial();
      const stream = leaving.request({ ':path': path }).on('error', () => undefined);
      if (path === '/half') await once(stream, 'data');
      else await eventually(() => begun.length === 3);
      stream.close(constants.NGHTTP2_CANCEL);
    }
    expect(await until(4)).toMatchObject([
      { status: 400, route: undefined, complete: true },
      { status: 503, route: '*', complete: true },
      { path: '/left', status: undefined, complete: false },
      { path: '/half', status: 200, complete: false, responseBytes: 3 },
    ]);
  });
});
