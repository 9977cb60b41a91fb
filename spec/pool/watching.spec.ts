import { describe, expect, test } from 'vitest';
import type { Health } from '../../lib/health/health.ts';
import { eventually } from '../cluster/fixtures/clusters.ts';
import { named, refusalOf, rigPool, runningPool, serving } from './pools.ts';

const SOON = { intervalMs: 10, timeoutMs: 1_000 };

describe('checking the health of a server', () => {
  // Case 58.
  test('fails while it does not run, and passes while it does', async () => {
    const { pool } = rigPool([serving('a')]);
    const server = named(pool, 'a');
    const notRunning = {
      code: 'ERR_POOL_NOT_RUNNING',
      message: 'server a is not running',
      failures: [{ server: 'a', phase: 'health' }],
    };
    expect(await refusalOf(server.healthCheck())).toMatchObject(notRunning);
    await pool.start();
    await server.healthCheck();
    await pool.stop();
    expect(await refusalOf(server.healthCheck())).toMatchObject(notRunning);
  });

  test('asks its own check, and says why that is not content', async () => {
    let isWell = true;
    const cause = new Error('out of order');
    const check = (): void => {
      if (!isWell) throw cause;
    };
    const { pool } = await runningPool([
      serving('own', '127.0.0.1:0', { health: { check } }),
      serving('http', '127.0.0.1:0', { health: { http: { path: '/', body: 'something else' } } }),
    ]);
    await named(pool, 'own').healthCheck();
    isWell = false;
    const error = await refusalOf(named(pool, 'own').healthCheck());
    expect(error).toMatchObject({ code: 'ERR_POOL_MONITOR', message: 'server own is not well: out of order' });
    expect(error.failures[0]?.error).toBe(cause);
    expect(await refusalOf(named(pool, 'http').healthCheck())).toMatchObject({
      failures: [{ server: 'http', phase: 'health', code: 'ERR_HEALTH_BODY' }],
    });
  });
});

describe('monitoring', () => {
  // Case 59.
  test('calls every server by a name of its own, before and after it has begun', async () => {
    const { pool } = rigPool([serving('same', '127.0.0.1:8080'), serving('same', '127.0.0.1:8081')]);
    const names = ['HTTP Server [127.0.0.1:8080]', 'HTTP Server [127.0.0.1:8081]'];
    expect(pool.monitorNames()).toEqual(names);
    const monitors = await pool.monitor();
    expect(monitors.map(({ name }) => name)).toEqual(names);
    expect(pool.monitorNames()).toEqual(names);
    expect(monitors.map(({ health }) => health.checks)).toEqual([0, 0]);
  });

  test('looks after every server that nobody looks after yet, without touching its connections', async () => {
    const { pool, sockets } = await runningPool([
      serving('a'),
      serving('b', '127.0.0.1:0', { health: { http: '/', ...SOON } }),
    ]);
    const [a, b] = await pool.monitor(SOON);
    if (a === undefined || b === undefined) throw new Error('both are looked after');
    expect(named(pool, 'a').config.health).toEqual(SOON);
    expect(named(pool, 'b').config.health).toEqual({ http: '/', ...SOON });
    await eventually(() => a.health.status === 'ok' && b.health.status === 'ok');
    expect(a.server.health?.status).toBe('ok');
    expect(sockets.closed).toEqual([]);
    const [again] = await pool.monitor();
    expect(again?.server).toBe(a.server);
    expect(named(pool, 'a').config.health).toEqual(SOON);
  });

  test('tells every change of a health, the present one first, until its server leaves', async () => {
    let isWell = true;
    const check = (): boolean => isWell;
    const { pool } = await runningPool([serving('a', '127.0.0.1:0', { health: { check, ...SOON } })]);
    const [monitor] = await pool.monitor();
    const told: Health[] = [];
    let isOver = false;
    monitor?.health$.subscribe({ next: (health) => told.push(health), complete: () => (isOver = true) });
    expect(told).toHaveLength(1);
    await eventually(() => told.at(-1)?.status === 'ok');
    isWell = false;
    await eventually(() => told.at(-1)?.status === 'down');
    expect(told.at(-1)).toMatchObject({ message: 'the check answered false' });
    expect(told.length).toBeGreaterThan(3);
    await pool.clean();
    expect(isOver).toBe(true);
  });

  test('ends with the pool', async () => {
    const { pool } = await runningPool([serving('a')]);
    const [monitor] = await pool.monitor(SOON);
    let isOver = false;
    monitor?.health$.subscribe({ complete: () => (isOver = true) });
    await pool[Symbol.asyncDispose]();
    expect(isOver).toBe(true);
    expect(monitor?.health.status).toBe('down');
  });

  test('with settings that are not valid changes nothing', async () => {
    const { pool } = await runningPool([serving('a')]);
    expect(await refusalOf(pool.monitor({ intervalMs: -1 }))).toMatchObject({
      code: 'ERR_POOL_MONITOR',
      issues: [{ server: 'a', path: 'health.intervalMs' }],
    });
    expect(named(pool, 'a').config.health).toBeUndefined();
  });
});

describe('a monitor', () => {
  test('says nothing of health when its server is taken out on purpose, by a delete or by a reload', async () => {
    const { pool } = await runningPool([serving('a'), serving('b')]);
    const monitors = await pool.monitor(SOON);
    await eventually(() => monitors.every(({ health }) => health.status === 'ok'));
    const heard: string[][] = [[], []];
    for (const [index, { health$ }] of monitors.entries()) {
      health$.subscribe({
        next: ({ status }) => heard[index]?.push(status),
        complete: () => heard[index]?.push('complete'),
      });
    }
    await pool.delete(named(pool, 'a').bind);
    await pool.reload([serving('c')]);
    expect(heard).toEqual([
      ['ok', 'complete'],
      ['ok', 'complete'],
    ]);
  });

  test('with settings that are not valid is refused, and the message says why', async () => {
    const { pool } = await runningPool([serving('a')]);
    expect(await refusalOf(pool.monitor({ intervalMs: 1 }))).toMatchObject({
      code: 'ERR_POOL_MONITOR',
      message: expect.stringMatching(/configs are not valid: a \(health\.intervalMs: must be a whole number from 10/),
    });
  });
});
