import { constants, Http2ServerResponse } from 'node:http2';
import { Hono } from 'hono';
import { describe, expect, test } from 'vitest';
import { drainSignal } from '../../../lib/server/http/drain-signal.ts';
import { eventually } from '../serving.ts';
import { ask, speak } from './speaking.ts';

const never = (): Promise<Response> => new Promise(() => {});

/** Bytes that come one after the other until nobody wants any more. */
const endless = (chunk: Uint8Array, cancelled: () => void = () => undefined): ReadableStream<Uint8Array> =>
  new ReadableStream({ pull: (controller) => controller.enqueue(chunk), cancel: cancelled });

describe('a request', () => {
  test('reaches its handler with method, address, headers and body, and its answer comes back', async () => {
    const { dial } = await speak({
      app: async (request) =>
        Response.json({
          method: request.method,
          url: request.url,
          word: request.headers.get('x-word'),
          body: await request.text(),
        }),
    });
    const answer = await ask(dial(), { ':method': 'PUT', ':path': '/a?b=c', 'x-word': 'hi' }, 'there');
    expect(JSON.parse(answer.body)).toMatchObject({ method: 'PUT', word: 'hi', body: 'there' });
    expect(JSON.parse(answer.body).url).toMatch(/^http:\/\/127\.0\.0\.1:\d+\/a\?b=c$/);
  });

  test('is answered by Hono with its parameters', async () => {
    const app = new Hono().get('/users/:id', (c) => c.text(c.req.param('id')));
    const { dial } = await speak({ app });
    expect(await ask(dial(), { ':path': '/users/7' })).toMatchObject({ status: 200, body: '7' });
  });

  test('shares its session with others that come and go meanwhile', async () => {
    const open: (() => void)[] = [];
    const { dial, responder } = await speak({
      app: (request) =>
        request.url.endsWith('/slow')
          ? new Promise((resolve) => open.push(() => resolve(new Response('slow'))))
          : new Response('fast'),
    });
    const session = dial();
    const slow = ask(session, { ':path': '/slow' });
    const fast = await Promise.all(Array.from({ length: 50 }, () => ask(session)));
    expect(fast.every(({ body }) => body === 'fast')).toBe(true);
    expect(responder.inFlight).toBe(1);
    open[0]?.();
    expect((await slow).body).toBe('slow');
    await eventually(() => responder.inFlight === 0);
  });

  test('gets the one spelling of its path, or is refused when it has none', async () => {
    const { dial } = await speak({ app: (request) => new Response(new URL(request.url).pathname) });
    const session = dial();
    expect((await ask(session, { ':path': '/%61' })).body).toBe('/a');
    for (const path of ['/a/../b', '//a', '/a%2fb', '/%00', '/a\\b']) {
      expect((await ask(session, { ':path': path })).status).toBe(400);
    }
  });

  test('is refused when it is another kind of request than a server answers, and its session stays', async () => {
    const { dial } = await speak({ app: () => new Response('never asked') });
    const session = dial();
    expect((await ask(session, { ':authority': 'a.test', host: 'other.test' })).status).toBe(400);
    expect((await ask(session, { ':method': 'OPTIONS', ':path': '*' })).status).toBe(204);
    expect((await ask(session, { expect: 'miracles' })).status).toBe(417);
    const tunnel = session.request({ ':method': 'CONNECT', ':authority': 'a.test:443', ':path': undefined });
    const status = await new Promise((resolve) => {
      tunnel.once('response', (headers) => resolve(headers[':status']));
    });
    expect(status).toBe(501);
    expect((await ask(session)).body).toBe('never asked');
  });

  test('with too many headers, or too large ones, is refused with 431', async () => {
    const { dial } = await speak({ app: () => new Response('ok'), limits: { maxHeaderBytes: 4_096 } });
    const session = dial();
    const many = Object.fromEntries(Array.from({ length: 101 }, (_, n) => [`x-${n}`, 'y']));
    expect((await ask(session, many)).status).toBe(431);
    expect((await ask(session, { 'x-long': 'y'.repeat(5_000) })).status).toBe(431);
    expect((await ask(session)).status).toBe(200);
  });

  test('with headers beyond any measure is reset', async () => {
    const { dial } = await speak({ app: () => new Response('ok'), limits: { maxHeaderBytes: 4_096 } });
    const session = dial();
    await ask(session);
    await expect(ask(session, { 'x-long': 'y'.repeat(40_000) })).rejects.toThrow();
    expect((await ask(dial())).status).toBe(200);
  });
});

