// One worker, whose series the primary exposes.
import { Hono } from 'hono';
import { createCluster } from 'sluice';
import { createMetrics, exposeMetrics } from 'sluice/metrics';
import { workerContext } from 'sluice/workers';

// #region main
const context = workerContext();
const cluster = createCluster({ listeners: context.listeners });

const metrics = await createMetrics();
metrics.observe(cluster);
exposeMetrics(context, metrics);

const app = new Hono().get('/users/:id', (c) => c.text(`user ${c.req.param('id')}`));
cluster.siphon.next({ api: { listen: `127.0.0.1:${context.port}`, app } });
await context.run(cluster);
// #endregion
