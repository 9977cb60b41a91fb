// Workers that run a cluster on the sockets of their primary. Arguments: how they share, how many, which address, and
// whether the primary holds it.
import { createCluster, parseAddress } from 'sluice';
import { createWorkers, isWorker, workerContext } from 'sluice/workers';

const [sharing, count, listen, held] = process.argv.slice(2);
const say = (type, fields = {}) => console.log(JSON.stringify({ type, pid: process.pid, ...fields }));
const silent = { error() {}, warn() {}, info() {}, debug() {} };

if (isWorker()) {
  const context = workerContext();
  const cluster = createCluster({ listeners: context.listeners, logger: silent });
  const app = (request) => {
    const { pathname } = new URL(request.url);
    if (pathname === '/block') {
      say('blocking');
      const until = performance.now() + 1_000;
      while (performance.now() < until);
    }
    return new Response(String(process.pid));
  };
  void context.run(cluster);
  const outcome = await cluster.apply({ main: { listen, app } });
  const { address } = cluster.snapshot.servers.main ?? {};
  say('serving', { status: outcome.status, slot: context.slot, address, errno: outcome.cause?.errno });
} else {
  const workers = createWorkers({
    count: Number(count),
    port: 0,
    sharing,
    args: process.argv.slice(2),
    startupDelayMs: 0,
    respawnDelayMs: 0,
    maxCrashes: 0,
    heartbeatTimeoutMs: 3_000,
    logger: silent,
  });
  workers.events$.subscribe(({ at, ...event }) => say('event', { event }));
  const commands = {
    kill: ({ pids, signal }) => {
      for (const pid of pids) process.kill(pid, signal);
    },
    stop: async () => {
      await workers.stop();
      process.exit(workers.exitCode);
    },
  };
  process.on('message', ({ command, ...rest }) => commands[command](rest));
  if (held === 'held') {
    workers.sockets.hold(parseAddress(listen).address).subscribe({
      next: ({ address }) => say('held', { address }),
      error: ({ code, errno }) => say('not-held', { code, errno }),
    });
  }
  workers.start().then(
    () => say('started'),
    (error) => say('failed', { message: error.message }),
  );
}