describe('a body', () => {
  const limits = { maxBodyBytes: 100_000 };
  const app = async (request: Request): Promise<Response> =>
    new Response(`${(await request.arrayBuffer()).byteLength}`);

  test('as large as allowed arrives whole, announced or not', async () => {
    const { dial } = await speak({ app, limits });
    const session = dial();
    const body = 'x'.repeat(100_000);
    expect((await ask(session, { ':method': 'POST' }, body)).body).toBe('100000');
    expect((await ask(session, { ':method': 'POST', 'content-length': 100_000 }, body)).body).toBe('100000');
  });

  test('that is too large is refused with 413, announced or not, and its session stays', async () => {
    const { dial } = await speak({ app, limits });
    const session = dial();
    const body = 'x'.repeat(100_001);
    expect((await ask(session, { ':method': 'POST' }, body)).status).toBe(413);
    expect((await ask(session, { ':method': 'POST', 'content-length': 100_001 }, body)).status).toBe(413);
    expect((await ask(session)).body).toBe('0');
  });

  test('that nobody reads costs neither its answer nor its session, however large both are', async () => {
    const large = 'x'.repeat(2_000_000);
    const { dial, clients } = await speak({ app: () => new Response(large), limits: { maxBodyBytes: 0 } });
    const session = dial();
    const answers = [];
    for (let n = 0; n < 3; n += 1) answers.push(await ask(session, { ':method': 'POST' }, 'y'.repeat(3_000_000)));
    expect(answers.map(({ body }) => body.length)).toEqual([2_000_000, 2_000_000, 2_000_000]);
    await eventually(() => [...clients].every((client) => client.isIdle(new Set())));
  });

  test.each([10, 300_000, 3_000_000])(
    'of %d bytes of which a part was read costs neither its answer nor its session',
    async (size) => {
      const enough = 'enough'.repeat(200_000);
      const { dial, clients } = await speak({
        app: async (request) => {
          await request.body?.getReader().read();
          return new Response(enough);
        },
        limits: { maxBodyBytes: 0 },
      });
      const session = dial();
      expect((await ask(session, { ':method': 'POST' }, 'y'.repeat(size))).body).toHaveLength(enough.length);
      await eventually(() => [...clients].every((client) => client.isIdle(new Set())));
    },
  );

  test('is asked for when its client waits for that', async () => {
    const { dial } = await speak({ app });
    const stream = dial().request({ ':method': 'POST', expect: '100-continue' }, { endStream: false });
    stream.once('continue', () => stream.end('12345'));
    stream.setEncoding('utf8');
    let body = '';
    for await (const chunk of stream) body += chunk;
    expect(body).toBe('5');
  });

  test('that does not come is answered with 408', async () => {
    const { dial } = await speak({ app, limits: { requestTimeoutMs: 100, headersTimeoutMs: 100 } });
    const session = dial();
    const stream = session.request({ ':method': 'POST' }, { endStream: false });
    stream.write('half');
    const status = await new Promise((resolve) => {
      stream.once('response', (headers) => resolve(headers[':status']));
    });
    expect(status).toBe(408);
    expect((await ask(session)).status).toBe(200);
  });
});

