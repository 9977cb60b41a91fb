import { Hono } from 'hono';
import { HTTPException } from 'hono/http-exception';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { App } from '../../../lib/config/server-config.ts';
import { get } from '../../listener/wire.ts';
import { type Line, serve } from '../serving.ts';

const asApp = (result: () => unknown): App => {
  // What a handler in JavaScript may do, whatever its type says.
  const handler: unknown = result;
  return handler as App;
};

const idIn = (head: string): string => /\r\nx-request-id: ([\w.-]+)\r\n/.exec(head)?.[1] ?? 'none';
const detailsOf = ({ details }: Line): unknown => details;

/** What nobody caught; a server whose handlers fail must add nothing to it. */
const escaped: unknown[] = [];
const noticed = (error: unknown): void => {
  escaped.push(error);
};
const printed: unknown[] = [];
const { error: consoleError, info: consoleInfo } = console;

beforeEach(() => {
  escaped.length = 0;
  printed.length = 0;
  process.on('unhandledRejection', noticed).on('uncaughtException', noticed);
  console.error = (...words) => printed.push(words);
  console.info = (...words) => printed.push(words);
});

afterEach(() => {
  process.off('unhandledRejection', noticed).off('uncaughtException', noticed);
  console.error = consoleError;
  console.info = consoleInfo;
});

const boom = (): never => {
  throw new Error('the secret');
};

const withMiddleware = (handler: () => unknown): Hono => {
  const app = new Hono();
  app.use(async (_, next) => {
    await next();
  });
  app.get('/', handler as () => Response);
  return app;
};

const hono = (handler: () => unknown): Hono => new Hono().get('/', handler as () => Response);

const failing: Readonly<Record<string, App>> = {
  'a function that throws': asApp(boom),
  'a function that rejects': asApp(() => Promise.reject(new Error('the secret'))),
  'a function that throws a text': asApp(() => {
    throw 'the secret';
  }),
  'a function that rejects with a text': asApp(() => Promise.reject('the secret')),
  'a function that rejects with nothing': asApp(() => Promise.reject()),
  'a function that returns nothing': asApp(() => undefined),
  'a function that resolves to nothing': asApp(() => Promise.resolve()),
  'a function that returns null': asApp(() => null),
  'a function that returns a text': asApp(() => 'the secret'),
  'a function that returns an object': asApp(() => ({ status: 200, headers: {}, body: 'the secret' })),
  'a function that resolves to an object': asApp(() =>
    Promise.resolve({ status: 200, headers: {}, body: 'the secret' }),
  ),
  'an object whose fetch throws': { fetch: boom },
  'an object whose fetch rejects': { fetch: () => Promise.reject(new Error('the secret')) },
  'a Hono handler that throws': hono(boom),
  'a Hono handler that rejects': hono(() => Promise.reject(new Error('the secret'))),
  'a Hono handler that throws a text': hono(() => {
    throw 'the secret';
  }),
  'a Hono handler that rejects with a text': hono(() => Promise.reject('the secret')),
  'a Hono handler behind middleware that throws': withMiddleware(boom),
  'a Hono handler behind middleware that rejects': withMiddleware(() => Promise.reject(new Error('the secret'))),
  'a Hono middleware that throws': new Hono().use(boom).get('/', (c) => c.text('never')),
  'a Hono app whose own error handler throws': hono(boom).onError(boom),
};

describe.each(Object.entries(failing))('%s', (_, app) => {
  test('costs its client a generic 500, the log one line, and the connection nothing', async () => {
    const { dial, log } = await serve({ app });
    const wire = dial();
    wire.write(get('/?first'));
    const [first] = await wire.responses();
    expect(first).toMatchObject({ status: 500, body: 'Internal Server Error' });
    expect(first?.head).toMatch(/\r\nconnection: keep-alive\r\n/i);
    expect(log.loud()).toHaveLength(1);
    expect(log.loud()).toMatchObject([
      {
        level: 'error',
        message: `server test: request ${idIn(first?.head ?? '')} failed`,
        details: { path: '/?first', headersWritten: false },
      },
    ]);
    wire.write(get('/?second'));
    const [, second] = await wire.responses(2);
    expect(second?.status).toBe(500);
    expect(idIn(second?.head ?? '')).not.toBe(idIn(first?.head ?? ''));
    expect(wire.text()).not.toContain('secret');
    expect(escaped).toEqual([]);
    expect(printed).toEqual([]);
  });
});

test('the log line holds what was thrown', async () => {
  const { dial, log } = await serve({ app: boom });
  const wire = dial();
  wire.write(get('/where'));
  await wire.responses();
  expect(log.loud().map(detailsOf)).toMatchObject([
    { method: 'GET', path: '/where', error: expect.objectContaining({ message: 'the secret' }) },
  ]);
});

test('a failed request is known by the id its client gave it, unless that could forge a log line', async () => {
  const { dial } = await serve({ app: boom });
  const wire = dial();
  wire.write(get('/', 'X-Request-Id: order-66.a_b'));
  wire.write(get('/', 'X-Request-Id: a b'));
  wire.write(get('/', `X-Request-Id: ${'a'.repeat(65)}`));
  const [harmless, forged, long] = await wire.responses(3);
  expect(idIn(harmless?.head ?? '')).toBe('order-66.a_b');
  expect(idIn(forged?.head ?? '')).toMatch(/^[\da-f-]{36}$/);
  expect(idIn(long?.head ?? '')).toMatch(/^[\da-f-]{36}$/);
});

test('an HTTPException is an answer, not a failure', async () => {
  const app = hono(() => {
    throw new HTTPException(418, { message: 'teapot' });
  });
  const { dial, log } = await serve({ app });
  const wire = dial();
  wire.write(get('/'));
  expect(await wire.responses()).toMatchObject([{ status: 418, body: 'teapot' }]);
  expect(log.lines).toEqual([]);
});

test("an app's own error handler answers, and nothing is logged for it", async () => {
  const app = hono(boom).onError((error, c) => c.text(`sorry: ${error.message.length}`, 503));
  const { dial, log } = await serve({ app });
  const wire = dial();
  wire.write(get('/'));
  expect(await wire.responses()).toMatchObject([{ status: 503, body: 'sorry: 10' }]);
  expect(log.lines).toEqual([]);
});

test('a handler that stumbles over the absence of its client is no error', async () => {
  let stumble = (): void => {};
  const app = (request: Request): Promise<Response> =>
    new Promise((_, reject) => {
      request.signal.addEventListener('abort', () => reject(new Error('gone')));
      stumble();
    });
  const { dial, log, server } = await serve({ app });
  const wire = dial();
  const asked = new Promise<void>((resolve) => {
    stumble = resolve;
  });
  wire.write(get('/'));
  await asked;
  wire.socket.resetAndDestroy();
  await expect.poll(() => server.inFlight).toBe(0);
  await expect.poll(() => log.lines.length).toBe(1);
  expect(log.loud()).toEqual([]);
});
