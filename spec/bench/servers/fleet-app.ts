/** What every fleet answers with, whoever runs it: the process that answers says which it is. */
import { Hono } from 'hono';

const spin = (us: number): void => {
  const until = performance.now() + us / 1000;
  while (performance.now() < until);
};

export const fleetApp = (): Hono => {
  const name = String(process.pid);
  const app = new Hono();
  app.get('/', (c) => c.text(name));
  // In flight for so many milliseconds.
  app.get('/after/:ms', async (c) => {
    await new Promise((resolve) => setTimeout(resolve, Number(c.req.param('ms'))));
    return c.text(name);
  });
  // Keeps its CPU busy for so many microseconds.
  app.get('/spin/:us', (c) => {
    spin(Number(c.req.param('us')));
    return c.text(name);
  });
  return app;
};
