import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, request as nodeRequest } from 'node:http';
import { createServer as createHttpsServer } from 'node:https';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Writable } from 'node:stream';
import type { MiddlewareHandler } from 'hono';
import { cors } from 'hono/cors';
import { generate } from 'selfsigned';
import { describe, expect, onTestFinished, test } from 'vitest';
import { createCluster } from '../../../lib/cluster/cluster.ts';
import type { ProxyConfig } from '../../../lib/config/proxy-config.ts';
import { get, post } from '../../listener/wire.ts';
import { createLog, drainOf, eventually, type Served, type Serving, serve } from '../serving.ts';
import { backend, besideTargets, deadUrl, echo, rawBackend } from './backend.ts';

interface Echoed {
  readonly method: string;
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly rawHeaders: readonly string[];
  readonly body: string;
}

const through = (proxy: string | ProxyConfig, more: Partial<Served> = {}): Promise<Serving> =>
  serve({ ...more, routes: [{ path: '/*', proxy }] });

const urlOf = ({ address }: Serving, path = '/'): string =>
  address.kind === 'tcp' ? `http://127.0.0.1:${address.port}${path}` : '';

/** What arrived at an echoing backend. */
const arrived = async (serving: Serving, bytes: string): Promise<Echoed> => {
  const wire = serving.dial();
  wire.write(bytes);
  const [answer] = await wire.responses();
  return JSON.parse(answer?.body ?? '');
};

/** More bytes than all buffers on a way hold together. */
const POURED = 300_000_000;

/** Writes as much as is taken, and sees when nothing is taken any more. */
const pour = () => {
  let written = 0;
  let isFull = false;
  const chunk = Buffer.alloc(65_536);
  const into = (to: Writable): void => {
    while (written < POURED) {
      written += chunk.byteLength;
      if (to.write(chunk)) continue;
      isFull = true;
      to.once('drain', () => {
        isFull = false;
        into(to);
      });
      return;
    }
  };
  /** What was written when it came to a halt. */
  const stalled = async (): Promise<number> => {
    await eventually(() => written > 0);
    let before = -1;
    await eventually(() => {
      const isStill = isFull && before === written;
      before = written;
      return isStill;
    });
    return written;
  };
  return { into, stalled, written: () => written };
};

/** A middleware that only looks on: enough for an answer to become a `Response`. */
const onlooker: MiddlewareHandler = async (_, next) => next();

