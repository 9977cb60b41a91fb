// Three services on ports of their own, in one process; what answers for each is exchanged while they serve.
import { Hono } from 'hono';
import { createPool } from 'sluice/pool';

const service = (name: string): Hono => new Hono().get('/', (c) => c.text(`the ${name} service`));

// #region main
const services = ['users', 'orders', 'payments'];
const pool = createPool(
  { handler: Object.fromEntries(services.map((name) => [name, service(name)])) },
  ...services.map((name) => ({ name, listen: '127.0.0.1:0', handlerKey: name })),
);
await pool.start();
for (const server of pool.values()) console.log(server.name, '→', await (await fetch(server.url)).text());
// #endregion

// #region exchange
// The sockets stay open: the next request is answered by the new handler.
await pool.handler({
  users: service('new users'),
  orders: service('new orders'),
  payments: () => new Response('payments are closed', { status: 503 }),
});
for (const server of pool.values()) {
  const answer = await fetch(server.url);
  console.log(server.name, '→', answer.status, await answer.text());
}
// #endregion

await pool.stop();

// prints:
// users → the users service
// orders → the orders service
// payments → the payments service
// users → 200 the new users service
// orders → 200 the new orders service
// payments → 503 payments are closed
