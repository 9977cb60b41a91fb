import { afterEach, describe, expect, expectTypeOf, test } from 'vitest';
import { describeIssue } from '../../lib/config/errors.ts';
import { PoolError } from '../../lib/pool/errors.ts';
import type { ListedServer } from '../../lib/pool/listed-server.ts';
import type { Pool } from '../../lib/pool/pool.ts';
import { type LenientPool, type PoolConfig, poolConfig } from '../../lib/pool/pool-config.ts';

const logger = { error: () => {}, warn: () => {}, info: () => {}, debug: () => {} };
const answer = (): Response => new Response('shared');
const config = (name: string, listen: string, more: Partial<ListedServer> = {}): ListedServer => ({
  name,
  listen,
  expose: 'http://localhost:8080',
  ...more,
});
const two = (): PoolConfig => poolConfig([config('server1', '127.0.0.1:8080'), config('server2', '127.0.0.1:8081')]);
const said = (configs: PoolConfig): readonly string[] => configs.validate().map(describeIssue);

/** What only looks wrong to a compiler. */
const given = (value: unknown): ListedServer => value as ListedServer;

const pools: Pool[] = [];
const kept = (pool: Pool): Pool => {
  pools.push(pool);
  return pool;
};
afterEach(async () => {
  for (const pool of pools.splice(0)) await pool[Symbol.asyncDispose]();
});

const thrownBy = (work: () => unknown): PoolError => {
  try {
    work();
  } catch (thrown) {
    if (thrown instanceof PoolError) return thrown;
  }
  throw new Error('no PoolError was thrown');
};

describe('validate', () => {
  test('finds nothing wrong with valid servers, and with none', () => {
    // Case 41.
    expect(two().validate()).toEqual([]);
    expect(poolConfig().validate()).toEqual([]);
    expect(poolConfig([]).validate()).toEqual([]);
  });

  test.each([
    [{ name: '' }, 'name'],
    [{ listen: '' }, 'listen'],
    [{ expose: '' }, 'expose'],
    [{ listen: '127.0.0.1:99999' }, 'listen'],
    [{ listen: 'invalid format' }, 'listen'],
    [{ expose: 'not a url' }, 'expose'],
  ])('refuses %o', (change, path) => {
    // Case 47.
    const issues = poolConfig([config('server', '127.0.0.1:8080', change)]).validate();
    expect(issues.map((issue) => issue.path)).toContain(path);
  });

  test('takes the highest port', () => {
    // Case 47.
    expect(said(poolConfig([config('server', '127.0.0.1:65535')]))).toEqual([]);
  });

  test('names everything that is wrong with every server, by name or position', () => {
    const issues = poolConfig([
      config('fine', '127.0.0.1:8080'),
      config('bad', '127.0.0.1:99999', { keepAliveTimeoutMs: -1 }),
      given({ listen: '127.0.0.1:8081', expose: 'no url', handlerKey: 7 }),
      given(null),
      given('127.0.0.1:8082'),
    ]).validate();
    expect(issues.map(({ server, path }) => `${server} ${path}`).sort()).toEqual([
      '#2 expose',
      '#2 handlerKey',
      '#3 ',
      '#4 ',
      'bad keepAliveTimeoutMs',
      'bad listen',
    ]);
  });

  test('compares the servers with each other', () => {
    expect(
      said(
        poolConfig([
          config('a', ':8080'),
          config('a', '127.0.0.1:8081'),
          config('c', '127.0.0.1:8080'),
          config('d', '127.0.0.1:8081', { dependsOn: ['e'] }),
        ]),
      ),
    ).toEqual([
      '#1.name: is the name of the server at :8080 already',
      "c.listen: overlaps with 'a' (:8080)",
      "d.listen: is the address of '#1' already",
      'd.dependsOn: there is no such server',
    ]);
  });

  test('of a list with a handler that is none says who needs one, and does not throw', () => {
    for (const handler of ['7', '"text"', 'true']) {
      const configs = poolConfig([config('a', ':1')]).setHandler(JSON.parse(handler));
      expect(configs.validate()).toMatchObject([{ server: 'a', path: 'handlerKey' }]);
      expect(() => configs.toPool()).toThrow(expect.objectContaining({ code: 'ERR_POOL_VALIDATE' }));
    }
  });

  test('leaves the configs as they are, and never throws', () => {
    const servers = [config('a', ':80', { routes: [{ path: '/', respond: { body: 'a' } }] })];
    poolConfig(servers).validate();
    expect(Object.isFrozen(servers[0]) || Object.isFrozen(servers[0]?.routes)).toBe(false);
    const self: Record<string, unknown> = { listen: ':80' };
    self.self = self;
    const throwing = Object.defineProperty({ listen: ':80' }, 'name', {
      enumerable: true,
      get: () => {
        throw new Error('no');
      },
    });
    for (const odd of [undefined, 1, [], new Map(), self, throwing, { listen: ':80', tls: 'yes' }, { tls: true }]) {
      expect(poolConfig([given(odd)]).validate()).not.toEqual([]);
    }
  });
});

