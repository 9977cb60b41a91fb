import fc from 'fast-check';
import { Hono } from 'hono';
import { describe, expect, test } from 'vitest';
import { type AccessEntry, accessLog } from '../../lib/middleware/access-log.ts';
import { dial, get, post } from '../listener/wire.ts';
import { eventually, type Served, serve } from '../server/serving.ts';

interface Logged {
  readonly app: Hono;
  readonly entries: AccessEntry[];
  readonly lines: string[];
}

const streamOf = (...sizes: readonly number[]): ReadableStream<Uint8Array> =>
  new ReadableStream({
    start: (controller) => {
      for (const size of sizes) controller.enqueue(new Uint8Array(size));
      controller.close();
    },
  });

const logged = (): Logged => {
  const entries: AccessEntry[] = [];
  const lines: string[] = [];
  const app = new Hono();
  app.use(
    accessLog((entry, line) => {
      entries.push(entry);
      lines.push(line);
    }),
  );
  app.get('/', (c) => c.text('hello'));
  app.get('/stream', () => new Response(streamOf(100, 200)));
  app.get('/unfinished', () => new Response(new ReadableStream({ start: (c) => c.enqueue(new Uint8Array(10)) })));
  app.get('/hangs', () => new Promise<Response>(() => {}));
  app.get('/boom', () => {
    throw new Error('boom');
  });
  app.post('/', async (c) => c.text((await c.req.text()).toUpperCase(), 201));
  return { app, entries, lines };
};

const asked = async (request: string, more: Omit<Served, 'app'> = {}): Promise<AccessEntry | undefined> => {
  const { app, entries } = logged();
  const { dial } = await serve({ app, ...more });
  const wire = dial();
  wire.write(request);
  await eventually(() => entries.length > 0);
  expect(entries).toHaveLength(1);
  return entries[0];
};

describe('a request leaves one entry', () => {
  test('with what was asked and what was answered', async () => {
    const entry = await asked(get('/?token=secret', 'User-Agent: browser/1'));
    expect(entry).toMatchObject({
      method: 'GET',
      path: '/',
      status: 200,
      bytes: 5,
      complete: true,
      userAgent: 'browser/1',
      remoteAddress: '127.0.0.1',
    });
    expect(entry?.durationMs).toBeGreaterThan(0);
    expect(JSON.stringify(entry)).not.toContain('secret');
  });

  const others: Readonly<Record<string, readonly [string, Partial<AccessEntry>]>> = {
    'that sends a body': [post('/', 'body'), { method: 'POST', status: 201, bytes: 4, userAgent: '-' }],
    'that is streamed': [get('/stream'), { status: 200, bytes: 300 }],
    'for nothing but the head': ['HEAD / HTTP/1.1\r\nHost: test\r\n\r\n', { method: 'HEAD', status: 200, bytes: 0 }],
    'for what does not exist': [get('/nowhere'), { status: 404, path: '/nowhere' }],
    'whose handler fails': [get('/boom'), { status: 500, complete: true }],
  };
  test.each(Object.entries(others))('%s', async (_, [request, expected]) => {
    expect(await asked(request)).toMatchObject(expected);
  });

  test('whose handler is late, with the status its client got', async () => {
    expect(await asked(get('/hangs'), { limits: { handlerTimeoutMs: 50 } })).toMatchObject({
      status: 503,
      complete: true,
    });
  });

  test('whose client leaves before it is answered, or before all of the answer is there', async () => {
    const { app, entries } = logged();
    const { address, server } = await serve({ app });
    const hanging = dial(address);
    hanging.write(get('/hangs'));
    await eventually(() => server.inFlight === 1);
    hanging.socket.destroy();
    await eventually(() => entries.length === 1);
    const half = dial(address);
    half.write(get('/unfinished'));
    await half.until((text) => text.includes('\r\n\r\n'));
    half.socket.destroy();
    await eventually(() => entries.length === 2);
    expect(entries).toMatchObject([
      { status: 499, bytes: 0, complete: false },
      { status: 200, bytes: 10, complete: false },
    ]);
  });

  test('for every one of those that share a connection', async () => {
    const { app, entries } = logged();
    const { dial } = await serve({ app });
    const wire = dial();
    wire.write(get('/') + get('/nowhere') + get('/'));
    await wire.responses(3);
    await eventually(() => entries.length === 3);
    expect(entries.map(({ status }) => status)).toEqual([200, 404, 200]);
  });

  test('outside a server as well', async () => {
    const { app, lines } = logged();
    await app.request('/');
    expect(lines).toHaveLength(1);
    expect(lines[0]).toMatch(/^- "GET \/" 200 0 B \d+\.\d ms "-"$/);
  });
});

/** What could end a line, move the cursor, colour a terminal, or turn the direction of writing. */
const TREACHEROUS = /[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/u;

describe('nobody can forge a line', () => {
  const hostile = ['a\u001b[2Jb', 'a\u009b31m', 'a\u202eb', 'a\u2066b', 'a\u2028b', 'a\u200fb', 'a" 200 0 B', 'a\\"b'];
  test.each(hostile)('with %j as its user agent', async (agent) => {
    const { app, lines } = logged();
    await app.request('/', { headers: { 'user-agent': Buffer.from(agent).toString('latin1') } });
    expect(lines).toHaveLength(1);
    expect(lines[0]).not.toMatch(TREACHEROUS);
    expect(lines[0]?.replaceAll(/\\[\\"]/g, '').match(/"/g)).toHaveLength(4);
  });

  test('with bytes on the wire', async () => {
    const { app, lines } = logged();
    const { dial } = await serve({ app });
    const wire = dial();
    wire.socket.write(Buffer.from(get('/%e2%80%ae', 'User-Agent: a\u009b31mb\u0085c'), 'latin1'));
    await wire.responses();
    await eventually(() => lines.length === 1);
    expect(lines[0]).not.toMatch(TREACHEROUS);
    expect(lines[0]).toContain('GET /\\\\u{202e}');
  });

  test.each(['/%0d%0a127.0.0.1', '/%1b%5b2J', '/%e2%80%a8', '/%22%20200'])('with the path %s', async (path) => {
    const { app, lines } = logged();
    await app.request(path);
    expect(lines).toHaveLength(1);
    expect(lines[0]).not.toMatch(TREACHEROUS);
    expect(lines[0]?.replaceAll(/\\[\\"]/g, '').match(/"/g)).toHaveLength(4);
  });

  test('with any path and agent at all', async () => {
    await fc.assert(
      fc.asyncProperty(fc.webPath(), fc.string({ unit: 'binary' }), async (path, agent) => {
        const { app, lines } = logged();
        const request = new Request(`http://here.test/${path}`);
        Object.defineProperty(request.headers, 'get', { value: () => agent });
        await app.fetch(request);
        expect(lines).toHaveLength(1);
        expect(lines[0]).not.toMatch(TREACHEROUS);
      }),
      { numRuns: 200 },
    );
  });
});

test('a log that throws costs nobody an answer', async () => {
  const app = new Hono();
  app.use(
    accessLog(() => {
      throw new Error('disk full');
    }),
  );
  app.get('/', (c) => c.text('hello'));
  const { dial } = await serve({ app });
  const wire = dial();
  wire.write(get('/'));
  wire.write(get('/'));
  expect((await wire.responses(2)).map(({ status }) => status)).toEqual([200, 200]);
});
