// Counts what it is told to, in a contribution, in a counter and a histogram of prom-client; asks for statistics when it
// is told to count nothing.
import { Counter, Gauge, Histogram, Registry } from 'prom-client';
import { exposeMetrics } from 'sluice/metrics';
import { workerContext } from 'sluice/workers';

const context = workerContext();
const registry = new Registry();
const registers = [registry];
const jobs = new Counter({ name: 'jobs_total', help: 'Jobs.', registers });
const sizes = new Histogram({ name: 'sizes', help: 'Sizes.', buckets: [1, 10], registers });
new Gauge({ name: 'own_up', help: 'Up.', registers }).set(1);
exposeMetrics(context, registry);

let counted = 0;
context.contribute('counter', 'jobs', () => counted);
context.topic('count').messages$.subscribe(async (by) => {
  counted += by;
  jobs.inc(by);
  if (by > 0) sizes.observe(by);
  context.topic('counted').send(by > 0 ? { by } : await context.stats({ timeoutMs: 300 }));
});
context.drain$.subscribe(() => {
  // What is counted while it leaves is not lost either.
  counted += 1;
  jobs.inc(1);
  void context.exit();
});
context.ready();
