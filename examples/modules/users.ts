// What `examples/routes.ts` mounts under /users: a Hono app of its own.
import { Hono } from 'hono';

export default new Hono().get('/', (c) => c.json(['ada', 'bob'])).get('/:id', (c) => c.json({ id: c.req.param('id') }));
