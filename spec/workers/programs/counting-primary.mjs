// Two workers that count, and what is scraped of all of them, whenever it is told to.
import { createWorkersMetrics } from 'sluice/metrics';
import { createWorkers } from 'sluice/workers';

const say = (type, fields = {}) => console.log(JSON.stringify({ type, ...fields }));
const silent = { error: () => {}, warn: () => {}, info: () => {}, debug: () => {} };

const workers = createWorkers({
  script: new URL('./counting-worker.mjs', import.meta.url),
  count: 2,
  port: 0,
  startupDelayMs: 0,
  respawnDelayMs: 0,
  maxCrashes: 0,
  heartbeatMs: 50,
  heartbeatTimeoutMs: 60_000,
  logger: silent,
});
const metrics = createWorkersMetrics({ workers, timeoutMs: 1_000 });
workers.topic('counted').messages$.subscribe(({ slot, pid, body }) => say('counted', { slot, pid, body }));

const commands = {
  scrape: async () => say('scraped', { text: await metrics.metrics() }),
  collect: async ({ timeoutMs }) => say('collected', { stats: await workers.collect({ timeoutMs }) }),
  stats: () => say('stats', { stats: workers.stats() }),
  restart: async () => say('restarted', { report: await workers.restart() }),
  pids: () => say('pids', { pids: workers.snapshot.workers.map(({ pid, state }) => (state === 'active' ? pid : 0)) }),
  /** Has the worker of a slot count. */
  count: async ({ slot, by }) => {
    const { pid } = workers.snapshot.workers[slot];
    workers.topic('count').send(pid, by).subscribe();
  },
  stop: async () => {
    await workers.stop();
    say('stopped', { stats: workers.stats() });
    process.disconnect();
  },
};
process.on('message', ({ command, ...options }) => commands[command](options));
await workers.start();
say('started');
