import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { get } from '../../listener/wire.ts';
import { clock, serve } from '../serving.ts';

/** Node's own, whatever the servers of these tests make of the global one. */
const NodeResponse = globalThis.Response;

const printed: unknown[] = [];
const { error: consoleError, info: consoleInfo } = console;
beforeEach(() => {
  printed.length = 0;
  console.error = (...words) => printed.push(words);
  console.info = (...words) => printed.push(words);
});
afterEach(() => {
  console.error = consoleError;
  console.info = consoleInfo;
});

const bytes = (text: string): Uint8Array<ArrayBuffer> => new TextEncoder().encode(text);

const failing = (...chunks: readonly string[]): ReadableStream<Uint8Array> => {
  const left = [...chunks];
  return new ReadableStream({
    pull: (controller) => {
      const next = left.shift();
      if (next === undefined) controller.error(new Error('the secret'));
      else controller.enqueue(bytes(next));
    },
  });
};

/** A body that has nothing to say for a moment, and then fails. */
const failingLater = (ms: number, chunk: string): ReadableStream<Uint8Array> =>
  new ReadableStream({
    start: async (controller) => {
      await clock(ms);
      controller.enqueue(bytes(chunk));
      await clock(ms);
      controller.error(new Error('the secret'));
    },
  });

describe.each([
  {
    kind: "the adapter's light responses",
    make: (...given: ConstructorParameters<typeof Response>) => new Response(...given),
  },
  {
    kind: "Node's own responses",
    make: (...given: ConstructorParameters<typeof Response>) => new NodeResponse(...given),
  },
])('among $kind', ({ make }) => {
  test('a body that fails before anything was sent becomes a generic 500', async () => {
    const { dial, log } = await serve({ app: () => make(failing()) });
    const wire = dial();
    wire.write(get('/'));
    expect(await wire.responses()).toMatchObject([{ status: 500, body: 'Internal Server Error' }]);
    expect(log.loud()).toMatchObject([{ level: 'error', details: { error: { message: 'the secret' } } }]);
    expect(wire.text()).not.toContain('secret');
    expect(printed).toEqual([]);
  });

  test('a body that fails half way is never taken for a whole one', async () => {
    const { dial, log } = await serve({ app: () => make(failingLater(20, 'half')) });
    const wire = dial();
    wire.write(get('/'));
    await wire.closed;
    expect(wire.text()).toContain('half');
    expect(wire.text()).not.toContain('\r\n0\r\n\r\n');
    expect(wire.text()).not.toContain('secret');
    expect(log.loud()).toMatchObject([{ level: 'error', details: { error: { message: 'the secret' } } }]);
    expect(printed).toEqual([]);
  });

  test('a body that fails without a reason is no whole one either', async () => {
    const body = (): ReadableStream<Uint8Array> =>
      new ReadableStream({
        start: async (controller) => {
          controller.enqueue(bytes('half'));
          await clock(20);
          controller.error();
        },
      });
    const { dial, log } = await serve({ app: () => make(body()) });
    const wire = dial();
    wire.write(get('/'));
    await wire.closed;
    expect(wire.text()).not.toContain('\r\n0\r\n\r\n');
    expect(log.loud()).toHaveLength(1);
    expect(printed).toEqual([]);
  });

  test('a body that was read already becomes a generic 500, and the connection lives on', async () => {
    const app = async (request: Request): Promise<Response> => {
      const response = make('once');
      if (request.url.endsWith('/used')) await response.text();
      return response;
    };
    const { dial, log } = await serve({ app });
    const wire = dial();
    wire.write(get('/used'));
    wire.write(get('/fresh'));
    expect(await wire.responses(2)).toMatchObject([{ status: 500 }, { status: 200, body: 'once' }]);
    expect(log.loud()).toHaveLength(1);
    expect(printed).toEqual([]);
  });

  test('a stream that is sent a second time becomes a generic 500', async () => {
    const response = make(new ReadableStream({ start: (c) => c.enqueue(bytes('once')) }, { highWaterMark: 0 }));
    const { dial, log } = await serve({ app: () => response });
    const first = dial();
    first.write(get('/'));
    await first.until((text) => text.includes('once'));
    const second = dial();
    second.write(get('/'));
    expect(await second.responses()).toMatchObject([{ status: 500 }]);
    expect(log.loud()).toHaveLength(1);
    expect(printed).toEqual([]);
  });

  test('a stream arrives whole, in order, however long', async () => {
    const chunk = 'x'.repeat(70_000);
    let left = 40;
    const body = (): ReadableStream<Uint8Array> =>
      new ReadableStream({
        pull: (controller) => {
          left -= 1;
          if (left < 0) controller.close();
          else controller.enqueue(bytes(`${left % 10}${chunk}`));
        },
      });
    const { dial } = await serve({ app: () => make(body()) });
    const wire = dial();
    wire.write(get('/'));
    const [answer] = await wire.responses();
    expect(answer?.body).toHaveLength(40 * 70_001);
    expect(answer?.body.replaceAll(chunk, '')).toBe('9876543210'.repeat(4));
  });

  test('a client that leaves stops the stream it was sent, and nobody is told', async () => {
    let stopped: (() => void) | undefined;
    const cancelled = new Promise<void>((resolve) => {
      stopped = resolve;
    });
    const body = (): ReadableStream<Uint8Array> =>
      new ReadableStream({
        pull: async (controller) => {
          await clock(1);
          controller.enqueue(bytes('tick'));
        },
        cancel: () => stopped?.(),
      });
    const { dial, log } = await serve({ app: () => make(body()) });
    const wire = dial();
    wire.write(get('/'));
    await wire.until((text) => text.includes('tick'));
    wire.socket.resetAndDestroy();
    await cancelled;
    expect(log.loud()).toEqual([]);
    expect(printed).toEqual([]);
  });

  test('several cookies stay several', async () => {
    const headers = new Headers([
      ['set-cookie', 'a=1'],
      ['set-cookie', 'b=2'],
    ]);
    const { dial } = await serve({ app: () => make('x', { headers }) });
    const wire = dial();
    wire.write(get('/'));
    const [answer] = await wire.responses();
    expect(answer?.head.match(/set-cookie: \w=\d/gi)).toHaveLength(2);
  });
});

