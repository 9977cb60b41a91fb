/** A cluster of this library in a process of its own, changed by orders that are data. */
import { Hono } from 'hono';
import { type ClusterConfig, createCluster, type Outcome, type ServerConfig } from '../../../lib/index.ts';
import { setting, takeOrders } from '../harness/orders.ts';

/** A server as data: the body stands for its code, so another body is another app. */
export interface ServerOrder
  extends Partial<Pick<ServerConfig, 'listen' | 'headersTimeoutMs' | 'requestTimeoutMs' | 'keepAliveTimeoutMs'>> {
  readonly listen: string;
  readonly body: string;
  readonly drainTimeoutMs?: number;
}

export type ClusterOrder = Readonly<Record<string, ServerOrder>>;

export interface Applied {
  readonly status: Outcome['status'];
  /** How long the cluster took, measured in its own process. */
  readonly durationMs: number;
  readonly touched: number;
  /** Where every server answers now. */
  readonly addresses: Readonly<Record<string, string>>;
  /** Why it was refused or undone. */
  readonly reason?: string;
}

export interface ClusterSetting {
  readonly servers: ClusterOrder;
  readonly drainTimeoutMs?: number;
}

const cluster = createCluster();

/** An unchanged body is the same app: handlers are compared by identity. */
const apps = new Map<string, { readonly body: string; readonly app: Hono }>();

const appOf = (id: string, body: string): Hono => {
  const known = apps.get(id);
  if (known?.body === body) return known.app;
  const app = new Hono();
  app.get('/', (c) => c.text(body));
  // Answers after so many milliseconds, for requests that are in flight when something happens.
  app.get('/after/:ms', async (c) => {
    await new Promise((resolve) => setTimeout(resolve, Number(c.req.param('ms'))));
    return c.text(body);
  });
  apps.set(id, { body, app });
  return app;
};

const configOf = (servers: ClusterOrder): ClusterConfig =>
  Object.fromEntries(
    Object.entries(servers).map(([id, { body, ...config }]) => [id, { ...config, app: appOf(id, body) }]),
  );

const reasonOf = (outcome: Outcome): string | undefined => {
  if (outcome.status === 'rejected') return outcome.issues.map((issue) => issue.message).join('; ');
  return outcome.status === 'rolledBack' ? outcome.cause.message : undefined;
};

const addresses = (): Record<string, string> =>
  Object.fromEntries(Object.values(cluster.snapshot.servers).map(({ id, address }) => [id, address]));

const apply = async (servers: ClusterOrder): Promise<Applied> => {
  const config = configOf(servers);
  const since = performance.now();
  const outcome = await cluster.apply(config);
  const reason = reasonOf(outcome);
  return {
    status: outcome.status,
    durationMs: performance.now() - since,
    touched: outcome.status === 'committed' ? outcome.plan.changes.length : 0,
    addresses: addresses(),
    ...(reason !== undefined && { reason }),
  };
};

const { servers, drainTimeoutMs } = setting() as ClusterSetting;
await cluster.start();
const first = await apply(servers);
if (first.status !== 'committed') throw new Error(`the first config was ${first.status}: ${first.reason}`);

process.once('SIGTERM', () => {
  void cluster.stop(drainTimeoutMs === undefined ? {} : { drainTimeoutMs }).then(({ cut }) => {
    // Printed and not sent: the channel is part of what keeps the process alive.
    process.stdout.write(`cut ${cut}\n`);
    process.disconnect?.();
  });
});

takeOrders({ apply }, first.addresses);
