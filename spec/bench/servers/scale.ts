/** Many servers in one process, started by hand or by a cluster, with the clock in the same process. */
import { createServer, type Server } from 'node:http';
import { createAdaptorServer, type ServerType } from '@hono/node-server';
import { Hono } from 'hono';
import { type ClusterConfig, createCluster, type ServerConfig } from '../../../lib/index.ts';
import { setting, takeOrders } from '../harness/orders.ts';
import { quietLogger } from '../harness/quiet.ts';

export interface ScaleSetting {
  readonly host: 'plain' | 'hono' | 'sluice';
}

export interface Started {
  readonly ms: number;
  /** Growth of the resident set for each server, after a collection. */
  readonly rssKib: number;
  /** Growth of the heap for each server, after a collection. */
  readonly heapKib: number;
}

export interface Changed {
  /** One number for each change, from the push to its outcome. */
  readonly ms: readonly number[];
  /** The servers each change touched. */
  readonly touched: readonly number[];
}

const { host } = setting() as ScaleSetting;

const helloApp = (text: string): Hono => {
  const app = new Hono();
  app.get('/', (c) => c.text(text));
  return app;
};

const listening = (server: ServerType | Server): Promise<ServerType | Server> =>
  new Promise((resolve) => {
    server.listen(0, '127.0.0.1', () => resolve(server));
  });

/** All of them in one tick, as a loop in an application does it. */
const startByHand = (amount: number): Promise<readonly (ServerType | Server)[]> =>
  Promise.all(
    Array.from({ length: amount }, (_, n) => {
      const text = `server ${n}`;
      if (host === 'hono') return listening(createAdaptorServer({ fetch: helloApp(text).fetch }));
      return listening(createServer((_request, response) => response.end(text)));
    }),
  );

const cluster = createCluster({ logger: quietLogger });
let config: ClusterConfig = {};

const serverConfig = (text: string): ServerConfig => ({ listen: '127.0.0.1:0', app: helloApp(text) });

const push = async (next: ClusterConfig): Promise<number> => {
  const outcome = await cluster.apply(next);
  if (outcome.status !== 'committed') throw new Error(`the config was ${outcome.status}`);
  config = next;
  return outcome.plan.changes.length;
};

let servers = 0;

const startByCluster = (amount: number): Promise<number> => {
  const added = Array.from({ length: amount }, () => {
    servers += 1;
    return [`server${servers}`, serverConfig(`server ${servers}`)] as const;
  });
  return push({ ...config, ...Object.fromEntries(added) });
};

/** Twice, because the first collection may leave what finalizers hold. */
const collect = (): void => {
  globalThis.gc?.();
  globalThis.gc?.();
};

const keep: unknown[] = [];

const start = async (amount: number): Promise<Started> => {
  collect();
  const before = process.memoryUsage();
  const since = performance.now();
  keep.push(host === 'sluice' ? await startByCluster(amount) : await startByHand(amount));
  const ms = performance.now() - since;
  collect();
  const after = process.memoryUsage();
  const kib = (bytes: number): number => bytes / 1024 / amount;
  return { ms, rssKib: kib(after.rss - before.rss), heapKib: kib(after.heapUsed - before.heapUsed) };
};

/** The traffic that goes on while others start: one server of the same kind. */
const startProbe = async (): Promise<string> => {
  if (host === 'sluice') {
    await push({ probe: serverConfig('probe') });
    return cluster.snapshot.servers.probe?.address ?? '';
  }
  const [server] = await startByHand(1);
  keep.push(server);
  const address = server?.address();
  return typeof address === 'object' && address !== null ? `127.0.0.1:${address.port}` : '';
};

/** Gives one server after the other another app. */
const change = async (times: number): Promise<Changed> => {
  const ids = Object.keys(config);
  const ms: number[] = [];
  const touched: number[] = [];
  for (let n = 0; n < times; n += 1) {
    const id = ids[(n * 37) % ids.length] ?? '';
    const previous = config[id];
    if (previous === undefined || previous === null) throw new Error(`no server ${id}`);
    const next = { ...config, [id]: { ...previous, app: helloApp(`changed ${n}`) } };
    const since = performance.now();
    touched.push(await push(next));
    ms.push(performance.now() - since);
    // Lets what the change left behind be done before the next clock starts.
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
  return { ms, touched };
};

await cluster.start();
takeOrders({ start, startProbe, change });
