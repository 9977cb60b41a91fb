import { Hono } from 'hono';
import { expect, test } from 'vitest';
import { type AccessEntry, accessLog } from '../../lib/middleware/access-log.ts';
import { ask, speak } from '../server/http2/speaking.ts';
import { eventually } from '../server/serving.ts';

const LARGE = 'x'.repeat(300_000);

const logged = () => {
  const entries: AccessEntry[] = [];
  const app = new Hono();
  app.use(accessLog((entry) => entries.push(entry)));
  app.get('/', (c) => c.text('hello'));
  app.get('/large', (c) => c.text(LARGE));
  app.get('/hangs', () => new Promise<Response>(() => {}));
  app.get('/endless', () => new Response(new ReadableStream({ start: (c) => c.enqueue(new Uint8Array(10)) })));
  return { app, entries };
};

test.each([
  ['/', 200, 5],
  ['/large', 200, LARGE.length],
  ['/nowhere', 404, 13],
])('a request over HTTP/2 leaves one entry: %s', async (path, status, bytes) => {
  const { app, entries } = logged();
  const { dial } = await speak({ app });
  expect((await ask(dial(), { ':path': path, 'user-agent': 'browser/2' })).status).toBe(status);
  await eventually(() => entries.length > 0);
  expect(entries).toMatchObject([
    { method: 'GET', path, status, bytes, complete: true, userAgent: 'browser/2', remoteAddress: '127.0.0.1' },
  ]);
});

test('one whose handler is late leaves the status its client got', async () => {
  const { app, entries } = logged();
  const { dial } = await speak({ app, limits: { handlerTimeoutMs: 50 } });
  await ask(dial(), { ':path': '/hangs' });
  await eventually(() => entries.length > 0);
  expect(entries).toMatchObject([{ status: 503, complete: true }]);
});

test('one whose client leaves says so', async () => {
  const { app, entries } = logged();
  const { dial } = await speak({ app });
  const session = dial();
  const hanging = session.request({ ':path': '/hangs' });
  const endless = session.request({ ':path': '/endless' });
  await new Promise((resolve) => endless.once('data', resolve));
  // CANCEL, of both.
  for (const stream of [hanging, endless]) stream.close(8);
  await eventually(() => entries.length === 2);
  expect(entries.map(({ status, complete }) => [status, complete]).sort()).toEqual([
    [200, false],
    [499, false],
  ]);
});