describe('a list', () => {
  test('is gone through in its order', () => {
    const seen: string[] = [];
    expect(two().walk(({ name }, index) => seen.push(`${index} ${name}`))).toBe(true);
    expect(seen).toEqual(['0 server1', '1 server2']);
    expect(two().walk(({ name }) => name !== 'server1')).toBe(false);
    expect(Array.from(two(), ({ name }) => name)).toEqual(['server1', 'server2']);
    expect(two().size).toBe(2);
    expect([...poolConfig()]).toEqual([]);
  });

  test('shows copies: what is done to them, or to what it was made of, is lost', () => {
    const route = { path: '/', respond: { body: 'a' } };
    const configs = poolConfig([config('a', ':80', { routes: [route] })]);
    route.path = '/changed';
    configs.walk((server) => {
      Object.assign(server, { name: 'changed' });
      Object.assign(server.routes?.[0] ?? {}, { path: '/changed' });
    });
    expect([...configs]).toEqual([config('a', ':80', { routes: [{ path: '/', respond: { body: 'a' } }] })]);
  });

  test('keeps code as it is', () => {
    const app = { fetch: answer, count: 0 };
    const [server] = poolConfig([config('a', ':80', { app })]);
    expect(server?.app).toBe(app);
  });
});

describe('encryption', () => {
  const shared = { cert: 'shared.crt', key: 'shared.key' };
  const own = { cert: 'own.crt', key: 'own.key' };
  const configs = (): PoolConfig =>
    poolConfig([
      config('silent', ':1'),
      config('strict', ':2', { tls: { minVersion: 'TLSv1.3' } }),
      config('own', ':3', { tls: own }),
      config('plain', ':4', { tls: false }),
      config('demanding', ':5', { tls: true }),
    ]);
  const tlsOf = (list: PoolConfig): readonly unknown[] => Array.from(list, ({ tls }) => tls);

  test('is that of the list, under what a server says itself', () => {
    const list = configs().setDefaultTls(shared);
    expect(tlsOf(list)).toEqual([shared, { ...shared, minVersion: 'TLSv1.3' }, own, undefined, shared]);
    expect(said(list)).toEqual([]);
    expect(Array.from(kept(list.toPool({ logger })).values(), ({ isTls }) => isTls)).toEqual([
      ...[true, true, true, false, true],
    ]);
  });

  test('is not asked for without something to encrypt with', () => {
    expect(said(configs())).toEqual([
      'strict.tls.cert: is missing',
      'strict.tls.key: is missing',
      'demanding.tls: there is nothing to encrypt with',
    ]);
    expect(said(configs().setDefaultTls({ cert: 'shared.crt' } as never))).toContain('silent.tls.key: is missing');
  });

  test('can be taken back', () => {
    expect(tlsOf(configs().setDefaultTls(shared).setDefaultTls(undefined))).toEqual(tlsOf(configs()));
  });

  test('is that of the moment it was set', () => {
    const later = { ...shared };
    const list = configs().setDefaultTls(later);
    later.cert = 'changed.crt';
    expect(tlsOf(list)[0]).toEqual(shared);
  });
});

describe('a handler', () => {
  const ask = async (pool: Pool): Promise<readonly string[]> => {
    await kept(pool).start();
    const answers: string[] = [];
    for (const { url } of pool.values()) answers.push(await (await fetch(url)).text());
    return answers;
  };

  test('answers for servers that have nothing of their own', async () => {
    const configs = poolConfig([
      config('a', '127.0.0.1:0'),
      config('b', '127.0.0.1:0', { app: () => new Response('own') }),
      config('c', '127.0.0.1:0', { handlerKey: 'c' }),
    ]).setHandler({ '': answer, c: () => new Response('by key') });
    for (const server of configs) expect(server.expose).toBeDefined();
    const plain = poolConfig(Array.from(configs, ({ expose: _, ...rest }) => rest)).setHandler({
      '': answer,
      c: () => new Response('by key'),
    });
    expect(await ask(plain.toPool({ logger }))).toEqual(['shared', 'own', 'by key']);
    const other = plain.toPool({ logger, handler: { '': () => new Response('other'), c: answer } });
    expect(await ask(other)).toEqual(['other', 'own', 'shared']);
  });

  test('that nobody has is found before a request asks for it', () => {
    const configs = poolConfig([
      config('a', ':1', { handlerKey: 'users' }),
      config('b', ':2'),
      config('c', ':3', { app: answer, handlerKey: 'x' }),
    ]);
    expect(said(configs)).toEqual([]);
    expect(said(configs.setHandler({ user: answer }))).toEqual([
      "a.handlerKey: there is no handler 'users'",
      "b.handlerKey: there is no handler ''",
    ]);
    expect(configs.validate()[0]?.hint).toBe("write 'user'");
    expect(said(configs.setHandler(answer))).toEqual(["a.handlerKey: there is no handler 'users'"]);
    expect(said(configs.setHandler(undefined))).toEqual([]);
  });
});