describe('an answer', () => {
  test('goes without its body where none belongs', async () => {
    const { dial } = await speak({
      app: (request) =>
        request.url.endsWith('/304')
          ? new Response(null, { status: 304 })
          : new Response(endless(new Uint8Array(1_000))),
    });
    const session = dial();
    expect(await ask(session, { ':method': 'HEAD' })).toMatchObject({ status: 200, body: '' });
    expect(await ask(session, { ':path': '/304' })).toMatchObject({ status: 304, body: '' });
  });

  test('loses what HTTP/1 says of its connection, whoever said it', async () => {
    const { dial } = await speak({
      app: (_, { outgoing }) => {
        if (outgoing instanceof Http2ServerResponse) outgoing.setHeader('Connection', 'close');
        const headers = { Connection: 'keep-alive', 'Keep-Alive': 'timeout=5', 'Transfer-Encoding': 'chunked' };
        return new Response('whole', { headers: { ...headers, Upgrade: 'h2c', 'x-kept': 'yes' } });
      },
    });
    const answer = await ask(dial());
    expect(answer).toMatchObject({ status: 200, body: 'whole' });
    expect(answer.headers).toMatchObject({ 'x-kept': 'yes' });
    for (const name of ['connection', 'keep-alive', 'transfer-encoding', 'upgrade']) {
      expect(answer.headers).not.toHaveProperty(name);
    }
  });

  test('keeps all its cookies', async () => {
    const { dial } = await speak({
      app: () => {
        const response = new Response('ok');
        response.headers.append('set-cookie', 'a=1');
        response.headers.append('set-cookie', 'b=2');
        return response;
      },
    });
    expect((await ask(dial())).headers['set-cookie']).toEqual(['a=1', 'b=2']);
  });

  test('as large as it likes arrives whole on as many streams as there are', async () => {
    const large = 'x'.repeat(1_500_000);
    const { dial } = await speak({ app: () => new Response(large) });
    const session = dial();
    const answers = await Promise.all(Array.from({ length: 40 }, () => ask(session)));
    expect(answers.every(({ body }) => body.length === large.length)).toBe(true);
  });

  test('that fails half-way is reset, never ended', async () => {
    const { dial, log } = await speak({
      app: () => {
        let chunks = 0;
        const body = new ReadableStream({
          pull: (controller) => {
            chunks += 1;
            if (chunks < 3) controller.enqueue(new TextEncoder().encode('part'));
            else controller.error(new Error('the source broke'));
          },
        });
        return new Response(body, { headers: { 'content-type': 'text/plain' } });
      },
    });
    await expect(ask(dial())).rejects.toThrow(/INTERNAL_ERROR|reset/);
    expect(log.loud()).toHaveLength(1);
  });

  test('whose client leaves stops its source and aborts the signal of its request, without a word in the log', async () => {
    let cancelled = false;
    let aborted = false;
    const { dial, log, responder } = await speak({
      app: (request) => {
        request.signal.addEventListener('abort', () => {
          aborted = true;
        });
        const body = endless(new Uint8Array(1_000), () => {
          cancelled = true;
        });
        return new Response(body);
      },
    });
    const stream = dial().request({ ':path': '/' });
    stream.once('data', () => stream.close(constants.NGHTTP2_CANCEL));
    await eventually(() => cancelled && aborted && responder.inFlight === 0);
    expect(log.loud()).toEqual([]);
  });

  test('of which nothing is taken is reset after a while, and its session stays', async () => {
    const { dial, responder } = await speak({
      app: (request) =>
        request.url.endsWith('/big') ? new Response(endless(new Uint8Array(10_000))) : new Response('ok'),
      limits: { writeTimeoutMs: 200 },
    });
    const session = dial();
    const stream = session.request({ ':path': '/big' });
    stream.on('error', () => undefined);
    stream.pause();
    await eventually(() => responder.inFlight === 1);
    while (!stream.closed) {
      expect((await ask(session)).body).toBe('ok');
    }
    expect(stream.rstCode).toBe(constants.NGHTTP2_CANCEL);
    await eventually(() => responder.inFlight === 0);
  });
});

