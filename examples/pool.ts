// Several servers read and changed like a Map: by address, by name, one by one and all at once.
// #region main
import { createPool } from 'sluice/pool';

const ask = async (url = ''): Promise<string> => (await fetch(url)).text();

const pool = createPool({ handler: () => new Response('hello from the pool') });
const api = await pool.storeNew({ name: 'api-users', listen: '127.0.0.1:0' });
await pool.storeNew({ name: 'api-orders', listen: '127.0.0.1:0', app: () => new Response('orders') });
await pool.storeNew({ name: 'later', listen: '127.0.0.1:0', disabled: true });

const report = await pool.start();
for (const { server, status } of report.servers) console.log(server, status);

for (const [bind, server] of pool) console.log(server.name, server.state, pool.load(bind) === server);
console.log(await ask(api.url));
// #endregion

// #region filter
const apis = pool.filter('name', { glob: 'api-*' });
console.log(apis.size, pool.list('name', 'name', { pattern: '^api-u' }));

// The view follows the pool: a server that was renamed is one of them from now on.
apis.changes$.subscribe(({ type, server }) => console.log(type, server.name));
await pool.filter('name', { exact: 'later' }).snapshot()[0]?.update({ name: 'api-later', disabled: false });
console.log(apis.size);
// #endregion

// #region change
await api.update({ app: () => new Response('hello from code of its own') });
console.log(await ask(api.url));
await pool.delete(api.bind);
console.log(pool.size, await ask(api.url).catch(() => 'nobody answers any more'));
// #endregion

await pool.stop();
console.log(pool.isRunning(), pool.size);

// prints:
// api-users started
// api-orders started
// later skipped
// api-users running true
// api-orders running true
// later stopped true
// hello from the pool
// 2 [ 'api-users' ]
// added api-later
// 3
// replaced api-users
// hello from code of its own
// removed api-users
// 2 nobody answers any more
// false 2
