import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import type { PoolServerConfig } from '../../lib/pool/pool-server.ts';
import { accepts, ask } from '../cluster/fixtures/asking.ts';
import { keepOpen } from '../cluster/fixtures/kept.ts';
import { freeAddresses } from '../cluster/fixtures/ports.ts';
import { named, refusalOf, rigPool, runningPool, serving, thrownBy } from './pools.ts';

const names = (pool: Iterable<readonly [string, { readonly name: string }]>): readonly string[] =>
  Array.from(pool, ([, { name }]) => name);

describe('who is who', () => {
  const saying = (body: string): PoolServerConfig => ({
    listen: '127.0.0.1:0',
    routes: [{ path: '*', respond: { body } }],
  });

  test('servers without a name, on ports of the system, stay who they are in whatever order they were changed', async () => {
    const { pool } = rigPool();
    const first = await pool.storeNew(saying('first'));
    const second = await pool.storeNew(saying('second'));
    await pool.start();
    await first.update({ routes: [{ path: '*', respond: { body: 'first again' } }] });
    const said = async (): Promise<readonly string[]> => [await ask(first.bind), await ask(second.bind)];
    expect(await pool.merge(pool)).toMatchObject({ changed: [], conflicts: [] });
    expect(await said()).toEqual(['first again', 'second']);
    await pool.monitor();
    expect(await said()).toEqual(['first again', 'second']);
    expect(await pool.reload(Array.from(pool, ([, { config }]) => config))).toMatchObject({ changed: [] });
    expect(await said()).toEqual(['first again', 'second']);
  });

  test('nobody loses his place to a disabled server at the same address', async () => {
    const [address = ''] = await freeAddresses(1);
    const { pool } = await runningPool([serving('one', address)]);
    const twice = [serving('one', address), serving('two', address, { disabled: true })];
    for (const configs of [twice, twice.toReversed(), twice.map((config) => ({ ...config, disabled: true }))]) {
      const { code, failures, issues } = await refusalOf(pool.reload(configs));
      expect([code, failures.length]).toEqual(['ERR_POOL_RELOAD', 1]);
      expect(issues).toMatchObject([
        { path: 'listen', message: expect.stringMatching(/^is the address of \w+ already$/) },
      ]);
      expect(thrownBy(() => pool.planReload(configs)).code).toBe('ERR_POOL_RELOAD');
    }
    expect([names(pool), await ask(address)]).toEqual([['one'], 'one']);
  });
});

test('what is no pool, and what is no policy, is refused', async () => {
  const { pool } = rigPool([serving('one')]);
  expect(await refusalOf(pool.merge(JSON.parse('null')))).toMatchObject({ code: 'ERR_POOL_PARAM_EMPTY' });
  expect(thrownBy(() => pool.planMerge(JSON.parse('null'))).code).toBe('ERR_POOL_PARAM_EMPTY');
  await expect(pool.merge(pool, JSON.parse('{"conflict":"mine"}'))).rejects.toMatchObject({
    code: 'ERR_OPTIONS',
    option: 'conflict',
  });
});