describe.each([
  ['alone', undefined],
  ['behind middleware', [onlooker]],
] as const)('a proxy route %s', (_, middleware) => {
  const route = (proxy: string | ProxyConfig, more: Partial<Served> = {}): Promise<Serving> =>
    serve({ ...more, routes: [{ path: '/*', proxy, ...(middleware === undefined ? {} : { middleware }) }] });

  test('passes path, query, method and body on', async () => {
    const { url } = await backend(echo);
    const serving = await route(url);
    expect(await arrived(serving, get('/a%20b?c=%2F&d'))).toMatchObject({ method: 'GET', url: '/a%20b?c=%2F&d' });
    expect(await arrived(serving, post('/p', 'hello'))).toMatchObject({
      method: 'POST',
      body: 'hello',
      headers: { 'content-length': '5' },
    });
    const chunked =
      'PUT /c HTTP/1.1\r\nHost: test\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n2\r\nde\r\n0\r\n\r\n';
    expect(await arrived(serving, chunked)).toMatchObject({
      method: 'PUT',
      body: 'abcde',
      headers: { 'transfer-encoding': 'chunked' },
    });
  });

  test('passes status, headers and body back, every cookie by itself', async () => {
    const { url } = await backend((_, response) => {
      response.writeHead(207, [
        ...['Set-Cookie', 'a=1; Expires=Wed, 01 Jan 2031 00:00:00 GMT', 'Set-Cookie', 'b=2'],
        ...['X-Name', 'caf\u00e9', 'Content-Type', 'text/x', 'Date', 'Thu, 01 Jan 1970 00:00:00 GMT'],
      ]);
      response.end('body');
    });
    const { dial } = await route(url);
    const wire = dial();
    wire.write(get('/'));
    const [answer] = await wire.responses();
    expect(answer).toMatchObject({ status: 207, body: 'body' });
    expect(answer?.head.match(/set-cookie: .*/gi)).toEqual([
      'set-cookie: a=1; Expires=Wed, 01 Jan 2031 00:00:00 GMT',
      'set-cookie: b=2',
    ]);
    expect(answer?.head).toMatch(/x-name: caf\u00e9\r\n/i);
    expect(answer?.head).toMatch(/content-type: text\/x\r\n/i);
    expect(answer?.head).toMatch(/date: Thu, 01 Jan 1970 00:00:00 GMT\r\n/i);
  });

  test('keeps what is about one connection to itself, in both directions', async () => {
    const { url, seen } = await backend((_, response) => {
      response.writeHead(200, {
        Connection: 'X-Hop, keep-alive',
        'X-Hop': 'secret',
        'Keep-Alive': 'timeout=77',
        'X-End': 'to end',
      });
      response.end('ok');
    });
    const { dial } = await route(url);
    const wire = dial();
    const hops = [
      'Connection: keep-alive, X-Mine',
      'X-Mine: 1',
      'TE: trailers',
      'Keep-Alive: 1',
      'Proxy-Authorization: x',
      'Proxy: y',
    ];
    wire.write(get('/', ...hops, 'X-Yours: 2', 'Transfer_Encoding: z'));
    const [answer] = await wire.responses();
    expect(answer?.head).not.toMatch(/x-hop|timeout=77/i);
    expect(answer?.head).toMatch(/x-end: to end/i);
    const { headers = {} } = seen[0] ?? {};
    expect(headers).toMatchObject({ connection: 'keep-alive', 'x-yours': '2' });
    for (const name of ['x-mine', 'te', 'keep-alive', 'proxy-authorization', 'proxy', 'transfer_encoding']) {
      expect(headers).not.toHaveProperty(name);
    }
  });

  test('says where a request came from, and believes nobody', async () => {
    const { url } = await backend(echo);
    const serving = await route(url);
    const { headers } = await arrived(
      serving,
      get(
        '/',
        'X-Forwarded-For: 6.6.6.6',
        'X_Forwarded_For: 6.6.6.6',
        'X-Real-IP: 6.6.6.6',
        'Forwarded: for=6.6.6.6',
        'X-Forwarded-Prefix: /x',
      ),
    );
    const port = serving.address.kind === 'tcp' ? serving.address.port : 0;
    expect(headers).toMatchObject({
      host: new URL(url).host,
      'x-forwarded-for': '127.0.0.1',
      'x-forwarded-proto': 'http',
      'x-forwarded-host': 'test',
      'x-forwarded-port': String(port),
      forwarded: 'for=127.0.0.1;host=test;proto=http',
    });
    expect(headers.via).toMatch(/^1\.1 sluice-[\da-f]{12}$/);
    expect(JSON.stringify(headers)).not.toContain('6.6.6.6');
    expect(headers).not.toHaveProperty('x-forwarded-prefix');
  });

  test('adds to what a trusted peer says', async () => {
    const { url } = await backend(echo);
    const serving = await route({ target: url, trust: ['10.0.0.0/8', '127.0.0.0/8'], host: 'preserve' });
    const { headers } = await arrived(
      serving,
      get(
        '/',
        'X-Forwarded-For: 192.0.2.7',
        'X-Forwarded-Proto: https',
        'X-Forwarded-Host: shop',
        'Forwarded: for=192.0.2.7',
        'Via: 1.1 edge',
        'X-Real-IP: 192.0.2.7',
      ),
    );
    expect(headers).toMatchObject({
      host: 'test',
      'x-forwarded-for': '192.0.2.7, 127.0.0.1',
      'x-forwarded-proto': 'https',
      'x-forwarded-host': 'shop',
      forwarded: 'for=192.0.2.7, for=127.0.0.1;host=test;proto=http',
      'x-real-ip': '192.0.2.7',
    });
    expect(headers.via).toMatch(/^1\.1 edge, 1\.1 sluice-/);
  });

  test('answers HEAD, 204 and 304 as they are: without bodies, with the length that is said', async () => {
    const { url } = await backend((request, response) => {
      if (request.url === '/204') response.writeHead(204).end();
      else if (request.url === '/304') response.writeHead(304, { etag: '"x"' }).end();
      else
        response
          .writeHead(200, { 'content-length': '1234' })
          .end(request.method === 'HEAD' ? undefined : 'x'.repeat(1234));
    });
    const { dial } = await route(url);
    const wire = dial();
    wire.write('HEAD / HTTP/1.1\r\nHost: test\r\n\r\n');
    const head = await wire.until((text) => text.includes('\r\n\r\n'));
    expect(head).toMatch(/^HTTP\/1\.1 200 /);
    expect(head).toMatch(/content-length: 1234\r\n/i);
    wire.write(get('/204'));
    const after = await wire.until((text) => text.split('\r\n\r\n').length === 3);
    expect(after.slice(head.length)).toMatch(/^HTTP\/1\.1 204 /);
    expect(after.slice(head.length)).not.toMatch(/content-length|transfer-encoding/i);
    wire.write(get('/304'));
    const last = await wire.until((text) => text.split('\r\n\r\n').length === 4);
    expect(last.slice(after.length)).toMatch(/^HTTP\/1\.1 304 [\s\S]*etag: "x"/i);
  });

  test('lets a client that asks first send its body, and does not ask the target', async () => {
    const { url } = await backend(echo);
    const { dial } = await route(url);
    const wire = dial();
    wire.write('POST / HTTP/1.1\r\nHost: test\r\nContent-Length: 4\r\nExpect: 100-continue\r\n\r\n');
    await wire.until((text) => text.startsWith('HTTP/1.1 100 '));
    wire.write('body');
    const [, answer] = await wire.responses(2);
    const echoed: Echoed = JSON.parse(answer?.body ?? '');
    expect(echoed.body).toBe('body');
    expect(echoed.headers).not.toHaveProperty('expect');
  });

  test('shows no interim answers of a target', async () => {
    const { url } = await rawBackend((socket, text) => {
      if (!text.endsWith('\r\n\r\n')) return;
      socket.write('HTTP/1.1 103 Early Hints\r\nLink: </x>\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok');
    });
    const { dial } = await route(url);
    const wire = dial();
    wire.write(get('/'));
    expect(await wire.responses()).toMatchObject([{ status: 200, body: 'ok' }]);
  });

  test('streams an answer as it comes', async () => {
    let say: (text: string) => void = () => {};
    let end: () => void = () => {};
    const { url } = await backend((_, response) => {
      response.writeHead(200, { 'content-type': 'text/event-stream' });
      response.flushHeaders();
      say = (text) => response.write(text);
      end = () => response.end();
    });
    const { dial } = await route(url);
    const wire = dial();
    wire.write(get('/'));
    await wire.until((text) => text.includes('\r\n\r\n'));
    say('data: 1\n\n');
    await wire.until((text) => text.includes('data: 1'));
    say('data: 2\n\n');
    await wire.until((text) => text.includes('data: 2'));
    end();
    const [answer] = await wire.responses();
    expect(answer?.body).toBe('data: 1\n\ndata: 2\n\n');
  });

  test('streams a request as it comes', async () => {
    let received = '';
    const { url } = await backend((request, response) => {
      request.on('data', (chunk) => {
        received += chunk;
      });
      request.on('end', () => response.end(received));
    });
    const { dial } = await route(url);
    const wire = dial();
    wire.write('POST / HTTP/1.1\r\nHost: test\r\nContent-Length: 6\r\n\r\nabc');
    await eventually(() => received === 'abc');
    wire.write('def');
    expect(await wire.responses()).toMatchObject([{ body: 'abcdef' }]);
  });

  test('reads no more of an answer than its client takes', async () => {
    const pouring = pour();
    const { url } = await backend((_, response) => pouring.into(response));
    const { dial } = await route(url, { limits: { writeTimeoutMs: 0 } });
    const wire = dial();
    wire.socket.pause();
    wire.write(get('/'));
    const written = await pouring.stalled();
    expect(written).toBeLessThan(60_000_000);
    wire.socket.resume();
    await eventually(() => pouring.written() > written);
  });

  test('reads no more of a request than its target takes', async () => {
    const { url, server } = await backend(() => {});
    server.removeAllListeners('request');
    server.on('request', (request) => request.pause());
    const serving = await route(url, { limits: { maxBodyBytes: 0 } });
    const { socket, ...wire } = serving.dial();
    wire.write(`POST / HTTP/1.1\r\nHost: test\r\nContent-Length: ${POURED}\r\n\r\n`);
    const pouring = pour();
    pouring.into(socket);
    expect(await pouring.stalled()).toBeLessThan(60_000_000);
  });

  test('carries large bodies whole, both ways', async () => {
    const { url } = await backend((request, response) => request.pipe(response));
    const serving = await route(url);
    const body = Buffer.from(Array.from({ length: 2_000_003 }, (_, at) => at % 251));
    const answer = await fetch(urlOf(serving), { method: 'POST', body });
    expect(Buffer.compare(Buffer.from(await answer.arrayBuffer()), body)).toBe(0);
  });

  test('lets its target go when the client goes, before an answer and within one', async () => {
    let gone = 0;
    const { url, seen } = await backend((request, response) => {
      response.once('close', () => {
        gone += 1;
      });
      if (request.url === '/begun') response.write('x');
    });
    const { dial, log } = await route(url);
    for (const path of ['/silent', '/begun']) {
      const wire = dial();
      wire.write(get(path));
      await eventually(() => seen.at(-1)?.url === path);
      if (path === '/begun') await wire.until((text) => text.includes('\r\n\r\n'));
      const before = gone;
      wire.socket.destroy();
      await eventually(() => gone === before + 1);
    }
    expect(besideTargets(log)).toEqual([]);
  });

  test('does not let a target take half a request for a whole one', async () => {
    let received = 0;
    let ended = false;
    let aborted = false;
    const { url } = await backend((request) => {
      request.on('data', (chunk: Buffer) => {
        received += chunk.byteLength;
      });
      request.on('end', () => {
        ended = true;
      });
      request.on('close', () => {
        aborted = !request.complete;
      });
    });
    const { dial } = await route(url);
    for (const head of ['Content-Length: 100\r\n\r\nhalf', 'Transfer-Encoding: chunked\r\n\r\n4\r\nhalf\r\n']) {
      received = 0;
      aborted = false;
      const wire = dial();
      wire.write(`POST / HTTP/1.1\r\nHost: test\r\n${head}`);
      await eventually(() => received === 4);
      wire.socket.destroy();
      await eventually(() => aborted || ended);
      expect(ended).toBe(false);
    }
  });

  const torn: Readonly<Record<string, string>> = {
    'of announced length': 'HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhalf',
    'in chunks': 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nhalf\r\n',
    'with a chunk that is none': 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nhalf\r\nzz\r\n',
  };
  test.each(Object.entries(torn))(
    'an answer %s that breaks off cuts its client off, once in the log',
    async (_, bytes) => {
      const { url } = await rawBackend((socket, text) => {
        if (!text.endsWith('\r\n\r\n')) return;
        socket.write(bytes);
        setImmediate(() => setImmediate(() => socket.destroy()));
      });
      const { dial, log } = await route(url);
      const wire = dial();
      wire.write(get('/'));
      await wire.closed;
      expect(wire.text()).not.toMatch(/\r\n0\r\n\r\n$/);
      expect(wire.text()).toMatch(/^HTTP\/1\.1 200 /);
      await eventually(() => besideTargets(log).length > 0);
      expect(besideTargets(log)).toMatchObject([{ details: { error: { code: 'ERR_PROXY_TORN' } } }]);
    },
  );

  test('answers that are not HTTP get its client a 502, with the id of the line in the log', async () => {
    for (const bytes of [
      'SSH-2.0-OpenSSH\r\n\r\n',
      'HTTP/1.1 200 OK\r\nContent-Length: 3\r\nContent-Length: 4\r\n\r\nabcd',
      'HTTP/1.1 200 OK\r\nContent-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n',
      'HTTP/1.1 200 OK\r\nX: a\0b\r\n\r\n',
      `HTTP/1.1 200 OK\r\nX: ${'x'.repeat(40_000)}\r\n\r\n`,
    ]) {
      const { url } = await rawBackend((socket, text) => {
        if (text.endsWith('\r\n\r\n')) socket.write(bytes);
      });
      const { dial, log } = await route(url);
      const wire = dial();
      wire.write(get('/'));
      const [answer] = await wire.responses();
      expect(answer).toMatchObject({ status: 502, body: 'Bad Gateway' });
      const [line] = besideTargets(log);
      expect(line).toMatchObject({
        level: 'error',
        details: { error: { name: 'ProxyError', code: 'ERR_PROXY_RESPONSE' } },
      });
      const id = /x-request-id: (\S+)/i.exec(answer?.head ?? '')?.[1];
      expect(line?.message).toContain(id);
    }
  });

  test('a target that nobody is at gets its client a 503 and a time to come again', async () => {
    const { dial, log } = await route(await deadUrl());
    const wire = dial();
    wire.write(get('/'));
    const [answer] = await wire.responses();
    expect(answer).toMatchObject({ status: 503 });
    expect(answer?.head).toMatch(/retry-after: 1\r\n/i);
    expect(besideTargets(log)).toMatchObject([
      { details: { error: { code: 'ERR_PROXY_UNREACHABLE', cause: { code: 'ECONNREFUSED' } } } },
    ]);
    // The connection goes on.
    wire.write(get('/'));
    expect(await wire.responses(2)).toHaveLength(2);
  });

  test('a target that does not answer in time gets its client a 504', async () => {
    const { url } = await backend(() => {});
    const { dial, log } = await route({ target: url, headersTimeoutMs: 50 });
    const wire = dial();
    wire.write(get('/'));
    expect(await wire.responses()).toMatchObject([{ status: 504 }]);
    expect(besideTargets(log)).toMatchObject([{ details: { error: { code: 'ERR_PROXY_TIMEOUT' } } }]);
  });

  test('an answer that pauses too long breaks off', async () => {
    const { url } = await backend((_, response) => {
      response.write('x');
    });
    const { dial, log } = await route({ target: url, bodyTimeoutMs: 50 });
    const wire = dial();
    wire.write(get('/'));
    await wire.closed;
    await eventually(() => besideTargets(log).length > 0);
    expect(besideTargets(log)).toMatchObject([
      { details: { error: { code: 'ERR_PROXY_TORN', cause: { code: 'UND_ERR_BODY_TIMEOUT' } } } },
    ]);
  });

  test('a route that leads to itself is noticed', async () => {
    const front = createServer();
    await new Promise<void>((resolve) => front.listen(0, '127.0.0.1', resolve));
    onTestFinished(() => void front.close());
    const address = front.address();
    const port = typeof address === 'object' && address !== null ? address.port : 0;
    const serving = await route(`http://127.0.0.1:${port}`);
    front.on('request', (request, response) => {
      const { url: path = '/', headers } = request;
      const back = nodeRequest(urlOf(serving, path), { headers }, (answer) => {
        response.writeHead(answer.statusCode ?? 0, answer.headers);
        answer.pipe(response);
      });
      back.end();
    });
    const wire = serving.dial();
    wire.write(get('/'));
    expect(await wire.responses()).toMatchObject([{ status: 508 }]);
    front.closeAllConnections();
  });

  test('in a drain the answer in progress is finished, and says that it is the last', async () => {
    let finish: () => void = () => {};
    const { url, seen } = await backend((_, response) => {
      finish = () => response.end('last');
    });
    const { dial, server } = await route(url);
    const wire = dial();
    wire.write(get('/'));
    await eventually(() => seen.length === 1);
    expect(server.inFlight).toBe(1);
    const drain = drainOf(server, 5_000);
    finish();
    const [answer] = await wire.responses();
    expect(answer?.body).toBe('last');
    expect(answer?.head).toMatch(/connection: close/i);
    expect(await drain.over).toMatchObject({ cut: 0 });
    expect(server.inFlight).toBe(0);
  });

  test('the handler timeout of the server still counts', async () => {
    const { url, sockets, seen } = await backend(() => {});
    const { dial } = await route(url, { limits: { handlerTimeoutMs: 50 } });
    const wire = dial();
    wire.write(get('/'));
    expect(await wire.responses()).toMatchObject([{ status: 503 }]);
    expect(seen.length).toBe(1);
    await eventually(() => sockets.size === 0);
  });

  test('a body that grows too large gets a 413, and the target only a part', async () => {
    const { url, sockets } = await backend(() => {});
    const { dial } = await route(url, { limits: { maxBodyBytes: 1_000 } });
    const wire = dial();
    wire.write('POST / HTTP/1.1\r\nHost: test\r\nTransfer-Encoding: chunked\r\n\r\n');
    wire.write(`7d0\r\n${'x'.repeat(2_000)}\r\n`);
    expect(await wire.responses()).toMatchObject([{ status: 413 }]);
    await eventually(() => sockets.size === 0);
  });

  test('a client of HTTP/1.0 gets an answer without chunks', async () => {
    const { url } = await backend((_, response) => {
      response.write('one ');
      setImmediate(() => response.end('two'));
    });
    const { dial } = await route(url);
    const wire = dial();
    wire.write('GET / HTTP/1.0\r\nHost: test\r\n\r\n');
    expect(await wire.responses()).toMatchObject([{ status: 200, body: 'one two' }]);
    expect(wire.text()).not.toMatch(/transfer-encoding/i);
  });

  test('pipelined requests are answered in their order', async () => {
    const { url } = await backend((request, response) => {
      const answer = (): void => void response.end(request.url);
      if (request.url === '/slow') setTimeout(answer, 30);
      else answer();
    });
    const { dial } = await route(url);
    const wire = dial();
    wire.write(get('/slow') + get('/fast') + get('/last'));
    expect((await wire.responses(3)).map(({ body }) => body)).toEqual(['/slow', '/fast', '/last']);
  });
});

