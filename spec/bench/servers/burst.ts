/** Floods one cluster with configurations in the same process and says what became of each. */
import { Hono } from 'hono';
import { type ClusterConfig, createCluster, type Outcome } from '../../../lib/index.ts';
import { takeOrders } from '../harness/orders.ts';
import { quietLogger } from '../harness/quiet.ts';

export interface Flood {
  /** Outcomes by status. */
  readonly outcomes: Readonly<Record<string, number>>;
  /** Promises of `apply` that settled; none for pushes into the siphon. */
  readonly settled: number;
  /** From the first push until every push had its outcome. */
  readonly ms: number;
  readonly heapGrowthBytes: number;
  /** The server answers as the last pushed configuration says. */
  readonly lastInForce: boolean;
}

const SERVERS = 10;

const cluster = createCluster({ logger: quietLogger });

const configOf = (version: string): ClusterConfig =>
  Object.fromEntries(
    Array.from({ length: SERVERS }, (_, n) => {
      const app = new Hono();
      app.get('/', (c) => c.text(version));
      return [`server${n}`, { listen: '127.0.0.1:0', app }];
    }),
  );

const heapBytes = (): number => {
  globalThis.gc?.();
  globalThis.gc?.();
  return process.memoryUsage().heapUsed;
};

let floods = 0;

const flood = async ({
  pushes,
  how,
}: {
  readonly pushes: number;
  readonly how: 'apply' | 'siphon';
}): Promise<Flood> => {
  floods += 1;
  const counts: Record<string, number> = {};
  const before = heapBytes();
  let outcomes = 0;
  let settled = 0;
  const all = new Promise<void>((resolve) => {
    const subscription = cluster.outcomes$.subscribe(({ status }: Outcome) => {
      counts[status] = (counts[status] ?? 0) + 1;
      outcomes += 1;
      if (outcomes < pushes) return;
      subscription.unsubscribe();
      resolve();
    });
  });
  const last = `flood ${floods}, the last one`;
  const since = performance.now();
  const promises: Promise<void>[] = [];
  for (let n = 1; n <= pushes; n += 1) {
    const config = configOf(n === pushes ? last : `flood ${floods}, ${n}`);
    if (how === 'siphon') cluster.siphon.next(config);
    else {
      const counted = cluster.apply(config).then(() => {
        settled += 1;
      });
      promises.push(counted);
    }
  }
  await Promise.all([all, ...promises]);
  const ms = performance.now() - since;
  promises.length = 0;
  const response = await fetch(`http://${cluster.snapshot.servers.server0?.address}/`);
  const lastInForce = (await response.text()) === last;
  // What the last generation left behind has a turn to go.
  await new Promise((resolve) => setTimeout(resolve, 100));
  return { outcomes: counts, settled, ms, heapGrowthBytes: heapBytes() - before, lastInForce };
};

/** As many commits, each awaited: what stays behind when nothing is skipped. */
const oneByOne = async (pushes: number): Promise<Flood> => {
  const counts: Record<string, number> = {};
  const before = heapBytes();
  const since = performance.now();
  for (let n = 0; n < pushes; n += 1) {
    const { status } = await cluster.apply(configOf(`one by one, ${n}`));
    counts[status] = (counts[status] ?? 0) + 1;
  }
  const ms = performance.now() - since;
  await new Promise((resolve) => setTimeout(resolve, 100));
  return { outcomes: counts, settled: pushes, ms, heapGrowthBytes: heapBytes() - before, lastInForce: true };
};

await cluster.start();
await cluster.apply(configOf('first'));
takeOrders({ flood, oneByOne });
