import { filter, firstValueFrom, map, merge, startWith, timer } from 'rxjs';
import { afterEach } from 'vitest';
import { createPool } from '../../lib/pool/create-pool.ts';
import { PoolError } from '../../lib/pool/errors.ts';
import type { Pool, PoolOptions } from '../../lib/pool/pool.ts';
import type { PoolChange, PoolServer, PoolServerConfig } from '../../lib/pool/pool-server.ts';
import { createJournal, type Journal } from '../cluster/fixtures/journal.ts';
import { createSockets, type Sockets } from '../cluster/fixtures/sockets.ts';

/** A server of a pool that always says the same; equal words make equal configs. */
export const serving = (
  body: string,
  listen = '127.0.0.1:0',
  more: Partial<PoolServerConfig> = {},
): PoolServerConfig => ({ name: body, listen, routes: [{ path: '*', respond: { body } }], ...more });

/** A pool on real sockets that can be broken, and everything that happened to it. */
export interface PoolRig {
  readonly pool: Pool;
  readonly sockets: Sockets;
  readonly journal: Journal;
  readonly changes: readonly PoolChange[];
}

const rigs: PoolRig[] = [];

/** Stopped after the test. */
export const rigPool = (
  servers: readonly (PoolServerConfig | undefined)[] = [],
  options: PoolOptions = {},
): PoolRig => {
  const sockets = createSockets();
  const journal = createJournal();
  const pool = createPool({ listeners: sockets.listeners, logger: journal, ...options }, ...servers);
  const changes: PoolChange[] = [];
  pool.changes$.subscribe((change) => changes.push(change));
  const made = { pool, sockets, journal, changes };
  rigs.push(made);
  return made;
};

/** The same, started. */
export const runningPool = async (
  servers: readonly PoolServerConfig[] = [],
  options: PoolOptions = {},
): Promise<PoolRig> => {
  const made = rigPool(servers, options);
  await made.pool.start();
  return made;
};

afterEach(async () => {
  await Promise.all(
    rigs.splice(0).map(({ pool, sockets }) => {
      sockets.heal();
      return pool.stop({ drainTimeoutMs: 0 });
    }),
  );
});

/** The server of that name. */
export const named = (pool: Pool, name: string): PoolServer => {
  for (const [, server] of pool) if (server.name === name) return server;
  throw new Error(`there is no server ${name}`);
};

/** What a promise rejects with, which has to be an error of the pool. */
export const refusalOf = async (promise: Promise<unknown>): Promise<PoolError> => {
  const thrown: unknown = await promise.then(
    (value) => new Error('it was not refused', { cause: value }),
    (error: unknown) => error,
  );
  if (thrown instanceof PoolError) return thrown;
  throw thrown;
};

/** The same for what throws. */
export const thrownBy = (work: () => unknown): PoolError => {
  try {
    work();
  } catch (error) {
    if (error instanceof PoolError) return error;
    throw error;
  }
  throw new Error('it was not refused');
};

/** Settles once the pool is as it should be. */
export const becomes = async (pool: Pool, isSo: () => boolean, limitMs = 5_000): Promise<void> => {
  const late = timer(limitMs).pipe(
    map((): never => {
      throw new Error(`did not come within ${limitMs} ms: ${isSo}`);
    }),
  );
  await firstValueFrom(merge(pool.servers$.pipe(startWith([]), filter(isSo)), late));
};
