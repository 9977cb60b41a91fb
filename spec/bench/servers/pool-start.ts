/** A thousand servers that are started at once: by a loop, by a cluster, and by a pool that knows them already. */
import { readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { createCluster } from '../../../lib/index.ts';
import { createPool } from '../../../lib/pool.ts';
import { setting, takeOrders } from '../harness/orders.ts';
import { quietLogger } from '../harness/quiet.ts';

export interface PoolStartSetting {
  readonly host: 'plain' | 'cluster' | 'pool' | 'stored pool';
  readonly servers: number;
}

export interface PoolStarted {
  /** From the first call until every server answers. */
  readonly ms: number;
  /** Milliseconds the main thread was on a CPU meanwhile; other programs do not move it as they move `ms`. */
  readonly mainMs: number;
  /** Of all threads: V8 compiles and collects beside the main thread. */
  readonly cpuMs: number;
}

const { host, servers } = setting() as PoolStartSetting;

const numbers = Array.from({ length: servers }, (_, n) => n);
const listen = '127.0.0.1:0';

const loop = (): Promise<unknown> =>
  Promise.all(
    numbers.map(
      (n) =>
        new Promise<void>((resolve) => {
          createServer((_request, response) => response.end(`server ${n}`)).listen(0, '127.0.0.1', resolve);
        }),
    ),
  );

const appOf = (n: number) => (): Response => new Response(`server ${n}`);

const cluster = createCluster({ logger: quietLogger });
await cluster.start();

const push = async (): Promise<void> => {
  const outcome = await cluster.apply(
    Object.fromEntries(numbers.map((n) => [`server${n}`, { listen, app: appOf(n) }])),
  );
  if (outcome.status !== 'committed') throw new Error(`the config was ${outcome.status}`);
};

const poolOfAll = () =>
  createPool({ logger: quietLogger }, ...numbers.map((n) => ({ name: `server ${n}`, listen, app: appOf(n) })));

const stored = host === 'stored pool' ? poolOfAll() : undefined;

const starts: Readonly<Record<PoolStartSetting['host'], () => Promise<unknown>>> = {
  plain: loop,
  cluster: push,
  pool: () => poolOfAll().start(),
  'stored pool': () => (stored ?? poolOfAll()).start(),
};

/** Nanoseconds the main thread has been on a CPU. */
const onCpuNs = (): number => Number(readFileSync(`/proc/self/task/${process.pid}/schedstat`, 'latin1').split(' ')[0]);

const start = async (): Promise<PoolStarted> => {
  const cpu = process.cpuUsage();
  const mainNs = onCpuNs();
  const since = performance.now();
  await starts[host]();
  const ms = performance.now() - since;
  const used = process.cpuUsage(cpu);
  return { ms, mainMs: (onCpuNs() - mainNs) / 1e6, cpuMs: (used.user + used.system) / 1000 };
};

takeOrders({ start });
