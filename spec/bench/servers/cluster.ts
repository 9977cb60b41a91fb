/** A cluster of this library in a process of its own, changed by orders that are data. */
import { Hono } from 'hono';
import {
  type ClusterConfig,
  createCluster,
  type Outcome,
  type ServerConfig,
  type ServerLimits,
} from '../../../lib/index.ts';
import { say, setting, takeOrders } from '../harness/orders.ts';
import { quietLogger } from '../harness/quiet.ts';
import { badConfigs } from './bad-configs.ts';

/** A server as data: the body stands for its code, so another body is another app. */
export interface ServerOrder extends Pick<ServerConfig, 'listen' | 'strategy' | 'tls' | 'http2' | keyof ServerLimits> {
  readonly body: string;
}

export type ClusterOrder = Readonly<Record<string, ServerOrder>>;

export interface Applied {
  readonly status: Outcome['status'];
  /** How long the cluster took, measured in its own process. */
  readonly durationMs: number;
  readonly touched: number;
  /** Why it was refused or undone. */
  readonly reason?: string;
}

/** Fingerprints of certificates by server. */
export type Seen = Readonly<Record<string, readonly string[]>>;

/** What the process looks like from inside. */
export interface Sight {
  readonly connections: number;
  /** Bytes. */
  readonly rss: number;
}

export interface ClusterSetting {
  readonly servers: ClusterOrder;
  readonly drainTimeoutMs?: number;
}

const cluster = createCluster({ logger: quietLogger });

/** An unchanged body is the same app: handlers are compared by identity. */
const apps = new Map<string, { readonly body: string; readonly app: Hono }>();

const PIECE = new Uint8Array(65_536);

const appOf = (id: string, body: string): Hono => {
  const known = apps.get(id);
  if (known?.body === body) return known.app;
  const app = new Hono();
  app.get('/', (c) => c.text(body));
  // Takes all of a body in.
  app.post('/', async (c) => c.text(String((await c.req.arrayBuffer()).byteLength)));
  // Answers after so many milliseconds: a request that is in flight when something happens.
  app.get('/after/:ms', async (c) => {
    await new Promise((resolve) => setTimeout(resolve, Number(c.req.param('ms'))));
    return c.text(body);
  });
  // More than a socket takes at once: a response whose reader is slow.
  app.get('/bytes/:amount', (c) => c.body('x'.repeat(Number(c.req.param('amount')))));
  // So much that its reader has to read: piece by piece, the same piece each time.
  app.get('/stream/:amount', (c) => {
    let left = Number(c.req.param('amount'));
    const pull = (controller: ReadableStreamDefaultController<Uint8Array>): void => {
      controller.enqueue(PIECE);
      left -= PIECE.length;
      if (left <= 0) controller.close();
    };
    return c.body(new ReadableStream({ pull }));
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

const push = async (config: ClusterConfig): Promise<Applied> => {
  const since = performance.now();
  const outcome = await cluster.apply(config);
  const reason = reasonOf(outcome);
  return {
    status: outcome.status,
    durationMs: performance.now() - since,
    touched: outcome.status === 'committed' ? outcome.plan.changes.length : 0,
    ...(reason !== undefined && { reason }),
  };
};

/** All that should run, as it was pushed last. */
let current: ClusterConfig = {};

const apply = (servers: ClusterOrder): Promise<Applied> => {
  current = configOf(servers);
  return push(current);
};

const { servers, drainTimeoutMs } = setting() as ClusterSetting;
await cluster.start();
const first = await apply(servers);
if (first.status !== 'committed') throw new Error(`the first config was ${first.status}: ${first.reason}`);

process.once('SIGTERM', () => {
  void cluster.stop(drainTimeoutMs === undefined ? {} : { drainTimeoutMs }).then((report) => {
    say(report);
    // As a program does: what its handlers still wait for is cut off, and must not keep it from ending.
    process.disconnect();
    process.exit(0);
  });
});

const seen: Record<string, readonly string[]> = {};
let isWatching = false;

takeOrders({
  apply,
  /** Pushes everything with some servers exchanged; the others keep their very objects, as in a program. */
  patch: (servers: ClusterOrder) => {
    current = { ...current, ...configOf(servers) };
    return push(current);
  },
  /** Pushes one of the configurations no cluster should accept, made from a good one. */
  applyBad: ({ name, good }: { readonly name: string; readonly good: ClusterOrder }) =>
    push(badConfigs[name]?.(configOf(good)) as ClusterConfig),
  look: (): Sight => {
    const servers = Object.values(cluster.snapshot.servers);
    return { connections: servers.reduce((n, { connections }) => n + connections, 0), rss: process.memoryUsage.rss() };
  },
  /** From now on every certificate is noted by its fingerprint; says which were so far, in order. */
  certificates: (): Seen => {
    if (isWatching) return seen;
    isWatching = true;
    cluster.cluster$.subscribe(({ servers }) => {
      for (const { id, tls } of Object.values(servers)) {
        if (tls !== undefined) seen[id] = [...new Set([...(seen[id] ?? []), tls.fingerprint])];
      }
    });
    return seen;
  },
  badNames: () => Object.keys(badConfigs),
});
