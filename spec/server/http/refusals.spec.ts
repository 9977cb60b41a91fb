import { Hono } from 'hono';
import { setCookie } from 'hono/cookie';
import { describe, expect, test } from 'vitest';
import { get } from '../../listener/wire.ts';
import { serve } from '../serving.ts';

const answerTo = async (bytes: string, app: Hono) => {
  let asked = 0;
  const { dial } = await serve({
    app: (request, env) => {
      asked += 1;
      return app.fetch(request, env);
    },
  });
  const wire = dial();
  wire.socket.write(bytes, 'latin1');
  const [answer] = await wire.responses();
  return { status: answer?.status, head: answer?.head ?? '', body: answer?.body ?? '', asked };
};

describe('a head that is too much', () => {
  const long = 'x'.repeat(17_000);
  test.each([
    ['a header beyond the limit', get('/', `X: ${long}`), 431],
    [
      'many headers that are beyond it together',
      get('/', ...Array.from({ length: 90 }, () => `X: ${'y'.repeat(200)}`)),
      431,
    ],
    ['a URL beyond the limit', get(`/${long}`), 431],
    ['a query beyond the limit', get(`/?${long}`), 431],
    ['more than a hundred headers', get('/', ...Array.from({ length: 101 }, (_, n) => `X-${n}: y`)), 431],
    ['two hosts', get('/', 'Host: other'), 400],
    ['two hosts in different letters', get('/', 'HOST: test'), 400],
  ])('%s has its status, and no handler is asked', async (_, bytes, status) => {
    expect(await answerTo(bytes, new Hono())).toMatchObject({ status, asked: 0 });
  });
});

describe('what a client sends cannot become a header of its answer', () => {
  const careless = new Hono()
    .onError(() => new Response(null, { status: 500 }))
    .get('/header', (c) => {
      c.header('x-echo', c.req.query('v') ?? '');
      return c.text('sent');
    })
    .get('/raw', (c) => new Response('sent', { headers: { 'x-echo': c.req.query('v') ?? '' } }))
    .get('/list', (c) => new Response('sent', { headers: [['x-echo', c.req.query('v') ?? '']] }))
    .get('/redirect', (c) => c.redirect(c.req.query('v') ?? '/'))
    .get('/cookie', (c) => {
      setCookie(c, 'echo', c.req.query('v') ?? '');
      return c.text('sent');
    })
    .get('/status', (c) => new Response('sent', { status: 200, statusText: c.req.query('v') ?? '' }))
    .get('/path/:v', (c) => {
      c.header('x-echo', c.req.param('v'));
      return c.text('sent');
    });

  const PAYLOADS = [
    'a%0d%0aX-Injected:%201',
    'a%0aX-Injected:%201',
    'a%0dX-Injected:%201',
    '%0d%0a%0d%0a<script>',
    'a%00b',
    '%E5%98%8A%E5%98%8DX-Injected:1',
  ];
  const PLACES = ['/header?v=', '/raw?v=', '/list?v=', '/redirect?v=', '/cookie?v=', '/status?v=', '/path/'];

  test.each(PLACES.flatMap((place) => PAYLOADS.map((payload) => place + payload)))('%s', async (target) => {
    const { status, head, body } = await answerTo(get(target), careless);
    expect(head).not.toMatch(/^x-injected/im);
    expect(body).not.toContain('<script>');
    expect(head).not.toMatch(/[^\r]\n|\r[^\n]|\0/);
    expect([200, 302, 400, 500]).toContain(status);
  });
});
