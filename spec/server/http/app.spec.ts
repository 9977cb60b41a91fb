import { Hono } from 'hono';
import { createMiddleware } from 'hono/factory';
import { RegExpRouter } from 'hono/router/reg-exp-router';
import { TrieRouter } from 'hono/router/trie-router';
import { describe, expect, test } from 'vitest';
import type { App, Route } from '../../../lib/config/server-config.ts';
import { AppError } from '../../../lib/server/errors.ts';
import { get, post } from '../../listener/wire.ts';
import { built, type Served, serve, specOf } from '../serving.ts';

const answers = async (served: Served, ...requests: readonly string[]) => {
  const { dial } = await serve(served);
  const wire = dial();
  for (const request of requests) wire.write(request);
  return wire.responses(requests.length);
};

describe('an app answers', () => {
  class Greeter {
    readonly #name = 'greeter';
    fetch(): Response {
      return new Response(`hello from ${this.#name}`);
    }
  }
  const apps: Readonly<Record<string, readonly [app: App, body: string]>> = {
    'as a Hono app': [new Hono().get('/', (c) => c.text('hono')), 'hono'],
    'as a Hono app that takes its time': [new Hono().get('/', async (c) => c.text('late hono')), 'late hono'],
    'as a Hono app under a base path': [new Hono().basePath('/').get('/', (c) => c.text('based')), 'based'],
    'as an object with fetch': [{ fetch: () => new Response('object') }, 'object'],
    'as an instance whose fetch needs itself': [new Greeter(), 'hello from greeter'],
    'as a function': [() => new Response('function'), 'function'],
    'as an async function': [async () => new Response('async function'), 'async function'],
    'with what fetch() brought': [() => fetch('data:text/plain,fetched'), 'fetched'],
    'with JSON': [() => Response.json({ a: 1 }), '{"a":1}'],
    'with bytes': [() => new Response(new Uint8Array([104, 105])), 'hi'],
    'with a blob': [() => new Response(new Blob(['blob'])), 'blob'],
    'with a form': [() => new Response(new URLSearchParams({ a: 'b' })), 'a=b'],
    'with nothing in particular': [() => new Response(), ''],
  };
  test.each(Object.entries(apps))('%s', async (_, [app, body]) => {
    expect(await answers({ app }, get('/'), get('/'))).toMatchObject([
      { status: 200, body },
      { status: 200, body },
    ]);
  });

  test("with Node's own request and response at hand", async () => {
    const app = new Hono<{ Bindings: { incoming: { method: string }; outgoing: { statusCode: number } } }>();
    app.get('/', (c) => c.text(`${c.env.incoming.method} ${c.env.outgoing.statusCode}`));
    expect(await answers({ app }, get('/'))).toMatchObject([{ body: 'GET 200' }]);
  });

  test('a HEAD without a body, and a GET after it on the same connection', async () => {
    const { dial } = await serve({ app: new Hono().get('/', (c) => c.text('body')) });
    const wire = dial();
    wire.write(get('/').replace('GET', 'HEAD'));
    const head = await wire.until((text) => text.includes('\r\n\r\n'));
    expect(head).toMatch(/^HTTP\/1\.1 200 .*\r\n\r\n$/s);
    wire.write(get('/'));
    expect(await wire.until((text) => text.endsWith('body'))).toContain('body');
  });

  test('a status without a body', async () => {
    const app = (request: Request): Response =>
      new Response(null, { status: request.url.endsWith('/304') ? 304 : 204 });
    expect(await answers({ app }, get('/204'), get('/304'))).toMatchObject([{ status: 204 }, { status: 304 }]);
  });
});

test('a connection that says in its answer what is to become of it is heard', async () => {
  const app = (): Response => new Response('bye', { headers: { connection: 'close' } });
  const { dial } = await serve({ app });
  const wire = dial();
  wire.write(get('/'));
  expect(await wire.closed).toBe('ended');
  expect(wire.text()).toMatch(/\r\nconnection: close\r\n/i);
});

