// Routes instead of an app: code and data side by side, each with Hono's path patterns and middleware.
// #region main
import type { Context } from 'hono';
import { poweredBy } from 'hono/powered-by';
import { createCluster, route } from 'sluice';

const cluster = createCluster({ baseDir: import.meta.dirname });
await cluster.start();

const outcome = await cluster.apply({
  api: {
    listen: '127.0.0.1:0',
    maxBodyBytes: 1_000,
    handlerTimeoutMs: 100,
    routes: [
      { path: '/health', respond: { json: { ok: true } } },
      {
        path: '/users/:id',
        methods: ['GET'],
        middleware: [poweredBy({ serverName: 'Sluice' })],
        handler: (c: Context) => c.json({ id: c.req.param('id') }),
      },
      {
        path: '/upload',
        methods: ['POST'],
        handler: async (c: Context) => c.text(`${(await c.req.text()).length} bytes`),
      },
      { path: '/forgotten', handler: () => new Promise<Response>(() => {}) },
    ],
  },
});
// #endregion

const url = cluster.snapshot.servers.api?.url ?? '';
const ask = async (path: string, init?: RequestInit) => {
  const response = await fetch(url + path, init);
  const text = response.headers.get('location') ?? (await response.text());
  console.log(path, response.status, text);
};
console.log(outcome.status);
await ask('/health');
await ask('/users/7');
await ask('/upload', { method: 'POST', body: 'x'.repeat(1_000) });
await ask('/upload', { method: 'POST', body: 'x'.repeat(1_001) });
await ask('/forgotten');

// #region kinds
const hello = route('hello', '/hello/:name', (c) => c.text(`hello ${c.req.param('name')}`), poweredBy());

await cluster.apply({
  api: {
    listen: '127.0.0.1:0',
    routes: [
      hello,
      { path: '/users/*', module: './modules/users.ts' },
      { path: '/people/*', redirect: { to: '/users/*', status: 308 } },
      { path: '*', respond: { status: 404, json: { error: 'no such thing' } } },
    ],
  },
});
// #endregion

await ask('/hello/ada');
await ask('/users/bob');
await ask('/people/bob?from=old', { redirect: 'manual' });
await ask('/hel%6Co/%61da');
await ask('/users/%2e%2e%2fsecret');
console.log(cluster.snapshot.servers.api?.config.routes.map(({ name, kind }) => name ?? kind).join(' '));
await cluster.stop();

// prints:
// committed
// /health 200 {"ok":true}
// /users/7 200 {"id":"7"}
// /upload 200 1000 bytes
// /upload 413 Payload Too Large
// /forgotten 503 Service Unavailable
// /hello/ada 200 hello ada
// /users/bob 200 {"id":"bob"}
// /people/bob?from=old 308 /users/bob?from=old
// /hel%6Co/%61da 200 hello ada
// /users/%2e%2e%2fsecret 400 Bad Request
// hello module redirect respond
