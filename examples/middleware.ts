// Middleware by name, as a JSON or YAML file would have it, around all routes and around one.
import type { Context } from 'hono';
import { accessLog, createCluster } from 'sluice';

const cluster = createCluster();
await cluster.start();

// #region main
await cluster.apply({
  api: {
    listen: '127.0.0.1:0',
    middleware: [
      { requestId: true },
      { secureHeaders: true },
      { stateHeader: true },
      accessLog(({ method, path, status, bytes }) => console.log(`${method} ${path} ${status} ${bytes} B`)),
    ],
    routes: [
      {
        path: '/prices',
        methods: ['GET'],
        middleware: [{ cors: { origin: 'https://shop.example' } }, { etag: true }],
        respond: { json: { apples: 3 } },
      },
      {
        path: '/staff/*',
        middleware: [
          { basicAuth: { users: [{ username: 'ann', password: 'secret' }] } },
          { stripPrefix: '/staff' },
          { headers: { request: { set: { 'x-team': 'blue' } }, response: { remove: ['x-internal'] } } },
        ],
        handler: (c: Context) => c.text(`${c.req.path} for ${c.req.header('x-team')}`, 200, { 'x-internal': 'yes' }),
      },
    ],
  },
});
// #endregion

const ask = (path: string, headers: Record<string, string> = {}, method = 'GET'): Promise<Response> =>
  fetch(`${cluster.snapshot.servers.api?.url}${path}`, { method, headers });

const preflight = { origin: 'https://shop.example', 'access-control-request-method': 'GET' };
const allowed = await ask('/prices', preflight, 'OPTIONS');
console.log(allowed.headers.get('access-control-allow-origin'), allowed.headers.get('x-server-state'));

await ask('/staff/plans').then((response) => response.text());
const authorization = `Basic ${btoa('ann:secret')}`;
const staff = await ask('/staff/plans', { authorization });
console.log(await staff.text(), staff.headers.get('x-internal'));
await cluster.stop();

// prints:
// OPTIONS /prices 204 0 B
// https://shop.example Running
// GET /staff/plans 401 12 B
// GET /staff/plans 200 15 B
// /plans for blue null