describe('a handler', () => {
  const broken: Readonly<Record<string, () => Response | Promise<Response>>> = {
    'that throws': () => {
      throw new Error('oh');
    },
    'that rejects': () => Promise.reject(new Error('oh')),
    'that throws no error': () => {
      throw 'oh';
    },
    'that returns nothing': () => undefined as never,
  };

  test.each(Object.keys(broken))('%s gives its client a 500 with an id, and the log one line with it', async (how) => {
    const { dial, log } = await speak({ app: broken[how] ?? never });
    const session = dial();
    const answer = await ask(session);
    expect(answer).toMatchObject({ status: 500, body: 'Internal Server Error' });
    const id = String(answer.headers['x-request-id']);
    expect(id).toMatch(/^[\w.-]+$/);
    expect(log.loud()).toHaveLength(1);
    expect(log.loud()[0]?.message).toContain(id);
    expect((await ask(session)).status).toBe(500);
  });

  test('in a Hono app gives its client a 500 as well', async () => {
    const app = new Hono().get('/', () => {
      throw new Error('oh');
    });
    const { dial, log } = await speak({ app });
    expect((await ask(dial())).status).toBe(500);
    expect(log.loud()).toHaveLength(1);
  });

  test('that is late is answered for with 503, its request is aborted, and what it says later is not sent', async () => {
    let aborted = false;
    let late: ((response: Response) => void) | undefined;
    const { dial, responder } = await speak({
      app: (request) => {
        request.signal.addEventListener('abort', () => {
          aborted = true;
        });
        return new Promise<Response>((resolve) => {
          late = resolve;
        });
      },
      limits: { handlerTimeoutMs: 50 },
    });
    const session = dial();
    expect(await ask(session)).toMatchObject({ status: 503, body: 'Service Unavailable' });
    expect(aborted).toBe(true);
    await eventually(() => responder.inFlight === 0);
    late?.(new Response('too late'));
    expect((await ask(session)).status).toBe(503);
  });

  test('that writes to the response itself is left to it', async () => {
    const { dial } = await speak({
      app: (_, { outgoing }) => {
        if (outgoing instanceof Http2ServerResponse) outgoing.end('by hand');
        return new Response('after the fact');
      },
    });
    expect((await ask(dial())).body).toBe('by hand');
  });

  test('that is exchanged has its say on sessions that exist, from the next request on', async () => {
    const { dial, assign } = await speak({ app: () => new Response('one') });
    const session = dial();
    expect((await ask(session)).body).toBe('one');
    assign({ app: () => new Response('two'), limits: { maxHeaderBytes: 2_048 } });
    expect((await ask(session)).body).toBe('two');
    expect((await ask(session, { 'x-long': 'y'.repeat(3_000) })).status).toBe(431);
  });
});

describe('a session', () => {
  test('that asks for nothing any more is ended after the keep-alive time', async () => {
    const { dial, clients } = await speak({ app: () => new Response('ok'), limits: { keepAliveTimeoutMs: 100 } });
    const session = dial();
    let code: number | undefined;
    session.on('goaway', (given) => {
      code = given;
    });
    await ask(session);
    await eventually(() => clients.size === 0);
    expect(code).toBe(constants.NGHTTP2_NO_ERROR);
  });

  test('with an answer under way is not idle, however long that takes', async () => {
    const { dial, clients } = await speak({ app: never, limits: { keepAliveTimeoutMs: 50, handlerTimeoutMs: 1_200 } });
    expect((await ask(dial())).status).toBe(503);
    await eventually(() => clients.size === 0);
  });

  test('tells handlers when it is to leave', async () => {
    const told: string[] = [];
    const { dial, leave } = await speak({
      app: (_, env) =>
        new Promise((resolve) => {
          const signal = drainSignal(env);
          told.push(String(signal.aborted));
          signal.addEventListener('abort', () => resolve(new Response('bye')));
        }),
    });
    const answer = ask(dial());
    await eventually(() => told.length === 1);
    leave();
    expect(await answer).toMatchObject({ status: 200, body: 'bye' });
    expect(told).toEqual(['false']);
  });
});