describe('middleware around a proxy route', () => {
  test('changes answers', async () => {
    const { url } = await backend((_, response) => response.end('ok'));
    const { dial } = await serve({
      routes: [{ path: '/*', proxy: url, middleware: [cors({ origin: 'https://a.example' })] }],
    });
    const wire = dial();
    wire.write(get('/', 'Origin: https://a.example'));
    const [answer] = await wire.responses();
    expect(answer).toMatchObject({ status: 200, body: 'ok' });
    expect(answer?.head).toMatch(/access-control-allow-origin: https:\/\/a\.example/i);
  });

  test('changes requests: headers it sets and bodies it has read arrive', async () => {
    const { url } = await backend(echo);
    const reading: MiddlewareHandler = async (c, next) => {
      const text = await c.req.text();
      c.req.raw.headers.set('x-length', String(text.length));
      await next();
    };
    const serving = await serve({ routes: [{ path: '/*', proxy: url, middleware: [reading] }] });
    const echoed = await arrived(serving, post('/', 'hello'));
    expect(echoed).toMatchObject({ body: 'hello', headers: { 'x-length': '5', 'content-length': '5' } });
  });

  test('of an earlier route that lets requests pass sees the answer as well', async () => {
    const { url } = await backend((_, response) => response.end('ok'));
    const { dial } = await serve({
      routes: [
        {
          path: '/a/*',
          handler: async (c, next) => {
            await next();
            c.res.headers.set('x-seen', 'yes');
          },
        },
        { path: '/*', proxy: url },
      ],
    });
    const wire = dial();
    wire.write(get('/a/b'));
    const [answer] = await wire.responses();
    expect(answer).toMatchObject({ status: 200, body: 'ok' });
    expect(answer?.head).toMatch(/x-seen: yes/i);
  });
});

