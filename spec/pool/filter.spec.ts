import { connect } from 'node:net';
import { filter, firstValueFrom } from 'rxjs';
import { afterEach, describe, expect, test } from 'vitest';
import { createPool } from '../../lib/pool/create-pool.ts';
import type { Pool, PoolReader } from '../../lib/pool/pool.ts';
import type { PoolServerConfig } from '../../lib/pool/pool-server.ts';

const logger = { error: () => {}, warn: () => {}, info: () => {}, debug: () => {} };
const pools: Pool[] = [];
const poolOf = (...servers: readonly PoolServerConfig[]): Pool => {
  const pool = createPool({ logger, handler: () => new Response('ok') }, ...servers);
  pools.push(pool);
  return pool;
};
afterEach(async () => {
  for (const pool of pools.splice(0)) await pool[Symbol.asyncDispose]();
});

const fixture = (): Pool =>
  poolOf(
    { name: 'api-server', listen: '127.0.0.1:8080', expose: 'http://localhost:8080' },
    { name: 'web-server', listen: '127.0.0.1:8081', expose: 'http://localhost:8081' },
    { name: 'admin-server', listen: '192.168.1.1:8080', expose: 'http://admin.example.com:8080' },
    { name: 'api-v2-server', listen: '127.0.0.1:9000', expose: 'http://api.example.com:9000' },
  );

const namesOf = (reader: PoolReader): readonly string[] => Array.from(reader.values(), ({ name }) => name);

const accepts = (address: string): Promise<boolean> =>
  new Promise((resolve) => {
    const { hostname, port } = new URL(`http://${address}`);
    const socket = connect(Number(port), hostname);
    socket.once('connect', () => resolve(true)).once('error', () => resolve(false));
    socket.once('connect', () => socket.destroy());
  });

describe('a pool is searched', () => {
  test('by name (cases 22, 23 and 31)', () => {
    const pool = fixture();
    expect(pool.filter('name', { pattern: /^api-.*/ }).size).toBe(2);
    expect(pool.filter('name', { exact: 'non-existent' }).size).toBe(0);
    expect(pool.filter('name', { exact: 'API-SERVER' }).size).toBe(1);
    expect(pool.list('name', 'bind', { glob: 'API-*' })).toEqual(['127.0.0.1:8080', '127.0.0.1:9000']);
  });

  test('by where clients reach it (case 25)', () => {
    const pool = fixture();
    expect(pool.filter('expose', { exact: 'localhost:8080' }).size).toBe(1);
    expect(pool.filter('expose', { exact: 'http://localhost:8080' }).size).toBe(1);
    expect(pool.filter('expose', { pattern: /.*example\.com.*/ }).size).toBe(2);
    expect(pool.filter('expose', { pattern: '.*example\\.com.*' }).size).toBe(2);
    expect(pool.filter('expose', { pattern: /localhost.*/ }).size).toBe(2);
  });

  test('for one field by another (cases 26 and 31)', () => {
    const pool = fixture();
    expect(pool.list('name', 'name', { pattern: /.*/ })).toHaveLength(4);
    expect(pool.list('bind', 'name', { pattern: /^127\.0\.0\.1:808.*/ })).toEqual(['api-server', 'web-server']);
    expect(pool.list('bind', 'name', { exact: '127.0.0.1:8080' })).toEqual(['api-server']);
    expect(pool.list('name', 'expose', { exact: 'admin-server' })).toEqual(['admin.example.com:8080']);
  });

  test('with a pattern that does not compile, which is said (case 28)', () => {
    const pool = fixture();
    const pattern = '[invalid(regex';
    const refused = expect.objectContaining({ name: 'PoolError', code: 'ERR_POOL_PATTERN' });
    expect(() => pool.filter('name', { pattern })).toThrow(refused);
    expect(() => pool.list('name', 'name', { pattern })).toThrow(refused);
    expect(pool.filter('name', { pattern, lenient: true }).size).toBe(0);
    expect(pool.list('name', 'name', { pattern, lenient: true })).toEqual([]);
  });

  test('while it is empty (case 29)', () => {
    const pool = poolOf();
    expect(pool.filter('name', { pattern: '.*' }).size).toBe(0);
    expect(pool.list('name', 'name', { pattern: '.*' })).toEqual([]);
  });

  test('by patterns that stall a backtracking engine, in a moment', () => {
    const servers = Array.from({ length: 1_000 }, (_, n) => ({
      name: `${'a'.repeat(40)}-${n}`,
      listen: `127.0.0.1:${n + 1_000}`,
    }));
    const pool = poolOf(...servers);
    expect(pool.size).toBe(1_000);
    for (const pattern of ['^(a+)+$', '^(a|a|aa)*b', '(a*)*[0-9]+b', '^(?:a?){30}a{30}b']) {
      const since = performance.now();
      expect(pool.filter('name', { pattern }).size).toBe(0);
      // Milliseconds as a rule; one of these names alone keeps Node's own engine busy for hours.
      expect(performance.now() - since).toBeLessThan(1_000);
    }
    expect(pool.filter('name', { pattern: '-99[0-9]$' }).size).toBe(10);
    expect(pool.filter('bind', { glob: '127.0.0.1:1??0' }).size).toBe(100);
  });
});

