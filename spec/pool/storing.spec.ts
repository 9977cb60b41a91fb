import { describe, expect, test } from 'vitest';
import type { PoolServerConfig } from '../../lib/pool/pool-server.ts';
import { accepts, ask } from '../cluster/fixtures/asking.ts';
import { eventually, settledBy } from '../cluster/fixtures/clusters.ts';
import { keepOpen } from '../cluster/fixtures/kept.ts';
import { freeAddresses } from '../cluster/fixtures/ports.ts';
import { becomes, named, refusalOf, rigPool, runningPool, serving } from './pools.ts';

describe('storing a server', () => {
  // Case 5.
  test('makes it found at its address', async () => {
    const { pool } = rigPool();
    const config = { ...serving('test-server', '127.0.0.1:8080'), expose: 'http://localhost:8080' };
    const server = await pool.storeNew(config);
    expect(pool.load('127.0.0.1:8080')).toBe(server);
    expect(server).toMatchObject({
      name: 'test-server',
      bind: '127.0.0.1:8080',
      expose: 'localhost:8080',
      url: 'http://localhost:8080',
      monitorName: 'HTTP Server [127.0.0.1:8080]',
      state: 'stopped',
      config,
    });
  });

  // Case 7.
  test('leaves the others where they are', async () => {
    const { pool } = rigPool();
    await pool.storeNew(serving('server1', '127.0.0.1:8080'));
    await pool.storeNew(serving('server2', '127.0.0.1:8081'));
    expect(pool.size).toBe(2);
  });

  // Case 8.
  test('at an address that has one puts it in the place of that one, which is detached', async () => {
    const { pool, changes } = rigPool([serving('server1', '127.0.0.1:8080'), serving('last', '127.0.0.1:8081')]);
    const former = named(pool, 'server1');
    const server = await pool.storeNew(serving('server2', '127.0.0.1:8080'));
    expect(pool.load('127.0.0.1:8080')).toBe(server);
    expect(Array.from(pool, ([, { name }]) => name)).toEqual(['server2', 'last']);
    expect([former.detached, former.name, server.detached]).toEqual([true, 'server1', false]);
    expect(changes.slice(-1)).toEqual([
      { type: 'replaced', bind: '127.0.0.1:8080', server, former: serving('server1', '127.0.0.1:8080') },
    ]);
  });

  test('of another name in the place of one that runs does not close its socket', async () => {
    const { pool, sockets } = await runningPool([serving('one')]);
    const [bind = ''] = pool.keys();
    const kept = await keepOpen(bind);
    expect(await kept.ask()).toBe('one');
    await pool.storeNew(serving('two', bind));
    expect(await kept.ask()).toBe('two');
    expect(sockets.closed).toEqual([]);
    kept.end();
  });

  test('that cannot be built leaves the one in its place serving, whatever it is called', async () => {
    const { pool, sockets } = await runningPool([serving('one')]);
    const [bind = ''] = pool.keys();
    for (const name of ['one', 'two']) {
      const broken = { name, listen: bind, routes: [{ path: '*', module: './is-not-there.ts' }] };
      const error = await refusalOf(pool.storeNew(broken));
      expect(error).toMatchObject({
        code: 'ERR_POOL_ADD',
        failures: [{ server: name, bind, phase: 'add', code: 'ERR_APP' }],
      });
      expect(await ask(bind)).toBe('one');
      expect(named(pool, 'one')).toMatchObject({ detached: false, state: 'running', error: undefined });
      expect(pool.cluster.snapshot).toMatchObject({ degraded: false, state: 'Running' });
    }
    expect(sockets.closed).toEqual([]);
    expect(Object.keys(pool.cluster.snapshot.servers)).toEqual(['one']);
  });

  // Case 19.
  test('that does not say where it listens is refused with everything that is wrong', async () => {
    const { pool } = rigPool([], { handler: () => new Response() });
    const error = await refusalOf(pool.storeNew({ name: 'x' } as PoolServerConfig));
    expect(error.code).toBe('ERR_POOL_ADD');
    expect(error.issues.map(({ server, path, message }) => [server, path, message])).toEqual([
      ['x', 'listen', 'is missing'],
      ['x', 'expose', "cannot be derived without 'listen'"],
    ]);
    expect(pool.size).toBe(0);
  });

  test.each([
    [undefined, 'ERR_POOL_PARAM_EMPTY'],
    [null, 'ERR_POOL_PARAM_EMPTY'],
    ['127.0.0.1:80', 'ERR_POOL_ADD'],
    [[], 'ERR_POOL_ADD'],
    [new Date(), 'ERR_POOL_ADD'],
    [{ listen: ':80', handlerKey: 5 }, 'ERR_POOL_ADD'],
    [{ listen: ':80', dependsOn: 'db' }, 'ERR_POOL_ADD'],
    [{ listen: ':80', app: 'hello' }, 'ERR_POOL_ADD'],
    [{ listen: ':80', nmae: 'x' }, 'ERR_POOL_ADD'],
  ])('that is nonsense (%o) is refused, never a crash', async (nonsense, code) => {
    const { pool } = rigPool();
    const error = await refusalOf(pool.storeNew(nonsense as never));
    expect(error.code).toBe(code);
    expect(pool.size).toBe(0);
  });

  test('that cannot be read is refused as well', async () => {
    const { pool } = rigPool();
    const hostile = Object.defineProperty({}, 'listen', { enumerable: true, get: () => JSON.parse('') });
    expect(await refusalOf(pool.storeNew(hostile as never))).toMatchObject({ code: 'ERR_POOL_ADD' });
    expect(await refusalOf(pool.reload([hostile as never]))).toMatchObject({ code: 'ERR_POOL_RELOAD' });
  });

  // Case 20.
  test('by the name of a host finds it by that name', async () => {
    const { pool } = rigPool();
    await pool.storeNew(serving('a', 'localhost:8080'));
    await pool.storeNew(serving('b', 'localhost:8081'));
    expect(pool.size).toBe(2);
    expect(pool.has('localhost:8080')).toBe(true);
    expect(pool.has('LOCALHOST:8081')).toBe(true);
  });

  test('whose address overlaps with that of another one is a conflict that names both', async () => {
    const { pool } = rigPool([serving('all', ':8080'), serving('off', ':9090', { disabled: true })]);
    const error = await refusalOf(pool.storeNew(serving('one', '127.0.0.1:8080')));
    expect(error).toMatchObject({ code: 'ERR_POOL_CONFLICT', failures: [{ server: 'one', bind: '127.0.0.1:8080' }] });
    expect(error.message).toContain('server all has :8080');
    await pool.storeNew(serving('two', '127.0.0.1:9090'));
    expect(await refusalOf(named(pool, 'off').update({ disabled: false }))).toMatchObject({
      code: 'ERR_POOL_CONFLICT',
    });
  });

  test('fifty times at once loses none, and each is running when it is told of', async () => {
    const { pool } = await runningPool();
    const stored = await Promise.all(
      Array.from({ length: 50 }, async (_, index) => {
        const server = await pool.storeNew(serving(`s${index}`));
        return server.isRunning();
      }),
    );
    expect(pool.size).toBe(50);
    expect(stored.every(Boolean)).toBe(true);
  });

  test('in a pool that runs whose address is taken leaves no trace', async () => {
    const [address = ''] = await freeAddresses(1);
    const { pool: other } = await runningPool([serving('other', address)]);
    const { pool, changes } = await runningPool([serving('a')]);
    const error = await refusalOf(pool.storeNew(serving('b', address)));
    expect(error).toMatchObject({ code: 'ERR_POOL_ADD', cause: { name: 'BindError', errno: 'EADDRINUSE' } });
    expect(error.failures[0]?.error).toBe(error.cause);
    expect([pool.size, pool.has(address)]).toEqual([1, false]);
    expect(changes.filter(({ type }) => type !== 'rekeyed')).toEqual([]);
    expect(pool.cluster.snapshot.degraded).toBe(false);
    await other.stop();
    await pool.storeNew(serving('b', address));
    expect(await ask(address)).toBe('b');
  });
});