test('paths are rewritten: a prefix taken away, another put in front', async () => {
  const { url } = await backend(echo);
  const serving = await serve({
    routes: [
      { path: '/api/*', proxy: { target: url, strip: '/api', rewrite: '/v2' } },
      { path: '/old/deep/*', proxy: { target: url, strip: '/old/deep' } },
    ],
  });
  for (const [from, to] of [
    ['/api/users?x=1', '/v2/users?x=1'],
    ['/api', '/v2'],
    ['/api/', '/v2/'],
    ['/%61pi/users', '/v2/users'],
    ['/old/deep', '/'],
    ['/old/deep?x', '/?x'],
    ['/old/deep/er/', '/er/'],
  ] as const) {
    expect((await arrived(serving, get(from))).url).toBe(to);
  }
});

describe('connections to a target', () => {
  test('are kept, and a change of the config finds them warm', async () => {
    const { url, connections } = await backend(echo);
    const cluster = createCluster({ logger: createLog() });
    await cluster.start();
    onTestFinished(async () => void (await cluster.stop()));
    for (const proxy of [url, { target: url, retries: 0 }, { targets: [url], rewrite: '/x' }]) {
      expect(await cluster.apply({ front: { listen: '127.0.0.1:0', routes: [{ path: '/*', proxy }] } })).toMatchObject({
        status: 'committed',
      });
      const answer = await fetch(cluster.snapshot.servers.front?.url ?? '');
      expect(answer.status).toBe(200);
      await answer.text();
    }
    expect(connections()).toBe(1);
  });

  test('are no more than allowed: who comes later waits', async () => {
    const waiting: (() => void)[] = [];
    const { url, connections } = await backend((_, response) => void waiting.push(() => response.end('ok')));
    const { dial } = await through({ target: url, maxConnections: 2 });
    const wires = Array.from({ length: 4 }, () => dial());
    for (const wire of wires) wire.write(get('/'));
    await eventually(() => waiting.length === 2);
    for (let done = 0; done < 4; done += 1) {
      await eventually(() => waiting.length > done);
      waiting[done]?.();
    }
    for (const wire of wires) expect(await wire.responses()).toMatchObject([{ body: 'ok' }]);
    expect(connections()).toBe(2);
  });

  test('may be to a unix socket', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'sluice-proxy-'));
    onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
    const path = join(folder, 'app.sock');
    const server = createServer(echo);
    await new Promise<void>((resolve) => server.listen(path, resolve));
    onTestFinished(() => void server.close());
    const serving = await through(`unix:${path}`);
    expect(await arrived(serving, get('/over'))).toMatchObject({ url: '/over', headers: { host: 'localhost' } });
    server.closeAllConnections();
  });
});