describe('a Hono app that was hosted', () => {
  test('has compiled its routes before anybody asked', () => {
    const app = new Hono({ router: new RegExpRouter() });
    app.get('/a/:id', (c) => c.text('a'));
    app.get('/early', (c) => c.text('early'));
    built(specOf({ app }));
    // A router that is compiled takes no further routes: that is how it shows.
    expect(() => app.get('/late', (c) => c.text('late'))).toThrow('already built');
  });

  test('is what it was outside a server', async () => {
    const stock = (): Hono => {
      const app = new Hono();
      app.get('/', (c) => c.text('fine'));
      app.get('/throws', () => {
        throw new Error('boom');
      });
      app.get('/rejects', async () => {
        throw new Error('boom');
      });
      return app;
    };
    const printed: unknown[][] = [];
    const { error } = console;
    console.error = (...words) => printed.push(words);
    try {
      const outcome = async (app: Hono) => {
        const responses = await Promise.all(['/', '/throws', '/rejects', '/missing'].map((path) => app.request(path)));
        return Promise.all(
          responses.map(async (response) => [response.status, [...response.headers], await response.text()]),
        );
      };
      const [hosted, other] = [stock(), stock()];
      built(specOf({ app: hosted }));
      expect(await outcome(hosted)).toEqual(await outcome(other));
      expect(printed).toHaveLength(4);
    } finally {
      console.error = error;
    }
  });

  test('can be hosted twice, and given an error handler afterwards', async () => {
    const app = new Hono().get('/', () => {
      throw new Error('boom');
    });
    built(specOf({ app }));
    app.onError((_, c) => c.text('own', 418));
    expect(await answers({ app }, get('/'))).toMatchObject([{ status: 418, body: 'own' }]);
  });

  test('whose routes cannot be compiled is no app', () => {
    const app = new Hono();
    app.router = Object.assign(new TrieRouter<[never, never]>(), {
      match: () => {
        throw new Error('no such routes');
      },
    });
    expect(() => built(specOf({ app }))).toThrow(AppError);
    expect(() => built(specOf({ app }))).toThrow(expect.objectContaining({ code: 'ERR_APP', server: 'test' }));
  });
});

const noting = (notes: string[], name: string) =>
  createMiddleware(async (_, next) => {
    notes.push(`${name} before`);
    await next();
    notes.push(`${name} after`);
  });