describe('a response that cannot be written', () => {
  const bad: Readonly<Record<string, () => Response>> = {
    'a header value with a line break': () => new Response('hi', { headers: { 'x-bad': 'a\r\nx-secret: 1' } }),
    'a header value beyond latin1': () => new Response('hi', { headers: { 'x-bad': 'snow ☃' } }),
    'a header name with a space': () => new Response('hi', { headers: { 'x bad': 'a' } }),
    'a list of headers with a wrong one': () => new Response('hi', { headers: [['x bad', 'a secret']] }),
    'a status below all others': () => new Response('hi', { status: 42 }),
    'a status above all others': () => new Response('hi', { status: 1000 }),
    'a status without a body and a wrong header': () =>
      new Response(null, { status: 204, headers: { 'x-bad': 'a\nb' } }),
  };
  describe.each(Object.entries(bad))('for %s', (_, make) => {
    test.each([
      { how: 'at once', app: () => make() },
      { how: 'late', app: async () => make() },
    ])('becomes one generic 500, answered $how', async ({ app }) => {
      const { dial, log, server } = await serve({ app });
      const wire = dial();
      wire.write(get('/'));
      const [answer] = await wire.responses();
      expect(answer).toMatchObject({ status: 500, body: 'Internal Server Error' });
      expect(answer?.head).toMatch(/^HTTP\/1\.1 500 Internal Server Error\r\n/);
      expect(answer?.head).toMatch(/x-request-id: [\w-]+/);
      expect(wire.text()).not.toContain('secret');
      expect(log.loud()).toHaveLength(1);
      expect(printed).toEqual([]);
      // Framed as it says: the next answer, on a connection that is kept or on another one, is the next answer.
      const next = dial();
      next.write(get('/'));
      expect(await next.responses()).toMatchObject([{ status: 500 }]);
      await expect.poll(() => server.inFlight).toBe(0);
    });
  });

  test('does not disturb the answers before it', async () => {
    const app = (request: Request): Response | Promise<Response> =>
      request.url.endsWith('/slow')
        ? clock(30).then(() => new Response('slow'))
        : new Response('hi', { headers: { 'x-bad': 'a\nb' } });
    const { dial } = await serve({ app });
    const wire = dial();
    wire.write(get('/slow') + get('/bad'));
    expect(await wire.responses(2)).toMatchObject([
      { status: 200, body: 'slow' },
      { status: 500, body: 'Internal Server Error' },
    ]);
  });
});

test('without light responses everything is read, and arrives the same', async () => {
  const { dial } = await serve({ app: () => new NodeResponse('own') }, { overrideGlobalObjects: false });
  const wire = dial();
  wire.write(get('/'));
  const [answer] = await wire.responses();
  expect(answer).toMatchObject({ status: 200, body: 'own' });
  expect(answer?.head).toMatch(/content-length: 3/i);
});

describe('an answer that has no body does not wait for one', () => {
  /** A body without an end, which is never short of more. */
  const endless = (cancelled: () => void): ReadableStream =>
    new ReadableStream({ pull: (c) => c.enqueue(bytes('more')), cancel: () => cancelled() });

  test.each([
    { what: 'a HEAD', method: 'HEAD', status: 200 },
    { what: 'a status without a body', method: 'GET', status: 204 },
    { what: 'what has not changed', method: 'GET', status: 304 },
  ])('to $what, and stops the stream it was given', { timeout: 5_000 }, async ({ method, status }) => {
    let stopped = 0;
    const body = (): ReadableStream =>
      endless(() => {
        stopped += 1;
      });
    const { dial } = await serve({ app: () => new Response(body(), { status, headers: { 'x-kept': 'yes' } }) });
    const wire = dial();
    wire.write(get('/').replace('GET', method));
    const head = await wire.until((text) => text.endsWith('\r\n\r\n'));
    expect(head).toMatch(new RegExp(`^HTTP/1.1 ${status} `));
    expect(head).toMatch(/x-kept: yes/);
    wire.write(get('/').replace('GET', method));
    await wire.until((text) => text.endsWith('\r\n\r\n') && text.split('HTTP/1.1').length === 3);
    expect(stopped).toBe(2);
  });
});