describe('a target that speaks TLS', () => {
  const secure = async () => {
    const { private: key, cert } = await generate([{ name: 'commonName', value: 'localhost' }], {
      extensions: [{ name: 'subjectAltName', altNames: [{ type: 2, value: 'localhost' }] }],
    });
    const names: (string | false | null)[] = [];
    const server = createHttpsServer({ key, cert }, echo);
    server.on('secureConnection', (socket) => names.push(socket.servername));
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    onTestFinished(() => {
      server.closeAllConnections();
      server.close();
    });
    const address = server.address();
    const port = typeof address === 'object' && address !== null ? address.port : 0;
    return { url: `https://localhost:${port}`, port, cert, names };
  };

  test('is not spoken to when its certificate is not trusted', async () => {
    const { url } = await secure();
    const { dial, log } = await through(url);
    const wire = dial();
    wire.write(get('/'));
    expect(await wire.responses()).toMatchObject([{ status: 503 }]);
    expect(besideTargets(log)).toMatchObject([
      { details: { error: { cause: { code: 'DEPTH_ZERO_SELF_SIGNED_CERT' } } } },
    ]);
  });

  test('is when it is: by PEM, by file, by another name, or unseen', async () => {
    const { url, port, cert, names } = await secure();
    const folder = mkdtempSync(join(tmpdir(), 'sluice-proxy-'));
    onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
    writeFileSync(join(folder, 'ca.pem'), cert);
    for (const config of [
      { target: url, tls: { ca: cert } },
      { target: url, tls: { ca: join(folder, 'ca.pem') } },
      { target: `https://127.0.0.1:${port}`, tls: { ca: cert, servername: 'localhost' } },
      { target: url, host: 'preserve', tls: { ca: cert } },
      { target: `https://127.0.0.1:${port}`, tls: { rejectUnauthorized: false } },
    ] as const) {
      expect(await arrived(await through(config), get('/'))).toMatchObject({ url: '/' });
    }
    // Never what the client called us.
    expect(names).toEqual(['localhost', 'localhost', 'localhost', 'localhost', false]);
  });

  test('whose certificates to trust cannot be read is a refusal', async () => {
    await expect(through({ target: 'https://localhost:1', tls: { ca: '/nowhere/ca.pem' } })).rejects.toMatchObject({
      code: 'ERR_APP',
      cause: { code: 'ERR_PROXY_CA', file: '/nowhere/ca.pem' },
    });
  });
});

test('a reset tells a client of HTTP/1.0 that an answer without a length has broken off', async () => {
  const { url } = await rawBackend((socket, text) => {
    if (!text.endsWith('\r\n\r\n')) return;
    socket.write('HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nhalf\r\n');
    setTimeout(() => socket.destroy(), 20);
  });
  const { address } = await through(url);
  const port = address.kind === 'tcp' ? address.port : 0;
  const socket = connect(port, '127.0.0.1');
  onTestFinished(() => void socket.destroy());
  socket.write('GET / HTTP/1.0\r\nHost: test\r\n\r\n');
  const code = await new Promise((resolve) => {
    socket.on('data', () => {});
    socket.once('end', () => resolve('ended'));
    socket.once('error', (error: NodeJS.ErrnoException) => resolve(error.code));
  });
  expect(code).toBe('ECONNRESET');
});
