// Routes instead of an app: code and data side by side, each with Hono's path patterns and middleware.
import type { Context } from 'hono';
import { poweredBy } from 'hono/powered-by';
import { createCluster } from 'sluice';

const cluster = createCluster();
await cluster.start();

// #region main
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
  console.log(path, response.status, await response.text());
};
console.log(outcome.status);
await ask('/health');
await ask('/users/7');
await ask('/upload', { method: 'POST', body: 'x'.repeat(1_000) });
await ask('/upload', { method: 'POST', body: 'x'.repeat(1_001) });
await ask('/forgotten');
await cluster.stop();

// prints:
// committed
// /health 200 {"ok":true}
// /users/7 200 {"id":"7"}
// /upload 200 1000 bytes
// /upload 413 Payload Too Large
// /forgotten 503 Service Unavailable
