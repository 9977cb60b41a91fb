/** One answering server, watched or not: what `metrics` compares. */
import { trace } from '@opentelemetry/api';
import { BasicTracerProvider } from '@opentelemetry/sdk-trace-base';
import { Hono } from 'hono';
import { createCluster } from '../../../lib/index.ts';
import { createMetrics, tracing } from '../../../lib/metrics.ts';
import { setting, takeOrders } from '../harness/orders.ts';
import { quietLogger } from '../harness/quiet.ts';

/** `off`: nobody watches. `traced` has OpenTelemetry's API without a provider, `spans` with one that throws spans away. */
export type Watched = 'off' | 'metrics' | 'traced' | 'spans';

export interface MeteredSetting {
  readonly watched: Watched;
  readonly port: number;
}

const { watched, port } = setting() as MeteredSetting;

const app = new Hono().get('/', (c) => c.json({ hello: 'world' }));
const cluster = createCluster({ logger: quietLogger });
if (watched === 'metrics') (await createMetrics()).observe(cluster);
if (watched === 'spans') trace.setGlobalTracerProvider(new BasicTracerProvider());
if (watched === 'traced' || watched === 'spans') cluster.instrument(await tracing());
await cluster.start();
const outcome = await cluster.apply({ hello: { listen: `127.0.0.1:${port}`, app } });
if (outcome.status !== 'committed') throw new Error(`not committed: ${JSON.stringify(outcome)}`);
takeOrders({});