describe('toPool', () => {
  test('makes a pool of all servers', () => {
    // Cases 43 and 46.
    const controller = new AbortController();
    const configs = two();
    const chained = configs.setHandler(answer).setSignal(controller.signal);
    expect(chained).toBe(configs);
    expect(chained.validate()).toEqual([]);
    const pool = kept(chained.toPool({ logger }));
    expect(pool.size).toBe(2);
    expect(pool.load('127.0.0.1:8081')?.name).toBe('server2');
    expect(pool.isRunning()).toBe(false);
    expect(kept(poolConfig().toPool({ logger })).size).toBe(0);
    expectTypeOf(chained.toPool({ logger })).toEqualTypeOf<Pool>();
  });

  test('makes one that the signal closes', async () => {
    const controller = new AbortController();
    const pool = kept(two().setSignal(controller.signal).toPool({ logger }));
    controller.abort();
    await expect(pool.storeNew({ listen: ':1' })).rejects.toMatchObject({ code: 'ERR_POOL_CLOSED' });
  });

  test('refuses the list when anything is wrong, and names each server it is wrong with', () => {
    const configs = poolConfig([
      config('fine', '127.0.0.1:8080'),
      config('bad', '127.0.0.1:99999'),
      config('fine', '127.0.0.1:8081', { expose: 'no url' }),
    ]);
    const error = thrownBy(() => configs.toPool({ logger }));
    expect(error).toMatchObject({
      code: 'ERR_POOL_VALIDATE',
      message: '2 of 3 servers cannot be in a pool: bad, #2',
      issues: configs.validate(),
      hint: expect.stringMatching(/^expected an address like/),
      failures: [
        { server: 'bad', bind: '127.0.0.1:99999', phase: 'validate', code: 'ERR_CONFIG' },
        { server: '#2', bind: '127.0.0.1:8081', phase: 'validate', code: 'ERR_CONFIG' },
      ],
    });
    expect(error.cause).toBeInstanceOf(AggregateError);
  });

  test('makes a pool of the good ones where that is asked for, and gives the error beside it', () => {
    // Case 44.
    const some = poolConfig([config('fine', '127.0.0.1:8080'), config('bad', 'invalid format')]);
    const { pool, error } = some.toPool({ logger }, { lenient: true });
    expect(kept(pool).list('name', 'name', { glob: '*' })).toEqual(['fine']);
    expect(error).toMatchObject({ code: 'ERR_POOL_ADD', failures: [{ server: 'bad', phase: 'add' }] });
    const none = poolConfig([config('bad', 'invalid format')]).toPool({ logger }, { lenient: true });
    expect([kept(none.pool).size, none.error?.code]).toEqual([0, 'ERR_POOL_ADD']);
    const all = two().toPool({ logger }, { lenient: true });
    expect([kept(all.pool).size, all.error]).toEqual([2, undefined]);
    expectTypeOf(all).toEqualTypeOf<LenientPool>();
  });

  test('keeps as many as can be kept together', () => {
    const configs = poolConfig([
      // In nobody's way, because it is refused for itself.
      config('broken', '127.0.0.1:8080', { expose: 'no url' }),
      config('first', '127.0.0.1:8080'),
      config('second', ':8080'),
      config('leans', '127.0.0.1:1', { dependsOn: ['broken'] }),
      config('leans too', '127.0.0.1:2', { dependsOn: ['leans'] }),
      config('round', '127.0.0.1:3', { dependsOn: ['trip'] }),
      config('trip', '127.0.0.1:4', { dependsOn: ['round'] }),
    ]);
    const { pool, error } = configs.toPool({ logger }, { lenient: true });
    expect(kept(pool).list('name', 'name', { glob: '*' })).toEqual(['first']);
    expect(error?.failures.map(({ server }) => server)).toEqual([
      ...['broken', 'second', 'leans', 'leans too', 'round', 'trip'],
    ]);
    expect(error?.message).toBe('6 of 7 servers cannot be in a pool: broken, second, leans, and 3 more');
  });
});

test('the hint of what is refused is about the server that the message begins with', () => {
  const list = poolConfig([
    { name: 'a', listen: '127.0.0.1:99999' },
    { name: 'b', listen: ':80', maxConections: 5 } as never,
  ]).setHandler(() => new Response());
  const error = thrownBy(() => list.toPool());
  expect(error.message).toMatch(/servers cannot be in a pool: a, b$/);
  expect(error.hint).toMatch(/^expected an address like/);
});
