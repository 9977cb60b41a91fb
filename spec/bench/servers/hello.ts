/** One answering server, hosted in different ways: what `throughput` compares. */
import { createServer } from 'node:http';
import { createAdaptorServer } from '@hono/node-server';
import { Hono } from 'hono';
import { createCluster } from '../../../lib/index.ts';
import { setting, takeOrders } from '../harness/orders.ts';
import { quietLogger } from '../harness/quiet.ts';

export type Host = 'raw' | 'hono' | 'sluice';
export type Kind = 'sync' | 'async';

export interface HelloSetting {
  readonly host: Host;
  readonly kind: Kind;
  readonly port: number;
}

const { host, kind, port } = setting() as HelloSetting;

const appOf = (): Hono => {
  const app = new Hono();
  if (kind === 'sync') app.get('/', (c) => c.json({ hello: 'world' }));
  else app.get('/', async (c) => c.json({ hello: 'world' }));
  return app;
};

const raw = (): Promise<void> => {
  const body = JSON.stringify({ hello: 'world' });
  const headers = { 'content-type': 'application/json', 'content-length': String(body.length) };
  const server = createServer((_, response) => {
    response.writeHead(200, headers);
    response.end(body);
  });
  return new Promise((resolve) => server.listen(port, '127.0.0.1', resolve));
};

const bare = (): Promise<void> => {
  const server = createAdaptorServer({ fetch: appOf().fetch });
  return new Promise((resolve) => {
    server.listen(port, '127.0.0.1', resolve);
  });
};

const hosted = async (): Promise<void> => {
  const cluster = createCluster({ logger: quietLogger });
  await cluster.start();
  const outcome = await cluster.apply({ hello: { listen: `127.0.0.1:${port}`, app: appOf() } });
  if (outcome.status !== 'committed') throw new Error(`not committed: ${JSON.stringify(outcome)}`);
};

await { raw, hono: bare, sluice: hosted }[host]();
takeOrders({});