describe('merging', () => {
  // Case 32.
  test('takes over what the other pool has, and leaves that one alone', async () => {
    const { pool } = rigPool([serving('server1', '127.0.0.1:8080')]);
    const { pool: other } = rigPool([serving('server2', '127.0.0.1:8081')]);
    expect(await pool.merge(other)).toMatchObject({ added: ['127.0.0.1:8081'], conflicts: [], removed: [] });
    expect([names(pool), names(other)]).toEqual([['server1', 'server2'], ['server2']]);
    expect(named(pool, 'server2')).not.toBe(named(other, 'server2'));
  });

  // Case 34.
  test('an empty pool in changes nothing, into an empty one takes all, and one and two are three', async () => {
    const one = (): PoolServerConfig[] => [serving('one', '127.0.0.1:8080')];
    const { pool } = rigPool(one());
    expect(await pool.merge(rigPool().pool)).toMatchObject({ added: [], changed: [], unchanged: ['127.0.0.1:8080'] });
    expect(pool.size).toBe(1);
    const { pool: empty } = rigPool();
    await empty.merge(pool);
    expect(empty.size).toBe(1);
    await pool.merge(rigPool([serving('two', '127.0.0.1:8081'), serving('three', '127.0.0.1:8082')]).pool);
    expect(pool.size).toBe(3);
    await pool.merge(pool);
    expect(pool.size).toBe(3);
  });

  // Case 35.
  test('has servers that both have answer as the other pool says, without closing their sockets', async () => {
    const [address = ''] = await freeAddresses(1);
    const { pool, sockets } = await runningPool([serving('old', address)]);
    const server = named(pool, 'old');
    const kept = await keepOpen(address);
    expect(await kept.ask()).toBe('old');
    const { pool: other } = rigPool([serving('new', address)]);
    expect(await pool.merge(other)).toMatchObject({
      changed: [address],
      conflicts: [address],
      plan: { changes: [{ action: 'update' }], bind: [], release: [] },
    });
    expect(await kept.ask()).toBe('new');
    expect(sockets.closed).toEqual([]);
    expect(pool.load(address)).toBe(server);
    expect(server.name).toBe('new');
    kept.end();
    const { pool: idle } = rigPool([serving('old', '127.0.0.1:0', { name: 'a' })]);
    await idle.merge(rigPool([serving('new', '127.0.0.1:0', { name: 'a' })]).pool);
    await idle.start();
    expect(await ask(named(idle, 'a').bind)).toBe('new');
  });

  test('with the target winning keeps what it has, and with an error refuses all of it', async () => {
    const { pool } = rigPool([serving('mine', '127.0.0.1:8080')]);
    const { pool: other } = rigPool([serving('yours', '127.0.0.1:8080'), serving('more', '127.0.0.1:8081')]);
    const error = await refusalOf(pool.merge(other, { conflict: 'error' }));
    expect(error).toMatchObject({
      code: 'ERR_POOL_CONFLICT',
      failures: [{ server: 'mine', bind: '127.0.0.1:8080', phase: 'merge' }],
    });
    expect(names(pool)).toEqual(['mine']);
    expect(await pool.merge(other, { conflict: 'target' })).toMatchObject({
      added: ['127.0.0.1:8081'],
      changed: [],
      unchanged: ['127.0.0.1:8080'],
      conflicts: ['127.0.0.1:8080'],
    });
    expect(names(pool)).toEqual(['mine', 'more']);
  });

  test('is planned first: the plan says the same, and nothing happens', async () => {
    const [one = '', two = ''] = await freeAddresses(2);
    const { pool, changes } = await runningPool([serving('a', one)]);
    const { pool: other } = rigPool([serving('b', one), serving('c', two), serving('d', '127.0.0.1:0')]);
    const plan = pool.planMerge(other);
    expect(pool.planMerge(other)).toEqual(plan);
    expect(changes).toEqual([]);
    expect([pool.size, await accepts(two)]).toEqual([1, false]);
    expect(plan).toMatchObject({
      added: [two, '127.0.0.1:0'],
      changed: [one],
      plan: { bind: [two, '127.0.0.1:0'], unchanged: [] },
    });
    expect(await pool.merge(other)).toEqual(plan);
    expect(await ask(two)).toBe('c');
  });

  test('of which one server cannot be put in force changes nothing at all', async () => {
    const [one = '', two = '', taken = ''] = await freeAddresses(3);
    const { pool: foreign } = await runningPool([serving('foreign', taken)]);
    const { pool, changes, sockets } = await runningPool([serving('a', one)]);
    const { pool: other } = rigPool([serving('b', one), serving('c', two), serving('d', taken)]);
    const error = await refusalOf(pool.merge(other));
    expect(error).toMatchObject({
      code: 'ERR_POOL_MERGE',
      failures: [{ server: 'd', bind: taken, phase: 'merge', code: 'ERR_BIND' }],
      cause: { errno: 'EADDRINUSE' },
    });
    expect([names(pool), changes]).toEqual([['a'], []]);
    expect([await ask(one), await accepts(two)]).toEqual(['a', false]);
    expect(sockets.open).toEqual([one]);
    expect(pool.cluster.snapshot.degraded).toBe(false);
    expect(pool.cluster.error).toBeUndefined();
    await foreign.stop();
  });

  test('goes through although a server that has nothing to do with it has failed', async () => {
    const [one = ''] = await freeAddresses(1);
    const { pool, sockets } = rigPool([serving('bad', one), serving('a')]);
    sockets.fault((address) => (address === one ? 'refuse' : 'none'));
    await refusalOf(pool.start());
    await pool.merge(rigPool([serving('b')]).pool);
    expect(await ask(named(pool, 'b').bind)).toBe('b');
    expect(named(pool, 'bad')).toMatchObject({ state: 'failed', error: { name: 'BindError' } });
    sockets.heal();
    await pool.start();
    expect(await ask(one)).toBe('bad');
  });

  test('servers that leave the port to the system means other servers, unless they are called the same', async () => {
    const { pool } = rigPool([serving('a'), serving('x', '127.0.0.1:0', { name: undefined } as never)]);
    const { pool: other } = rigPool([serving('b'), serving('new', '127.0.0.1:0', { name: 'a' })]);
    expect(await pool.merge(other)).toMatchObject({ added: ['127.0.0.1:0#3'], changed: ['127.0.0.1:0'] });
    expect(pool.size).toBe(3);
  });

  test('addresses that overlap is refused on both sides', async () => {
    const { pool } = rigPool([serving('all', ':8080')]);
    const error = thrownBy(() => pool.planMerge(rigPool([serving('one', '127.0.0.1:8080')]).pool));
    expect(error).toMatchObject({ code: 'ERR_POOL_MERGE', failures: [{ server: 'all' }, { server: 'one' }] });
    expect(error.issues.map(({ path }) => path)).toEqual(['listen', 'listen']);
  });
});

