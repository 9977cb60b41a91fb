// A cluster on two workers that is scraped, asked, has a worker killed, is restarted, asked and scraped again.
import { filter, firstValueFrom } from 'rxjs';
import { createWorkersMetrics } from 'sluice/metrics';
import { clusterWorkers } from 'sluice/workers';

const logger = { error: console.error, warn: () => {}, info: () => {}, debug: () => {} };
const cluster = clusterWorkers({ count: 2, metrics: true, startupDelayMs: 0, respawnDelayMs: 0, logger });
const { workers } = cluster;
const metrics = createWorkersMetrics({ workers });
await cluster.start();
await cluster.apply({ a: { listen: '127.0.0.1:0', routes: [{ path: '/', respond: { body: 'a' } }] } });

const ask = async () => {
  const { url } = cluster.snapshot.servers.a;
  for (let asked = 0; asked < 20; asked += 1) {
    await (await fetch(url, { headers: { connection: 'close' } })).text();
  }
};

await ask();
const before = await metrics.metrics();
const { pid } = workers.snapshot.workers[0];
process.kill(pid, 'SIGKILL');
await firstValueFrom(
  workers.workers$.pipe(filter(({ workers: [first] }) => first.state === 'active' && first.pid !== pid)),
);
await ask();
await workers.restart();
const after = await metrics.metrics();
await cluster.stop();
console.log(JSON.stringify({ type: 'scraped', before, after }));
