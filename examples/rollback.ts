// A configuration that cannot be carried out changes nothing: here one of its ports belongs to somebody else.
import { createServer } from 'node:net';
import { createCluster } from 'sluice';

const stranger = createServer().listen(0, '127.0.0.1');
await new Promise((resolve) => stranger.once('listening', resolve));
const address = stranger.address();
const port = typeof address === 'object' && address !== null ? address.port : 0;

// #region main
const page = (body: string) => [{ path: '/', respond: { body } }];
const cluster = createCluster({ logger: { error() {}, warn() {}, info() {}, debug() {} } });
await cluster.start();
await cluster.apply({ api: { listen: '127.0.0.1:0', routes: page('the old page') } });
const url = cluster.snapshot.servers.api?.url ?? '';

const outcome = await cluster.apply({
  api: { listen: '127.0.0.1:0', routes: page('the new page') },
  admin: { listen: `127.0.0.1:${port}`, routes: page('admin') },
});

if (outcome.status === 'rolledBack') console.log(`undone because of ${outcome.server}: ${outcome.cause.message}`);
console.log(await (await fetch(url)).text());
console.log(cluster.snapshot.state, cluster.snapshot.revision);
// #endregion

await cluster.stop();
stranger.close();

// prints:
// undone because of admin: cannot bind 127.0.0.1:…: EADDRINUSE
// the old page
// Running { desired: 2, applied: 1 }
