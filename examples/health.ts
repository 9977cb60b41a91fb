// Servers that are looked after: what is asked of them, how they are, and what that means together.
// #region checks
import { Hono } from 'hono';
import { filter, firstValueFrom, map } from 'rxjs';
import { combineHealth, createCluster, type HealthStatus, httpStatusOf, type ServerConfig } from 'sluice';

let connected = true;

/** Asked over HTTP: the path, and if need be more of the request and of the answer. */
const shop: ServerConfig = {
  listen: '127.0.0.1:0',
  app: new Hono().get('/healthz', (c) => (connected ? c.text('ready') : c.text('no database', 503))),
  health: { http: { path: '/healthz', status: [200, 204], body: 'ready' }, intervalMs: 40 },
};

/** Something accepts connections there; nothing more. */
const files: ServerConfig = {
  listen: '127.0.0.1:0',
  app: () => new Response('hello'),
  health: true,
};

/** Code of your own. What it begins with the signal ends with the check. */
const queue: ServerConfig = {
  listen: '127.0.0.1:0',
  app: () => Response.json({ waiting: 3 }),
  health: {
    check: async ({ url, signal }) => {
      const answer = await fetch(url, { signal });
      const { waiting } = (await answer.json()) as { waiting: number };
      if (waiting > 1_000) throw new Error(`${waiting} jobs wait`);
    },
    riseIntervalMs: 100,
  },
};
// #endregion

const cluster = createCluster();

await cluster.start();
await cluster.apply({ shop, files, queue });

// #region watch
const health$ = cluster.cluster$.pipe(
  map(({ servers }) => servers.shop?.health),
  filter((health) => health !== undefined),
);
const until = (wanted: HealthStatus) =>
  firstValueFrom(health$.pipe(filter(({ status, checks }) => status === wanted && checks > 0)));

console.log((await until('ok')).status);
connected = false;
const { status, message } = await until('down');
console.log(`${status}: ${message}`);
// #endregion

// #region combine
const whole = combineHealth(
  [
    { mode: 'should', servers: ['shop'] },
    { mode: 'any', servers: ['files', 'queue'] },
  ],
  (server) => cluster.snapshot.servers[server]?.health?.status,
);
console.log('together:', whole, httpStatusOf(whole));
// #endregion

await cluster.stop();

// prints:
// ok
// down: GET /healthz was answered with 503, not 200, 204
// together: warn 200
