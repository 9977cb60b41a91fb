import { expect, test } from 'vitest';
import { ask } from '../cluster/fixtures/asking.ts';
import { named, rigPool, runningPool, serving } from './pools.ts';

const app = () => new Response('hello');

test('a server that nobody answers for is told of when it starts, with its key and those there are', async () => {
  const { pool, journal } = rigPool(
    [{ name: 'a', listen: '127.0.0.1:0', handlerKey: 'apy' }, serving('b'), { name: 'c', listen: '127.0.0.1:0' }],
    { handler: { api: app, '': app } },
  );
  const warnings = () => journal.lines.filter((line) => line.startsWith('warn'));
  expect(warnings()).toEqual([]);
  await pool.start();
  const first =
    "warn: server a answers every request with 500: the pool has no handler 'apy', only 'api', '' (the default)";
  expect(warnings()).toEqual([first]);
  await pool.start();
  expect(warnings()).toEqual([first]);
  await named(pool, 'a').update({ handlerKey: 'api' });
  expect(await ask(named(pool, 'a').bind)).toBe('hello');
  expect(warnings()).toEqual([first]);
});

test('a pool without any handler, and one that loses its handler, says so of every server that needs one', async () => {
  const { pool, journal } = await runningPool();
  const warning = 'warn: server a answers every request with 500: the pool has no handler for it, none at all';
  const warnings = () => journal.lines.filter((line) => line.startsWith('warn'));
  await pool.storeNew({ name: 'a', listen: '127.0.0.1:0' });
  expect(warnings()).toEqual([warning]);
  await pool.handler(app);
  expect(warnings()).toEqual([warning]);
  await pool.handler(undefined);
  expect(warnings()).toEqual([warning, warning]);
  await pool.reload([{ name: 'a', listen: '127.0.0.1:0', maxConnections: 5 }, serving('b')]);
  expect(warnings()).toEqual([warning, warning, warning]);
});

test('what is logged of a request without a handler is what is wrong, and not how it got there', async () => {
  const { pool, journal } = await runningPool([{ name: 'a', listen: '127.0.0.1:0' }]);
  await ask(named(pool, 'a').bind);
  const errors = journal.details.flatMap((details) =>
    typeof details === 'object' && details !== null && 'error' in details ? [details.error] : [],
  );
  expect(errors).toHaveLength(1);
  expect(errors[0]).toMatchObject({ code: 'ERR_POOL_HANDLER', stack: 'PoolError: the pool has no handler' });
  expect(Object.keys(errors[0] as object)).not.toContain('failures');
  expect(Object.keys(errors[0] as object)).not.toContain('report');
});
