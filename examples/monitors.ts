// A pool whose servers are looked after, and that is made another one as a whole.
// #region main
import { filter, firstValueFrom } from 'rxjs';
import { createPool, PoolError } from 'sluice/pool';

let connected = true;
const pool = createPool(
  {},
  { name: 'shop', listen: '127.0.0.1:0', app: () => new Response('shop', { status: connected ? 200 : 503 }) },
  { name: 'images', listen: '127.0.0.1:0', app: () => new Response('an image'), health: { tcp: true } },
);
await pool.start();

const [shop] = await pool.monitor({ http: '/', intervalMs: 20 });
if (shop === undefined) throw new Error('the pool has servers');
const until = (status: string) => firstValueFrom(shop.health$.pipe(filter((health) => health.status === status)));
console.log(shop.server.name, (await until('ok')).status);
connected = false;
console.log(shop.server.name, (await until('down')).message);
// #endregion

// #region once
try {
  await shop.server.healthCheck();
} catch (error) {
  if (error instanceof PoolError) console.log(error.code);
}
// #endregion

// #region reload
const configs = [
  { name: 'shop', listen: '127.0.0.1:0', app: () => new Response('another shop') },
  { name: 'search', listen: '127.0.0.1:0', app: () => new Response('found') },
];
const { added, changed, removed } = pool.planReload(configs);
const names = (keys: readonly string[]) => keys.map((key) => pool.load(key)?.name);
console.log('to come:', added, 'to change:', names(changed), 'to go:', names(removed));
await pool.reload(configs);
console.log(pool.list('name', 'name', { glob: '*' }), shop.server.health);
// #endregion

await pool.stop();

// prints:
// shop ok
// shop GET / was answered with 503, not 2xx
// ERR_POOL_MONITOR
// to come: [ '127.0.0.1:0#3' ] to change: [ 'shop' ] to go: [ 'images' ]
// [ 'shop', 'search' ] undefined
