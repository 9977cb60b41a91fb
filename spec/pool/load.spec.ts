import { expect, test } from 'vitest';
import type { PoolServerConfig } from '../../lib/pool/pool-server.ts';
import { type AccountingClient, createAccountingClient } from '../accounting/accounting-client.ts';
import { failures, sum } from '../accounting/tally.ts';
import { freeAddresses } from '../cluster/fixtures/ports.ts';
import { named, refusalOf, rigPool, runningPool, serving } from './pools.ts';

/** Kept and fresh connections that ask without a break, and accept only these bodies. */
const clients = (address: string, body: RegExp): readonly AccountingClient[] =>
  (['keep-alive', 'fresh'] as const).map((mode) =>
    createAccountingClient({
      address: () => address,
      mode,
      rate: mode === 'fresh' ? 80 : 200,
      ...(mode === 'fresh' ? {} : { connections: 4 }),
      check: (answer) => answer.status === 200 && body.test(answer.body),
    }),
  );

test('handlers, replacements, updates, merges, reloads and restarts under load cost no request', async () => {
  const [one = '', two = '', three = '', taken = ''] = await freeAddresses(4);
  const configs = (n: number): PoolServerConfig[] => [
    serving(`one ${n}`, one, { name: n % 2 === 0 ? 'one' : 'uno', headersTimeoutMs: 9_000 + (n % 2) }),
    { name: 'shared', listen: two },
    ...(n % 3 === 0 ? [] : [serving('comes', three)]),
  ];
  const shared = (n: number) => () => new Response(`shared ${n}`);
  const { pool: foreign } = await runningPool([serving('foreign', taken)]);
  const { pool, sockets } = await runningPool(configs(0), { handler: shared(0) });
  const load = [...clients(one, /^one \d+$/), ...clients(two, /^shared \d+$/)];
  for (const client of load) client.start();

  for (let n = 1; n <= 15; n += 1) {
    await pool.handler(shared(n));
    await pool.storeNew(serving(`one ${n}`, one, { name: `one-${n}` }));
    await named(pool, 'shared').update({ keepAliveTimeoutMs: 50_000 + n });
    await pool.merge(
      rigPool([serving(`one ${n}`, one), { name: 'shared', listen: two, maxConnections: n + 100 }]).pool,
    );
    expect(await refusalOf(pool.storeNew(serving('busy', taken)))).toMatchObject({ code: 'ERR_POOL_ADD' });
    await pool.reload(configs(n));
    expect(await refusalOf(pool.reload([...configs(n), serving('busy', taken)]))).toMatchObject({
      code: 'ERR_POOL_RELOAD',
    });
    if (n % 4 === 0) await pool.restart();
  }
  const report = sum(await Promise.all(load.map((client) => client.stop())));
  await foreign.stop();

  expect(report.written).toBeGreaterThan(100);
  expect({ failed: failures(report), examples: report.examples }).toEqual({ failed: 0, examples: [] });
  // Addresses that are always wanted refuse nobody, and send nobody away.
  expect([report.refused, report.asked + report.closedIdle]).toEqual([0, 0]);
  expect(new Set(sockets.closed)).toEqual(new Set([three]));
}, 60_000);

test('servers that are deleted, stopped and started under load finish every request they accepted', async () => {
  const { pool } = await runningPool([serving('stays'), serving('goes', (await freeAddresses(1))[0])]);
  const stays = clients(named(pool, 'stays').bind, /^stays$/);
  const goes = clients(named(pool, 'goes').bind, /^goes$/);
  for (const client of [...stays, ...goes]) client.start();
  const config = named(pool, 'goes').config;
  for (let n = 1; n <= 4; n += 1) {
    await named(pool, 'goes').stop();
    await named(pool, 'goes').start();
    await pool.delete(config.listen);
    await pool.storeNew(config);
  }
  const steady = sum(await Promise.all(stays.map((client) => client.stop())));
  const visits = sum(await Promise.all(goes.map((client) => client.stop())));
  expect({ failed: failures(steady), examples: steady.examples }).toEqual({ failed: 0, examples: [] });
  expect(steady.refused).toBe(0);
  expect({ failed: failures(visits), examples: visits.examples }).toEqual({ failed: 0, examples: [] });
  expect(visits.written).toBeGreaterThan(0);
}, 60_000);
