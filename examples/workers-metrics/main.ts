// Two workers, and the series of both in one place: no counter falls when one of them is killed.
import { once } from 'node:events';
import { createServer } from 'node:net';
import parse from 'parse-prometheus-text-format';
import { filter, firstValueFrom } from 'rxjs';

/** A port that nobody has. */
const freePort = async (): Promise<number> => {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  server.close();
  await once(server, 'close');
  return typeof address === 'object' ? (address?.port ?? 0) : 0;
};

const port = await freePort();
const logger = { error: () => {}, warn: () => {}, info: () => {}, debug: () => {} };

// #region main
import { createCluster } from 'sluice';
import { createWorkersMetrics } from 'sluice/metrics';
import { createWorkers } from 'sluice/workers';

const workers = createWorkers({ script: new URL('./worker.ts', import.meta.url), count: 2, port, logger });
const metrics = createWorkersMetrics({ workers });
await workers.start();

// A cluster of the primary alone, at an address that only Prometheus reaches.
const internal = createCluster({ logger });
await internal.start();
await internal.apply({ metrics: { listen: '127.0.0.1:0', app: metrics.app } });
// #endregion

/** What differs from run to run is left out. */
const steady = /^sluice_(http_requests_total|server_up|worker_up|worker_restarts_total|worker_missing)$/;

const scrape = async (): Promise<void> => {
  const scraped = await fetch(`${internal.snapshot.servers.metrics?.url}/metrics`);
  for (const { name, metrics: series } of parse(await scraped.text())) {
    if (!steady.test(name)) continue;
    for (const { labels = {}, value } of series) console.log(name, ...Object.values(labels), value);
  }
};

for (let user = 0; user < 20; user += 1) {
  await (await fetch(`http://127.0.0.1:${port}/users/${user}`, { headers: { connection: 'close' } })).text();
}
await scrape();

const [, victim] = workers.snapshot.workers;
if (victim !== undefined) process.kill(victim.pid, 'SIGKILL');
await firstValueFrom(
  workers.workers$.pipe(filter(({ workers: [, second] }) => second?.state === 'active' && second.pid !== victim?.pid)),
);
console.log('after worker 1 was killed:');
await scrape();

await workers.stop();
await internal.stop();

// prints:
// sluice_worker_up 0 1
// sluice_worker_up 1 1
// sluice_worker_missing 0 0
// sluice_worker_missing 1 0
// sluice_worker_restarts_total 0 0
// sluice_worker_restarts_total 1 0
// sluice_http_requests_total GET /users/:id api 2xx 20
// sluice_server_up 0 api 1
// sluice_server_up 1 api 1
// after worker 1 was killed:
// sluice_worker_up 0 1
// sluice_worker_up 1 1
// sluice_worker_missing 0 0
// sluice_worker_missing 1 0
// sluice_worker_restarts_total 0 0
// sluice_worker_restarts_total 1 1
// sluice_http_requests_total GET /users/:id api 2xx 20
// sluice_server_up 0 api 1
// sluice_server_up 1 api 1
