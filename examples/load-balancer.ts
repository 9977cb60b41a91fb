// Servers of a pool behind one address: they come and go, and nobody who asks has to know.
// #region main
import { balance, createPool } from 'sluice/pool';

const pool = createPool();

for (const name of ['api-1', 'api-2', 'api-3']) {
  await pool.storeNew({ name, listen: '127.0.0.1:0', app: () => new Response(name) });
}
const front = await pool.storeNew({
  name: 'front',
  listen: '127.0.0.1:0',
  routes: [{ path: '/*', proxy: balance(pool.filter('name', { glob: 'api-*' })) }],
});
await pool.start();
// #endregion

const ask = async (times: number, headers: Record<string, string> = {}, from = front): Promise<string> => {
  const answers: string[] = [];
  for (let asked = 0; asked < times; asked += 1) answers.push(await (await fetch(from.url, { headers })).text());
  return answers.sort().join(' ');
};
console.log('all there:     ', await ask(6));

// #region leave
const second = [...pool.values()].find(({ name }) => name === 'api-2');
await second?.stop(); // finishes what it accepted; new requests go to the others at once
console.log('without api-2: ', await ask(6));
await second?.start();
await pool.storeNew({ name: 'api-4', listen: '127.0.0.1:0', app: () => new Response('api-4') });
await pool.start();
console.log('and with api-4:', await ask(4));
// #endregion

// #region by
const canary = await pool.storeNew({
  name: 'canary',
  listen: '127.0.0.1:0',
  routes: [
    {
      path: '/*',
      proxy: balance(pool.filter('name', { glob: 'api-*' }), { weight: ({ name }) => (name === 'api-4' ? 1 : 3) }),
    },
  ],
});
const sticky = await pool.storeNew({
  name: 'sticky',
  listen: '127.0.0.1:0',
  routes: [
    { path: '/*', proxy: balance(pool.filter('name', { glob: 'api-*' }), { by: { sticky: { header: 'x-user' } } }) },
  ],
});
await pool.start();
// #endregion
console.log('by weight:     ', await ask(10, {}, canary));
const homes = await ask(5, { 'x-user': 'ada' }, sticky);
console.log('ada has one:   ', new Set(homes.split(' ')).size === 1);

// #region own
let targets = pool.list('name', 'bind', { exact: 'api-1' }).map((bind) => `http://${bind}`);
const own = await pool.storeNew({
  name: 'own',
  listen: '127.0.0.1:0',
  routes: [{ path: '/*', proxy: { targets: () => targets, balance: 'least-in-flight' } }],
});
await own.start();
console.log('a list of mine:', await ask(2, {}, own));
targets = pool.list('name', 'bind', { pattern: '^api-[34]$' }).map((bind) => `http://${bind}`);
// #endregion
console.log('another list:  ', await ask(2, {}, own));

// #region nobody
await pool.filter('name', { glob: 'api-*' }).stop();
const answer = await fetch(front.url);
console.log('nobody there:  ', answer.status, 'again in', answer.headers.get('retry-after'), 's');
// #endregion

await pool.stop();

// prints:
// all there:      api-1 api-1 api-2 api-2 api-3 api-3
// without api-2:  api-1 api-1 api-1 api-3 api-3 api-3
// and with api-4: api-1 api-2 api-3 api-4
// by weight:      api-1 api-1 api-1 api-2 api-2 api-2 api-3 api-3 api-3 api-4
// ada has one:    true
// a list of mine: api-1 api-1
// another list:   api-3 api-4
// nobody there:   503 again in 1 s
