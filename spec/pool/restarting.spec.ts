import { expect, test } from 'vitest';
import { ask } from '../cluster/fixtures/asking.ts';
import { named, refusalOf, rigPool, runningPool, serving } from './pools.ts';

test('a server that was stopped on purpose is not started by a restart, and whoever meant it is told', async () => {
  const { pool } = await runningPool([serving('a'), serving('b')]);
  const a = named(pool, 'a');
  await a.stop();
  const error = await refusalOf(a.restart());
  expect(error).toMatchObject({
    code: 'ERR_POOL_RESTART',
    message: 'server a was stopped',
    hint: 'start() has it run again',
  });
  const both = pool.filter('name', { glob: '?' });
  expect((await both.restart()).servers.map(({ status }) => status)).toEqual(['skipped', 'restarted']);
  expect((await pool.restart()).servers.map(({ status }) => status)).toEqual(['skipped', 'restarted']);
  expect(a.isRunning()).toBe(false);
  await a.start();
  await a.restart();
  expect(await ask(a.bind)).toBe('a');
});

test('in a pool that was stopped a restart of some starts none of them, one of the whole pool starts it', async () => {
  const { pool } = await runningPool([serving('a'), serving('b')]);
  await pool.stop();
  expect(await refusalOf(named(pool, 'a').restart())).toMatchObject({ code: 'ERR_POOL_RESTART' });
  const { servers } = await pool.filter('name', { glob: '?' }).restart();
  expect(servers.map(({ status }) => status)).toEqual(['skipped', 'skipped']);
  expect(pool.isRunning()).toBe(false);
  expect((await pool.restart()).servers.map(({ status }) => status)).toEqual(['started', 'started']);
});

test('a server that was never started is started by a restart of its own', async () => {
  const { pool } = rigPool([serving('a'), serving('b')]);
  await named(pool, 'a').restart();
  expect([named(pool, 'a').isRunning(), named(pool, 'b').isRunning()]).toEqual([true, false]);
});
