// A worker with a cluster of Sluice on the sockets of its primary.
import { createCluster } from 'sluice';
import { workerContext } from 'sluice/workers';

const context = workerContext();
const cluster = createCluster({
  listeners: context.listeners,
  logger: { error() {}, warn() {}, info() {}, debug() {} },
});
cluster.siphon.next({
  web: {
    listen: `127.0.0.1:${context.port}`,
    app: async (request) => {
      if (new URL(request.url).pathname === '/slow') await new Promise((resolve) => setTimeout(resolve, 200));
      return new Response(String(process.pid));
    },
  },
});
await context.run(cluster);
