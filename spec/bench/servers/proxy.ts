/** One proxy in front of one backend, built in different ways: what `proxy` compares. */
import { createServer, type ServerResponse } from 'node:http';
import { createAdaptorServer } from '@hono/node-server';
import { Hono } from 'hono';
import { poweredBy } from 'hono/powered-by';
import { proxy } from 'hono/proxy';
import { type Dispatcher, Pool } from 'undici';
import { createCluster } from '../../../lib/index.ts';
import { setting, takeOrders } from '../harness/orders.ts';
import { quietLogger } from '../harness/quiet.ts';

export type ProxyKind = 'sluice' | 'sluice-middleware' | 'hono-proxy' | 'bridge';

export interface ProxySetting {
  readonly kind: ProxyKind;
  readonly port: number;
  readonly target: string;
}

const { kind, port, target } = setting() as ProxySetting;

const sluice = async (middleware: 'with' | 'without'): Promise<void> => {
  const cluster = createCluster({ logger: quietLogger });
  await cluster.start();
  const route = { path: '/*', proxy: target };
  const outcome = await cluster.apply({
    front: {
      listen: `127.0.0.1:${port}`,
      routes: [middleware === 'with' ? { ...route, middleware: [poweredBy()] } : route],
    },
  });
  if (outcome.status !== 'committed') throw new Error(`not committed: ${JSON.stringify(outcome)}`);
};

/** The helper that Hono brings, as its documentation shows it: on the global `fetch`. */
const honoProxy = async (): Promise<void> => {
  const app = new Hono();
  app.all('/*', (c) => proxy(`${target}${c.req.path}`, { ...c.req, headers: c.req.header() }));
  const server = createAdaptorServer({ fetch: app.fetch });
  await new Promise<void>((resolve) => {
    server.listen(port, '127.0.0.1', resolve);
  });
};

/** The least that passes requests on: no more of HTTP than it takes for this one to work. */
const bridge = async (): Promise<void> => {
  const pool = new Pool(target);
  const handlerOf = (outgoing: ServerResponse): Dispatcher.DispatchHandler => ({
    onRequestStart: () => {},
    onResponseStart: (_, status, { connection, 'keep-alive': keepAlive, ...headers }) => {
      outgoing.writeHead(status, headers);
    },
    onResponseData: (controller, chunk) => {
      if (outgoing.write(chunk)) return;
      controller.pause();
      outgoing.once('drain', () => controller.resume());
    },
    onResponseEnd: () => outgoing.end(),
    onResponseError: () => outgoing.destroy(),
  });
  const server = createServer((incoming, outgoing) => {
    const { connection, host, ...headers } = incoming.headers;
    const { url = '/', method = 'GET' } = incoming;
    const body = method === 'GET' ? null : incoming;
    pool.dispatch({ path: url, method, headers, body }, handlerOf(outgoing));
  });
  await new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve));
};

await {
  sluice: () => sluice('without'),
  'sluice-middleware': () => sluice('with'),
  'hono-proxy': honoProxy,
  bridge,
}[kind]();
takeOrders({});