describe('what is stored', () => {
  const fixture = [
    serving('server1', '127.0.0.1:8080'),
    serving('server2', '127.0.0.1:8081'),
    serving('server3', '127.0.0.1:8082'),
  ];

  // Case 13.
  test('is walked through in the order in which it came', () => {
    const { pool } = rigPool(fixture);
    const names: string[] = [];
    expect(pool.walk((_, { name }) => names.push(name))).toBe(true);
    expect(names).toEqual(['server1', 'server2', 'server3']);
  });

  // Case 14.
  test('is walked through until the visitor has seen enough', () => {
    const { pool } = rigPool(fixture);
    let count = 0;
    const visit = (): boolean => {
      count += 1;
      return count < 2;
    };
    expect(pool.walk(visit)).toBe(false);
    expect(count).toBe(2);
  });

  // Case 16.
  test('is there, and nothing else is', () => {
    const { pool } = rigPool(fixture.slice(0, 1));
    expect(pool.has('127.0.0.1:8080')).toBe(true);
    expect(pool.has('127.0.0.1:9999')).toBe(false);
    for (const nonsense of ['', 'x', '127.0.0.1', '#2', '8080', 5, null, {}])
      expect(pool.has(nonsense as never)).toBe(false);
  });
});

describe('deleting a server', () => {
  // Case 10.
  test('takes it out, and says whether there was one', async () => {
    const { pool, changes } = rigPool([serving('a', '127.0.0.1:8080')]);
    const server = named(pool, 'a');
    expect(await pool.delete('127.0.0.1:8080')).toBe(true);
    expect(pool.size).toBe(0);
    expect(changes).toEqual([{ type: 'removed', bind: '127.0.0.1:8080', server }]);
    expect(await pool.delete('127.0.0.1:8080')).toBe(false);
    expect(await pool.delete('nonsense')).toBe(false);
  });

  // Case 11.
  test('that runs frees its address', async () => {
    const { pool } = await runningPool([serving('a')]);
    const [bind = ''] = pool.keys();
    expect(await pool.delete(bind)).toBe(true);
    expect(await accepts(bind)).toBe(false);
    expect(pool.cluster.snapshot).toMatchObject({ servers: {}, draining: [] });
  });

  test('is over when what it had accepted is finished, and nobody else has to wait for that', async () => {
    let release = (): void => {};
    const held = new Promise<void>((resolve) => {
      release = resolve;
    });
    const slow = { name: 'slow', listen: '127.0.0.1:0', app: async () => held.then(() => new Response('done')) };
    const { pool } = await runningPool([slow, serving('b')]);
    const bind = named(pool, 'slow').bind;
    const answer = ask(bind);
    await eventually(() => named(pool, 'slow').snapshot?.inFlight === 1);
    const deleted = pool.delete(bind);
    await becomes(pool, () => pool.size === 1);
    await pool.storeNew(serving('c'));
    expect(await settledBy(deleted)).toBe('pending');
    release();
    expect(await answer).toBe('done');
    expect(await deleted).toBe(true);
    expect(await accepts(bind)).toBe(false);
  });

  test('cuts what has not finished within the time it is given', async () => {
    const stuck = { name: 'stuck', listen: '127.0.0.1:0', app: () => new Promise<Response>(() => {}) };
    const { pool } = await runningPool([stuck]);
    const { bind } = named(pool, 'stuck');
    const answer = ask(bind);
    await eventually(() => named(pool, 'stuck').snapshot?.inFlight === 1);
    expect(await pool.delete(bind, { drainTimeoutMs: 20 })).toBe(true);
    expect(await answer).toMatch(/^no answer/);
  });

  // Case 17.
  test('of all of them empties the pool, and an empty one stays empty', async () => {
    const { pool } = await runningPool([serving('a'), serving('b')]);
    const binds = [...pool.keys()];
    await pool.clean();
    expect(pool.size).toBe(0);
    expect(await Promise.all(binds.map(accepts))).toEqual([false, false]);
    await pool.clean();
    await pool.storeNew(serving('c'));
    expect(pool.isRunning()).toBe(true);
  });
});

