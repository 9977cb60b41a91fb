import { Hono } from 'hono';
import { expect, test } from 'vitest';
import { ask } from '../cluster/fixtures/asking.ts';
import { keepOpen } from '../cluster/fixtures/kept.ts';
import { named, refusalOf, rigPool, runningPool, serving } from './pools.ts';

const plain = { name: 'a', listen: '127.0.0.1:0' };

// Case 40.
test('handlers may be taken away and exchanged, whether servers run or not', async () => {
  const { pool } = rigPool([plain]);
  await pool.handler(undefined);
  await pool.handler(() => new Response('first'));
  await pool.handler({ '': () => new Response('second') });
  await pool.start();
  expect(await ask(named(pool, 'a').bind)).toBe('second');
});

// Case 40.
test('the next request of a running server sees the other handler, on the same connection', async () => {
  const { pool, sockets, changes } = await runningPool([plain], { handler: () => new Response('old') });
  const kept = await keepOpen(named(pool, 'a').bind);
  expect(await kept.ask()).toBe('old');
  const told = changes.length;
  await pool.handler(new Hono().get('*', (c) => c.text('new')));
  expect(await kept.ask()).toBe('new');
  expect([kept.told, sockets.closed, changes.length]).toEqual([false, [], told]);
  kept.end();
});

test('a server answers with what is its own, then with the handler of its key, then with the default one', async () => {
  const { pool } = await runningPool(
    [
      serving('own'),
      { name: 'app', listen: '127.0.0.1:0', handlerKey: 'api', app: () => new Response('app') },
      { name: 'api', listen: '127.0.0.1:0', handlerKey: 'api' },
      { name: 'default', listen: '127.0.0.1:0' },
    ],
    { handler: { '': () => new Response('by default'), api: { fetch: () => new Response('by key') } } },
  );
  const said = await Promise.all(Array.from(pool, ([bind]) => ask(bind)));
  expect(said).toEqual(['own', 'app', 'by key', 'by default']);
});

test('a server for which there is no handler answers 500 and says why in the log', async () => {
  const { pool, journal } = await runningPool([{ ...plain, handlerKey: 'api' }], { handler: () => new Response('x') });
  expect(await ask(named(pool, 'a').bind)).toBe('Internal Server Error');
  expect(journal.details).toContainEqual(
    expect.objectContaining({
      error: expect.objectContaining({ code: 'ERR_POOL_HANDLER', message: "the pool has no handler 'api'" }),
    }),
  );
  await pool.handler({ api: () => new Response('there') });
  expect(await ask(named(pool, 'a').bind)).toBe('there');
});

test('what fails in a shared Hono app is a failed request of the server that was asked', async () => {
  const app = new Hono().get('*', () => {
    throw new Error('of no use');
  });
  const { pool, journal } = await runningPool([plain], { handler: app });
  expect(await ask(named(pool, 'a').bind)).toBe('Internal Server Error');
  expect(journal.lines.some((line) => /^error: server a: request .* failed/.test(line))).toBe(true);
});

test('middleware of a server surrounds a shared handler as well', async () => {
  const { pool } = await runningPool(
    [
      {
        ...plain,
        middleware: [
          async (c, next) => {
            await next();
            c.res = new Response(`<${await c.res.text()}>`);
          },
        ],
      },
    ],
    { handler: () => new Response('shared') },
  );
  expect(await ask(named(pool, 'a').bind)).toBe('<shared>');
});

test('what cannot answer is refused, and the handler that was there stays', async () => {
  const { pool } = await runningPool([plain], { handler: () => new Response('stays') });
  expect(await refusalOf(pool.handler('nonsense' as never))).toMatchObject({ code: 'ERR_POOL_HANDLER' });
  expect(await refusalOf(pool.handler({ a: 1 } as never))).toMatchObject({ code: 'ERR_POOL_HANDLER' });
  expect(await ask(named(pool, 'a').bind)).toBe('stays');
});
