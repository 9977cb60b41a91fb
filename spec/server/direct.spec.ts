import { describe, expect, test } from 'vitest';
import type { Route } from '../../lib/config/server-config.ts';
import { get, post } from '../listener/wire.ts';
import { backend } from './proxy/backend.ts';
import { serve } from './serving.ts';

/** Routes of every sort around a proxy, and what each path has to be answered with. */
const around = (url: string): readonly Route[] => [
  { path: '/fixed', respond: { body: 'fixed' } },
  { path: '/first/*', handler: (_, next) => next() },
  {
    path: '/guarded/*',
    proxy: url,
    middleware: [async (c, next) => (c.req.query('key') ? next() : c.text('closed', 403))],
  },
  { path: '/only/:id', methods: ['GET'], proxy: url },
  { path: '/only/*', respond: { status: 405 } },
  { path: '/*', proxy: url },
];

describe('a request that goes past the app', () => {
  test('gets what the app would have given', async () => {
    const { url } = await backend((request, response) => {
      request.resume();
      request.on('end', () => response.end(`${request.method} ${request.url}`));
    });
    const { dial } = await serve({ routes: [...around(url)] });
    const wire = dial();
    let asked = 0;
    for (const [bytes, status, body] of [
      [get('/any?a=%20b'), 200, 'GET /any?a=%20b'],
      [get('/fixed'), 200, 'fixed'],
      [get('/first/x'), 200, 'GET /first/x'],
      [get('/guarded/x'), 403, 'closed'],
      [get('/guarded/x?key=1'), 200, 'GET /guarded/x?key=1'],
      [get('/only/7'), 200, 'GET /only/7'],
      [post('/only/7', ''), 405, ''],
      [post('/any', 'body'), 200, 'POST /any'],
      ['DELETE /any HTTP/1.1\r\nHost: test\r\n\r\n', 200, 'DELETE /any'],
      [get('/g%75arded/x'), 403, 'closed'],
      [get('/%E4%BD%A0'), 200, 'GET /%E4%BD%A0'],
      [get('/guarded//x'), 400, undefined],
    ] as const) {
      asked += 1;
      wire.write(bytes);
      const answer = (await wire.responses(asked))[asked - 1];
      expect([bytes.split('\r\n')[0], answer?.status]).toEqual([bytes.split('\r\n')[0], status]);
      if (body !== undefined) expect(answer?.body).toBe(body);
    }
  });

  test('is surrounded by what surrounds all routes', async () => {
    const { url } = await backend((_, response) => response.end('ok'));
    const { dial } = await serve({
      routes: [
        {
          path: '*',
          handler: async (c, next) => {
            await next();
            c.res.headers.set('x-around', 'yes');
          },
        },
        { path: '/*', proxy: url },
      ],
    });
    const wire = dial();
    wire.write(get('/'));
    expect((await wire.responses())[0]?.head).toMatch(/x-around: yes/i);
  });
});
