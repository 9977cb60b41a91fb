// Two sides of one program: what everybody reaches, and what only this machine does. One is restarted, the other is not.
import { createPool } from 'sluice/pool';

// #region main
const pool = createPool(
  {},
  { name: 'public', listen: '0.0.0.0:0', app: () => new Response('welcome') },
  { name: 'public-images', listen: '0.0.0.0:0', app: () => new Response('an image') },
  { name: 'admin', listen: '127.0.0.1:0', app: () => new Response(pool.list('name', 'name', { glob: '*' }).join()) },
);
await pool.start();

const outside = pool.filter('bind', { pattern: /^0\.0\.0\.0:/ });
const inside = pool.filter('bind', { glob: '127.0.0.1:*' });
for (const { url } of inside.values()) console.log(await (await fetch(url)).text());
// #endregion

// #region restart
const [admin] = inside.snapshot();
const since = admin?.snapshot?.since;
const { servers } = await outside.restart();
for (const { server, status } of servers) console.log(server, status);
console.log('admin kept running:', admin?.snapshot?.since === since);

await outside.stop();
console.log('outside:', outside.isRunning(), 'inside:', inside.isRunning());
// #endregion

await pool.stop();

// prints:
// public,public-images,admin
// public restarted
// public-images restarted
// admin kept running: true
// outside: false inside: true
