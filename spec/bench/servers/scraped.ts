/** A thousand servers that were all asked something, and one that is scraped: what a scrape costs those who wait. */
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { createCluster } from '../../../lib/index.ts';
import { createMetrics } from '../../../lib/metrics.ts';
import { setting, takeOrders } from '../harness/orders.ts';
import { quietLogger } from '../harness/quiet.ts';

export interface ScrapedSetting {
  readonly servers: number;
}

/** What one scrape was. */
export interface ScrapeCost {
  readonly lines: number;
  readonly totalMs: number;
  /** The longest the event loop stood still meanwhile. */
  readonly blockedMs: number;
}

const { servers } = setting() as ScrapedSetting;

const metrics = await createMetrics();
const cluster = createCluster({ logger: quietLogger });
metrics.observe(cluster);
await cluster.start();
const app = (): Response => new Response('hello');
const config = Object.fromEntries(
  Array.from({ length: servers }, (_, n) => [`s${n}`, { listen: '127.0.0.1:0', app }] as const),
);
const outcome = await cluster.apply(config);
if (outcome.status !== 'committed') throw new Error(`not committed: ${JSON.stringify(outcome)}`);
for (const { url } of Object.values(cluster.snapshot.servers)) await (await fetch(url)).text();

const cost = async (): Promise<ScrapeCost> => {
  const delay = monitorEventLoopDelay({ resolution: 1 });
  delay.enable();
  const since = performance.now();
  const text = await metrics.registry.metrics();
  const totalMs = performance.now() - since;
  // The loop has to come round once more to be seen to have stood still.
  await new Promise((resolve) => setTimeout(resolve, 5));
  delay.disable();
  return { lines: text.split('\n').length, totalMs, blockedMs: delay.max / 1e6 };
};

takeOrders({ scrape: cost });
