import { trace } from '@opentelemetry/api';
import { BasicTracerProvider, InMemorySpanExporter, SimpleSpanProcessor } from '@opentelemetry/sdk-trace-base';
import { Hono } from 'hono';

const exporter = new InMemorySpanExporter();

// #region main
import { createCluster } from 'sluice';
import { tracing } from 'sluice/metrics';

// What an SDK does when it is registered.
trace.setGlobalTracerProvider(new BasicTracerProvider({ spanProcessors: [new SimpleSpanProcessor(exporter)] }));

const cluster = createCluster();
cluster.instrument(await tracing());
await cluster.start();
// #endregion

const app = new Hono().get('/users/:id', (c) => c.text(`user ${c.req.param('id')}`));
await cluster.apply({ api: { listen: '127.0.0.1:0', app } });
await (await fetch(`${cluster.snapshot.servers.api?.url}/users/7`)).text();
// The end of a connection is the end of its last answer.
await cluster.stop();

for (const { name, attributes } of exporter.getFinishedSpans()) {
  console.log(name, attributes['sluice.commit.status'] ?? attributes['http.response.status_code']);
}

// prints:
// sluice.commit committed
// GET /users/:id 200
