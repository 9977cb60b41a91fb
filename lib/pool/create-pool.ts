import { consolaLogger } from '../log/consola.ts';
import { guardLogger } from '../log/logger.ts';
import { ClusterPool } from './cluster-pool.ts';
import { assertPoolOptions } from './options.ts';
import type { Pool, PoolOptions } from './pool.ts';
import type { PoolServerConfig } from './pool-server.ts';

/**
 * Makes a pool: HTTP servers that are added, changed and taken away by their addresses, like entries of a `Map`.
 *
 * Nothing listens until `start`. With `await using pool = createPool()` it is closed where its block ends. Throws a
 * `PoolError` for a server that is not valid (`ERR_POOL_ADD`) or has the address of another one (`ERR_POOL_CONFLICT`), and
 * an `OptionsError` for options it cannot work with.
 *
 * @param servers - what it begins with; `undefined` stands for none, so that a list may have conditions in it.
 * @example
 * ```ts
 * import { createPool } from 'sluice/pool';
 *
 * const pool = createPool({ handler: () => new Response('hello') }, { name: 'api', listen: '127.0.0.1:0' });
 * await pool.start();
 * for (const [, server] of pool) console.log(await (await fetch(server.url)).text()); // hello
 * await pool.stop();
 * ```
 */
export const createPool = (options: PoolOptions = {}, ...servers: readonly (PoolServerConfig | undefined)[]): Pool => {
  assertPoolOptions(options);
  const pool = new ClusterPool(options, guardLogger(options.logger ?? consolaLogger()));
  pool.fill(servers);
  return pool;
};