describe('a server that was taken out', () => {
  test('has stopped, can do nothing any more, and is at home in the pool in which it is stored next', async () => {
    const { pool } = await runningPool([serving('a', '127.0.0.1:0', { drainTimeoutMs: 50 })]);
    const [bind = ''] = pool.keys();
    const server = await pool.loadAndDelete(bind);
    if (server === undefined) throw new Error('it was there');
    expect(server).toMatchObject({ name: 'a', detached: true, state: 'stopped', snapshot: undefined });
    for (const refused of [
      server.start(),
      server.stop(),
      server.restart(),
      server.update({ name: 'b' }),
      server.healthCheck(),
    ]) {
      expect(await refusalOf(refused)).toMatchObject({ code: 'ERR_POOL_DETACHED' });
    }
    const { pool: next } = await runningPool();
    expect(await next.store(server)).toBe(server);
    expect(server).toMatchObject({ detached: false, state: 'running' });
    expect(await ask(server.bind)).toBe('a');
    expect(await pool.loadAndDelete(bind)).toBeUndefined();
  });

  test('is another one in a second pool when it is in a first', async () => {
    const { pool } = rigPool([serving('a')]);
    const { pool: second } = rigPool();
    const server = named(pool, 'a');
    const copy = await second.store(server);
    expect(copy).not.toBe(server);
    expect(copy.config).toEqual(server.config);
    expect([pool.size, second.size]).toEqual([1, 1]);
    expect(await refusalOf(pool.store(undefined as never))).toMatchObject({ code: 'ERR_POOL_PARAM_EMPTY' });
  });
});