describe('routes', () => {
  test('of data answer with status, headers, text and JSON', async () => {
    const routes: readonly Route[] = [
      { path: '/text', respond: { body: 'hello' } },
      { path: '/json', respond: { json: { a: [1, null] } } },
      { path: '/made', respond: { status: 201, body: '<p>', headers: { 'Content-Type': 'text/html', 'X-A': 'b' } } },
      { path: '/empty', respond: { status: 204 } },
      { path: '/nothing', respond: {} },
      { path: '/false', respond: { json: false } },
      { path: '/vnd', respond: { json: {}, headers: { 'content-type': 'application/vnd.x+json' } } },
    ];
    const [text, json, made, empty, nothing, no, vnd] = await answers(
      { routes },
      ...['/text', '/json', '/made', '/empty', '/nothing', '/false', '/vnd'].map((path) => get(path)),
    );
    expect(text).toMatchObject({ status: 200, body: 'hello' });
    expect(text?.head).toMatch(/content-type: text\/plain; charset=utf-8\r\n/i);
    expect(json).toMatchObject({ status: 200, body: '{"a":[1,null]}' });
    expect(json?.head).toMatch(/content-type: application\/json\r\n/i);
    expect(made).toMatchObject({ status: 201, body: '<p>' });
    expect(made?.head.match(/content-type/gi)).toHaveLength(1);
    expect(made?.head).toMatch(/x-a: b\r\n/i);
    expect(empty).toMatchObject({ status: 204, body: '' });
    expect(nothing).toMatchObject({ status: 200, body: '' });
    expect(no).toMatchObject({ status: 200, body: 'false' });
    expect(vnd?.head.match(/content-type: (.*)\r\n/gi)).toEqual(['content-type: application/vnd.x+json\r\n']);
  });

  test('of code answer with whatever a handler may return, at once or late', async () => {
    const routes: readonly Route[] = [
      { path: '/sync', handler: (c) => c.text('sync') },
      { path: '/async', handler: async (c) => c.text('async') },
      { path: '/fetched', handler: () => fetch('data:text/plain,fetched') },
      { path: '/users/:id', handler: (c) => c.text(c.req.param('id') ?? 'none') },
      { path: '/files/*', handler: (c) => c.text(c.req.path) },
    ];
    expect(
      await answers(
        { routes },
        ...['/sync', '/async', '/fetched', '/users/7', '/files/a/b', '/none'].map((p) => get(p)),
      ),
    ).toMatchObject([
      { body: 'sync' },
      { body: 'async' },
      { body: 'fetched' },
      { body: '7' },
      { body: '/files/a/b' },
      { status: 404 },
    ]);
  });

  test('answer only the methods they name', async () => {
    const routes: readonly Route[] = [
      { path: '/', methods: ['POST'], respond: { body: 'posted' } },
      { path: '/', methods: ['GET', 'PUT'], respond: { body: 'got or put' } },
      { path: '/any', respond: { body: 'any' } },
    ];
    expect(
      await answers(
        { routes },
        get('/'),
        post('/', ''),
        get('/').replace('GET', 'PUT'),
        get('/').replace('GET', 'DELETE'),
        get('/any').replace('GET', 'OPTIONS'),
        get('/any').replace('GET', 'PROPFIND'),
      ),
    ).toMatchObject([
      { body: 'got or put' },
      { body: 'posted' },
      { body: 'got or put' },
      { status: 404 },
      { body: 'any' },
      { body: 'any' },
    ]);
  });

  test('run their middleware from the outside in, and out again', async () => {
    const notes: string[] = [];
    const routes: readonly Route[] = [
      {
        path: '/',
        middleware: [noting(notes, 'A'), noting(notes, 'B')],
        handler: (c) => {
          notes.push('handler');
          return c.text('done');
        },
      },
    ];
    await answers({ routes }, get('/'));
    expect(notes).toEqual(['A before', 'B before', 'handler', 'B after', 'A after']);
  });

  test('are not reached when their middleware answers itself', async () => {
    const notes: string[] = [];
    const guard = createMiddleware(async (c) => c.text('stop', 403));
    const routes: readonly Route[] = [
      {
        path: '/',
        middleware: [noting(notes, 'A'), guard],
        handler: () => new Response(String(notes.push('handler'))),
      },
    ];
    expect(await answers({ routes }, get('/'))).toMatchObject([{ status: 403, body: 'stop' }]);
    expect(notes).toEqual(['A before', 'A after']);
  });

  const nothing: Readonly<Record<string, () => unknown>> = {
    'returns nothing': () => undefined,
    'resolves to nothing': async () => undefined,
    'returns a text': () => 'text',
    'resolves to an object': async () => ({ status: 200 }),
  };
  test.each(Object.entries(nothing))(
    'whose handler %s are a failure, not a page that is missing',
    async (_, handler) => {
      const routes = [{ path: '/', handler: handler as () => Response }];
      const { dial, log } = await serve({ routes });
      const wire = dial();
      wire.write(get('/'));
      expect(await wire.responses()).toMatchObject([{ status: 500, body: 'Internal Server Error' }]);
      expect(log.loud()).toMatchObject([{ details: { error: { code: 'ERR_NO_RESPONSE' } } }]);
    },
  );

  test('that pass on to the next are no failure when it answers', async () => {
    const routes: readonly Route[] = [
      {
        path: '/*',
        handler: async (c, next) => {
          await next();
          return c.res;
        },
      },
      { path: '/a', respond: { body: 'next' } },
    ];
    expect(await answers({ routes }, get('/a'))).toMatchObject([{ status: 200, body: 'next' }]);
  });

  test('that cannot be built name their server', () => {
    const routes: readonly Route[] = [{ path: '/:a{[}', respond: {} }];
    expect(() => built(specOf({ routes }))).toThrow(AppError);
  });
});
