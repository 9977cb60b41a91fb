import { describe, expect, test } from 'vitest';
import { freeAddresses } from '../cluster/fixtures/ports.ts';
import { named, refusalOf, rigPool, runningPool, serving, thrownBy } from './pools.ts';

describe('two servers at one address', () => {
  test('that a pool is to begin with are a mistake, which names both', () => {
    const error = thrownBy(() => rigPool([serving('a', ':9779'), serving('b', ':9779')]));
    expect(error).toMatchObject({
      code: 'ERR_POOL_CONFLICT',
      message: 'server b cannot be added: server a has :9779',
      hint: 'give every server an address of its own',
      failures: [{ server: 'b', bind: ':9779', error: { message: ':9779 is the address of a already' } }],
    });
    const three = thrownBy(() => rigPool([serving('a', ':9779'), serving('a', ':9779'), serving('c', ':9779')]));
    expect(three).toMatchObject({ code: 'ERR_POOL_CONFLICT', failures: [{ server: 'a' }, { server: 'c' }] });
  });

  test('one after the other take the place of each other, and the log says so when it is another one', async () => {
    const { pool, journal } = await runningPool();
    const [address = ''] = await freeAddresses(1);
    await pool.storeNew(serving('a', address));
    await pool.storeNew(serving('a', address, { maxConnections: 5 }));
    await pool.storeNew(serving('b', address));
    expect(pool.size).toBe(1);
    expect(journal.lines.filter((line) => line.includes('place'))).toEqual([
      `info: server b takes the place of server a at ${address}`,
    ]);
  });
});

describe('what is refused', () => {
  test('has the hint of whatever stands in the way', async () => {
    const [busy = ''] = await freeAddresses(1);
    await runningPool([serving('foreign', busy)]);
    const { pool } = await runningPool([serving('a')]);
    expect((await refusalOf(pool.storeNew(serving('b', busy)))).hint).toContain('another process or server holds it');
    expect((await refusalOf(named(pool, 'a').update({ listen: busy }))).hint).toContain('another process or server');
    expect((await refusalOf(pool.storeNew(serving('c', '127.0.0.1:99999')))).hint).toMatch(/^expected /);
  });

  test('of several servers has a message and a hint about the same one', () => {
    const bad = [serving('a', '127.0.0.1:99999'), { name: 'b', listen: ':80', maxConections: 5 }];
    const error = thrownBy(() => rigPool(bad));
    expect(error.message).toContain('server a cannot be added: listen');
    expect(error.message).toContain('and 1 more');
    expect(error.hint).toMatch(/^expected .*(port|address)/);
  });
});

describe('a dependency on a name that several servers have', () => {
  const twice = [serving('db'), serving('db'), serving('other')];

  test('is refused, and says which address to write', async () => {
    const { pool } = await runningPool(twice);
    const [first] = pool.keys();
    expect(await refusalOf(pool.storeNew(serving('web', '127.0.0.1:0', { dependsOn: ['db'] })))).toMatchObject({
      code: 'ERR_POOL_ADD',
      issues: [{ server: 'web', path: 'dependsOn', message: "there are 2 servers 'db'" }],
      hint: `write the address of the one that is meant: '${first}'`,
    });
    expect(await refusalOf(named(pool, 'other').update({ dependsOn: ['db'] }))).toMatchObject({
      code: 'ERR_POOL_UPDATE',
      issues: [{ path: 'dependsOn' }],
    });
    await pool.storeNew(serving('web', '127.0.0.1:0', { dependsOn: [first ?? ''] }));
    expect(named(pool, 'web').isRunning()).toBe(true);
  });

  test('cannot be started with', async () => {
    const { pool } = rigPool([serving('web', '127.0.0.1:0', { dependsOn: ['db'] }), ...twice]);
    const error = await refusalOf(pool.start());
    expect(error.failures).toMatchObject([
      { server: 'web', error: { message: "there are 2 servers 'db' to depend on", code: 'ERR_POOL_START' } },
    ]);
    expect(named(pool, 'other').isRunning()).toBe(true);
  });

  test('goes on meaning whom it meant when a namesake comes later', async () => {
    const { pool } = await runningPool([serving('db'), serving('web', '127.0.0.1:0', { dependsOn: ['db'] })]);
    const db = named(pool, 'db');
    await pool.storeNew(serving('db'));
    await db.stop();
    expect(named(pool, 'web').isRunning()).toBe(false);
  });
});

test('encryption without settings is told where it belongs', async () => {
  const { pool } = await runningPool();
  const error = await refusalOf(pool.storeNew(serving('a', ':8443', { tls: true } as never)));
  expect(error).toMatchObject({ code: 'ERR_POOL_ADD', issues: [{ path: 'tls' }] });
  expect(error.hint).toContain('poolConfig(…) with setDefaultTls');
});

test('a server that is not to be looked after stays as it is when the pool is monitored', async () => {
  const { pool } = await runningPool([serving('a', '127.0.0.1:0', { health: false }), serving('b')]);
  await pool.monitor();
  expect([named(pool, 'a').config.health, named(pool, 'a').health]).toEqual([false, undefined]);
  expect(named(pool, 'b').health).toBeDefined();
});
