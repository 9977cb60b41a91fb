// #region main
import { Hono } from 'hono';
import { createCluster } from 'sluice';

const app = (text: string) => new Hono().get('/', (c) => c.text(text));

const cluster = createCluster();
cluster.state$.subscribe((state) => console.log(state));
await cluster.start();

await cluster.apply({ api: { listen: '127.0.0.1:0', app: app('one') } });
const url = cluster.snapshot.servers.api?.url ?? '';
console.log(await (await fetch(url)).text());

const { status } = await cluster.apply({ api: { listen: '127.0.0.1:0', app: app('two') } });
console.log(status, await (await fetch(url)).text());

await cluster.stop();
// #endregion

// prints:
// New
// Booting
// Running
// Reloading
// Running
// one
// Reloading
// Running
// committed two
// Stopping
// Stopped
