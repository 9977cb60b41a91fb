import { expect, test } from 'vitest';
import { OptionsError } from '../../lib/config/errors.ts';
import { balance } from '../../lib/pool/balancer.ts';
import { createPool } from '../../lib/pool/create-pool.ts';
import { assertPoolOptions } from '../../lib/pool/options.ts';
import { poolConfig } from '../../lib/pool/pool-config.ts';
import { named, rigPool, runningPool, serving, thrownBy } from './pools.ts';

test('an option of a pool that there is not is told by the names of those there are', () => {
  expect(() => assertPoolOptions({ handlers: {} })).toThrow('handlers is no option; did you mean handler?');
  expect(() => assertPoolOptions({ workers: 2 })).toThrow(/^workers is no option; there are handler, name, strategy/);
  expect(() => assertPoolOptions({ workers: 2 })).not.toThrow(/commit|siphonBuffer|stopOnComplete/);
  expect(() => assertPoolOptions({ commit: 'atomic' })).toThrow(/^commit must be left out/);
  expect(() => assertPoolOptions(null)).toThrow('options must be an object');
  expect(() => assertPoolOptions({ handler: () => new Response(), name: 'x' })).not.toThrow();
});

test('a server in the place of the options is told where it belongs', () => {
  for (const given of [serving('a'), [serving('a')], { name: 'a', app: () => new Response() }]) {
    expect(() => createPool(given as never)).toThrow('options come first: createPool({}, { … })');
  }
});

test('a list in the place of a server is told to be spread', () => {
  const error = thrownBy(() => rigPool([[serving('a')]] as never));
  expect(error).toMatchObject({ code: 'ERR_POOL_ADD', message: 'a list is no config of a server' });
  expect(error.hint).toContain('...configs');
  expect(thrownBy(() => rigPool(['a'] as never)).message).toMatch(/^a server cannot be added: (?!:)/);
});

test('a stop refuses options that it does not have, and goes on when it is given something else', async () => {
  const { pool } = await runningPool([serving('a')]);
  const wrong = { drainTimeout: 5 } as never;
  const message = 'drainTimeout is no option; did you mean drainTimeoutMs?';
  for (const refused of [
    pool.stop(wrong),
    pool.filter('name', { exact: 'a' }).stop(wrong),
    named(pool, 'a').stop(wrong),
    pool.delete(named(pool, 'a').bind, wrong),
    pool.clean(wrong),
  ]) {
    await expect(refused).rejects.toThrow(new OptionsError('drainTimeout', '', message));
  }
  expect([pool.size, pool.isRunning()]).toEqual([1, true]);
  // As a listener of a signal would be called.
  await pool.stop('SIGTERM' as never);
  expect(pool.isRunning()).toBe(false);
});

test('a balancer refuses options that it does not have', () => {
  const { pool } = rigPool();
  expect(() => balance(pool, { policy: 'random' } as never)).toThrow(
    /^policy is no option; there are by, weight, warn/,
  );
  expect(() => balance(pool, { retris: 2 } as never)).toThrow('retris is no option; did you mean retries?');
  expect(() => balance(pool, { targets: [] } as never)).toThrow(/^targets is no option/);
  expect(() => balance(pool, { by: 'weighted', retries: 1, keepAliveTimeoutMs: 5 })).not.toThrow();
});

test('a list of configs is something that can be iterated', () => {
  expect(() => poolConfig({ listen: ':80' } as never)).toThrow(/put it into a list: poolConfig\(\[\{ … }\]\)$/);
  for (const given of [7, 'abc', null]) expect(() => poolConfig(given as never)).toThrow(OptionsError);
  expect(poolConfig(new Set([serving('a')])).size).toBe(1);
});
