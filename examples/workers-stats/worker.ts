// One worker: counts what it does, and tells the numbers of all of them to whoever asks it.
import { Hono } from 'hono';
import { createCluster } from 'sluice';
import { workerContext } from 'sluice/workers';

// #region main
const context = workerContext();

let jobs = 0;
context.contribute('counter', 'jobs', () => jobs);

const app = new Hono()
  .post('/jobs', (c) => {
    jobs += 1;
    return c.text('done');
  })
  .get('/stats', async (c) => {
    const { active, total, restarts, counters, missing } = await context.stats({ timeoutMs: 500 });
    return c.json({ active: `${active} of ${total}`, restarts, jobs: counters.jobs, missing });
  });

const cluster = createCluster({ listeners: context.listeners });
cluster.siphon.next({ api: { listen: `127.0.0.1:${context.port}`, app } });
await context.run(cluster);
// #endregion