describe('reloading', () => {
  test('makes the pool what the configs say, in their order, and drains what is not among them', async () => {
    const [one = '', two = '', three = ''] = await freeAddresses(3);
    const { pool, sockets } = await runningPool([serving('a', one), serving('b', two), serving('free')]);
    const free = named(pool, 'free');
    const { bind } = free;
    const plan = await pool.reload([serving('c', three), serving('free'), serving('changed', one)]);
    expect(plan).toMatchObject({ added: [three], changed: [one], unchanged: [bind], removed: [two] });
    expect(Array.from(pool, ([key, { name }]) => [key, name])).toEqual([
      [three, 'c'],
      [bind, 'free'],
      [one, 'changed'],
    ]);
    expect(named(pool, 'free')).toBe(free);
    expect([await ask(one), await ask(three), await accepts(two)]).toEqual(['changed', 'c', false]);
    expect(sockets.closed).toEqual([two]);
  });

  test('a set of which anything is not valid changes nothing and names it all', async () => {
    const { pool } = await runningPool([serving('a')]);
    const [bind = ''] = pool.keys();
    const bad = [
      { name: 'x' },
      serving('y', ':1', { keepAliveTimeoutMs: -1 }),
      serving('one', '127.0.0.1:8080'),
      serving('two', '127.0.0.1:8080'),
    ];
    const error = await refusalOf(pool.reload(bad as never));
    expect(error.code).toBe('ERR_POOL_RELOAD');
    expect(error.failures.map(({ server }) => server)).toEqual(['x', 'y']);
    expect(error.issues.map(({ server, path }) => `${server}.${path}`)).toEqual([
      'x.listen',
      'x.expose',
      'y.keepAliveTimeoutMs',
    ]);
    expect(thrownBy(() => pool.planReload(bad.slice(2) as never)).failures.map(({ server }) => server)).toEqual([
      'one',
      'two',
    ]);
    expect(await ask(bind)).toBe('a');
  });

  test('with equal configs touches nothing', async () => {
    const configs = (): PoolServerConfig[] => [serving('a'), serving('b'), serving('c', '127.0.0.1:0', { name: 'a' })];
    const { pool, changes, sockets } = await runningPool(configs());
    const before = [...pool];
    sockets.forget();
    const told = changes.length;
    expect(await pool.reload(configs())).toMatchObject({ added: [], changed: [], removed: [], plan: { changes: [] } });
    expect([...pool]).toEqual(before);
    expect([changes.length, sockets.attempts, sockets.closed]).toEqual([told, [], []]);
  });

  test('without configs has the modules they name read again, behind the open sockets', async () => {
    const directory = await mkdtemp(join(tmpdir(), 'pool-'));
    const module = join(directory, 'app.mjs');
    const write = (body: string): Promise<void> => writeFile(module, `export default () => new Response('${body}');`);
    try {
      await write('one');
      const { pool, sockets } = await runningPool([
        { name: 'a', listen: '127.0.0.1:0', routes: [{ path: '*', module }] },
      ]);
      const server = named(pool, 'a');
      expect(await ask(server.bind)).toBe('one');
      await write('two');
      expect(await pool.reload()).toMatchObject({
        unchanged: [server.bind],
        plan: { changes: [{ server: 'a', action: 'update', fields: [] }] },
      });
      expect(await ask(server.bind)).toBe('two');
      await writeFile(module, 'export default 5;');
      expect(await refusalOf(pool.reload())).toMatchObject({
        code: 'ERR_POOL_RELOAD',
        failures: [{ server: 'a', phase: 'reload', code: 'ERR_APP' }],
      });
      expect(await ask(server.bind)).toBe('two');
      expect(sockets.closed).toEqual([]);
      await pool.stop();
      expect(await pool.reload()).toMatchObject({ unchanged: [server.bind], plan: { changes: [] } });
    } finally {
      await rm(directory, { recursive: true });
    }
  });

  test('a pool that does not run changes it all the same', async () => {
    const { pool } = rigPool([serving('a', '127.0.0.1:8080')]);
    const server = named(pool, 'a');
    await pool.reload([serving('b', '127.0.0.1:8081')]);
    expect([names(pool), server.detached]).toEqual([['b'], true]);
  });
});
