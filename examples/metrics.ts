import parse from 'parse-prometheus-text-format';

// #region main

import { Hono } from 'hono';
import { createCluster } from 'sluice';
import { createMetrics } from 'sluice/metrics';

const metrics = await createMetrics();
const cluster = createCluster();
metrics.observe(cluster);
await cluster.start();

const app = new Hono().get('/users/:id', (c) => c.text(`user ${c.req.param('id')}`));
await cluster.apply({
  api: { listen: '127.0.0.1:0', app },
  internal: { listen: '127.0.0.1:0', app: metrics.app },
});
// #endregion

const { api, internal } = cluster.snapshot.servers;
for (const path of ['/users/1', '/users/2', '/nobody', '/users/3?from=7']) {
  await (await fetch(`${api?.url}${path}`)).text();
}

// #region scrape
const scraped = await fetch(`${internal?.url}/metrics`);
const families = parse(await scraped.text());
// #endregion

// What is measured of time differs from run to run.
const steady = new Set(['sluice_server_up', 'sluice_commits_total', 'sluice_http_requests_total']);
for (const { name, type, metrics: series } of families) {
  if (!steady.has(name)) continue;
  console.log(name, type.toLowerCase());
  for (const { labels = {}, value } of series) {
    if (value !== '0') console.log(' ', ...Object.values(labels), value);
  }
}

await cluster.stop();

// prints:
// sluice_commits_total counter
//   committed 1
// sluice_server_up gauge
//   api 1
//   internal 1
// sluice_http_requests_total counter
//   api /users/:id GET 2xx 3
//   api unmatched GET 4xx 1