describe('updating a server', () => {
  test('changes what is said and leaves the rest, behind the open socket', async () => {
    const { pool, sockets, changes } = await runningPool([serving('a')]);
    const server = named(pool, 'a');
    const { bind } = server;
    await server.update({ routes: [{ path: '*', respond: { body: 'new' } }], name: 'b' });
    expect(await ask(bind)).toBe('new');
    expect(server).toMatchObject({ name: 'b', bind, config: { listen: '127.0.0.1:0' } });
    expect(pool.load(bind)).toBe(server);
    expect(sockets.closed).toEqual([]);
    expect(changes.at(-1)).toMatchObject({ type: 'replaced', bind, server, former: { name: 'a' } });
  });

  test('of its address finds it there from then on, in the same place of the order', async () => {
    const [one = '', two = ''] = await freeAddresses(2);
    const { pool, changes } = await runningPool([serving('a', one), serving('b')]);
    const server = named(pool, 'a');
    await server.update({ listen: two });
    expect([...pool.values()][0]).toBe(server);
    expect([pool.has(one), pool.load(two)]).toEqual([false, server]);
    expect([await ask(two), await accepts(one)]).toEqual(['a', false]);
    expect(changes.at(-1)).toEqual({ type: 'rekeyed', bind: two, former: one, server });
  });

  test('to a port that the system chooses has it found under that at once, and never under anything else', async () => {
    const [one = ''] = await freeAddresses(1);
    const { pool, changes } = await runningPool([serving('a', one)]);
    const server = named(pool, 'a');
    await server.update({ listen: '127.0.0.1:0' });
    const { bind } = server;
    await server.update({ listen: one });
    await server.update({ listen: '127.0.0.1:0' });
    expect(changes.flatMap((change) => (change.type === 'rekeyed' ? [[change.former, change.bind]] : []))).toEqual([
      [one, bind],
      [bind, one],
      [one, server.bind],
    ]);
    expect([await ask(server.bind), pool.load(server.bind), pool.load('127.0.0.1:0')]).toEqual(['a', server, server]);
    expect(await refusalOf(pool.storeNew(serving('b', `:${server.bind.split(':')[1]}`)))).toMatchObject({
      code: 'ERR_POOL_CONFLICT',
    });
  });

  test('to an address that another one has is a conflict, and nothing has changed', async () => {
    const [one = '', two = ''] = await freeAddresses(2);
    const { pool } = await runningPool([serving('a', one), serving('b', two)]);
    const server = named(pool, 'a');
    const error = await refusalOf(server.update({ listen: two, name: 'c' }));
    expect(error).toMatchObject({ code: 'ERR_POOL_CONFLICT', failures: [{ server: 'a', phase: 'update' }] });
    expect(server).toMatchObject({ name: 'a', bind: one });
    expect([await ask(one), await ask(two)]).toEqual(['a', 'b']);
  });

  test('to an address that somebody else has, or to what cannot be built, is undone', async () => {
    const [one = '', taken = ''] = await freeAddresses(2);
    const { pool: other } = await runningPool([serving('other', taken)]);
    const { pool } = await runningPool([serving('a', one)]);
    const server = named(pool, 'a');
    expect(await refusalOf(server.update({ listen: taken }))).toMatchObject({
      code: 'ERR_POOL_UPDATE',
      failures: [{ server: 'a', bind: one, phase: 'update', code: 'ERR_BIND' }],
    });
    expect(await refusalOf(server.update({ routes: [{ path: '*', module: './is-not-there.ts' }] }))).toMatchObject({
      code: 'ERR_POOL_UPDATE',
    });
    expect(await refusalOf(server.update({ listen: 'nowhere' }))).toMatchObject({
      code: 'ERR_POOL_VALIDATE',
      issues: [{ server: 'a', path: 'listen' }],
    });
    expect(server).toMatchObject({ bind: one, config: serving('a', one), state: 'running', error: undefined });
    expect(await ask(one)).toBe('a');
    expect(pool.cluster.snapshot.degraded).toBe(false);
    await other.stop();
  });

  test('takes away what is said to be undefined', async () => {
    const { pool } = rigPool([serving('a', ':8080', { expose: 'https://example.com' })]);
    const server = named(pool, 'a');
    expect(server.expose).toBe('example.com');
    await server.update({ expose: undefined, name: undefined } as never);
    expect(server).toMatchObject({ name: ':8080', expose: ':8080', url: 'http://localhost:8080' });
    expect('expose' in server.config).toBe(false);
  });

  test('that enables one in a pool that runs starts it', async () => {
    const { pool } = await runningPool([serving('a', '127.0.0.1:0', { disabled: true })]);
    const server = named(pool, 'a');
    expect(server.isRunning()).toBe(false);
    await server.update({ disabled: false });
    expect(await ask(server.bind)).toBe('a');
    await server.update({ disabled: true });
    expect(server.isRunning()).toBe(false);
  });
});

test('what is said of a config that is none fits on a line', async () => {
  const { pool } = rigPool([serving('a')]);
  const { message } = await refusalOf(pool.storeNew(serving(`x\n\u0000${'y'.repeat(5_000)}`)));
  expect(message).toMatch(/^server x\\n\\u\{0\}y+… cannot be added: name: /);
  expect(message.length).toBeLessThan(400);
  expect((await refusalOf(pool.storeNew(JSON.parse('7')))).message).toMatch(/^a server cannot be added: must be/);
});

test('a change that cannot be read is refused as one that is not valid', async () => {
  const { pool } = rigPool([serving('a')]);
  const thrown = Object.defineProperty({}, 'name', {
    enumerable: true,
    get: () => {
      throw new Error('no');
    },
  });
  const error = await refusalOf(named(pool, 'a').update(thrown));
  expect([error.code, error.failures[0]?.server]).toEqual(['ERR_POOL_VALIDATE', 'a']);
  expect(named(pool, 'a').state).toBe('stopped');
});
