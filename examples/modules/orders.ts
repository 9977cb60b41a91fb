// What `examples/self-healing.ts` serves: its state is the module's own, so only a new module mends it.
import { Hono } from 'hono';

/** Stands for a pool of connections that never gets over the loss of its database. */
const pool = { lost: false };

export default new Hono()
  .get('/orders', (c) => (pool.lost ? c.text('no connection', 500) : c.text('12 orders')))
  .post('/lose', (c) => {
    pool.lost = true;
    return c.body(null, 204);
  });