describe('a view of a pool that runs', () => {
  test('starts, restarts and stops its servers, and no others', async () => {
    const pool = poolOf(
      { name: 'public-1', listen: '127.0.0.1:0' },
      { name: 'public-2', listen: '127.0.0.1:0' },
      { name: 'admin', listen: '127.0.0.1:0' },
    );
    const outside = pool.filter('name', { glob: 'public-*' });
    const { servers } = await outside.start();
    expect(servers.map(({ server, status }) => `${server} ${status}`)).toEqual([
      'public-1 started',
      'public-2 started',
    ]);
    expect([outside.isRunning(), pool.filter('name', { exact: 'admin' }).isRunning()]).toEqual([true, false]);
    await pool.start();
    const [admin] = pool.filter('name', { exact: 'admin' }).snapshot();
    const since = admin?.snapshot?.since;
    await outside.restart();
    expect(admin?.snapshot?.since).toBe(since);
    const [first] = outside.snapshot();
    expect(await accepts(first?.bind ?? '')).toBe(true);
    const report = await outside.stop();
    expect(report.servers.map(({ status }) => status)).toEqual(['stopped', 'stopped']);
    expect(await accepts(first?.bind ?? '')).toBe(false);
    expect(await accepts(admin?.bind ?? '')).toBe(true);
    expect([outside.isRunning(), outside.uptime(), pool.isRunning()]).toEqual([false, 0, true]);
  });

  test('leaves those running that can run when one cannot, and names the other', async () => {
    const holder = poolOf({ name: 'holder', listen: '127.0.0.1:0' });
    await holder.start();
    const [busy = ''] = [...holder.keys()];
    const pool = poolOf(
      { name: 'api-1', listen: '127.0.0.1:0' },
      { name: 'api-2', listen: busy },
      { name: 'api-3', listen: '127.0.0.1:0' },
      { name: 'other', listen: '127.0.0.1:0' },
    );
    const apis = pool.filter('name', { glob: 'api-*' });
    await expect(apis.start()).rejects.toMatchObject({
      code: 'ERR_POOL_START',
      failures: [{ server: 'api-2', bind: busy, phase: 'start', code: 'ERR_BIND' }],
    });
    expect(Array.from(pool.values(), (server) => server.isRunning())).toEqual([true, false, true, false]);
    expect(apis.isRunning()).toBe(true);
  });

  test('tells who begins and stops matching, by another name and by another address', async () => {
    const pool = poolOf({ name: 'api', listen: '127.0.0.1:0' }, { name: 'web', listen: '127.0.0.1:0' });
    await pool.start();
    const [api, web] = [...pool.values()];
    const told: string[] = [];
    pool.filter('name', { glob: 'api*' }).changes$.subscribe(({ type, server }) => told.push(`${type} ${server.name}`));
    await web?.update({ name: 'api-web' });
    await api?.update({ name: 'old' });
    await pool.storeNew({ name: 'api-new', listen: '127.0.0.1:0' });
    await pool.delete(web?.bind ?? '');
    expect(told.filter((line) => !line.startsWith('rekeyed'))).toEqual([
      'added api-web',
      'removed old',
      'added api-new',
      'removed api-web',
    ]);
    const moved: string[] = [];
    const here = pool.filter('bind', { pattern: '^127\\.' });
    here.changes$.subscribe(({ type, server }) => moved.push(`${type} ${server.name}`));
    await api?.update({ listen: 'localhost:0' });
    expect(namesOf(here)).toEqual(['api-new']);
    expect(moved).toEqual(['removed old']);
  });

  test('shows its servers as they come and go, and ends with the pool', async () => {
    const pool = poolOf({ name: 'api-1', listen: '127.0.0.1:0' });
    const apis = pool.filter('name', { glob: 'api-*' });
    const running = firstValueFrom(apis.servers$.pipe(filter(([first]) => first?.isRunning() === true)));
    await pool.start();
    expect((await running).map(({ name }) => name)).toEqual(['api-1']);
    const both = firstValueFrom(apis.servers$.pipe(filter(({ length }) => length === 2)));
    await pool.storeNew({ name: 'web', listen: '127.0.0.1:0' });
    await pool.storeNew({ name: 'api-2', listen: '127.0.0.1:0' });
    expect((await both).map(({ name }) => name)).toEqual(['api-1', 'api-2']);
    const ended: string[] = [];
    apis.servers$.subscribe({ complete: () => ended.push('servers') });
    apis.changes$.subscribe({ complete: () => ended.push('changes') });
    await pool[Symbol.asyncDispose]();
    expect(ended.sort()).toEqual(['changes', 'servers']);
  });
});
