import { filter, firstValueFrom } from 'rxjs';
import { generate } from 'selfsigned';
import { describe, expect, onTestFinished, test } from 'vitest';
import type { HealthStatus } from '../../lib/health/health.ts';
import {
  type BalanceOptions,
  balance,
  createPool,
  type Pool,
  type PoolReader,
  type PoolServer,
} from '../../lib/pool.ts';
import { createLog, eventually } from '../server/serving.ts';

const site = () => {
  const log = createLog();
  const pool = createPool({ logger: log });
  onTestFinished(() => pool[Symbol.asyncDispose]());
  return { pool, log };
};

const member = (pool: Pool, name: string): Promise<PoolServer> =>
  pool.storeNew({ name, listen: '127.0.0.1:0', app: () => new Response(name) });

const frontOf = (pool: Pool, view: PoolReader, options?: BalanceOptions, name = 'front'): Promise<PoolServer> =>
  pool.storeNew({ name, listen: '127.0.0.1:0', routes: [{ path: '/*', proxy: balance(view, options) }] });

const answerOf = async ({ bind }: PoolServer): Promise<string> => {
  const answer = await fetch(`http://${bind}/`);
  return answer.status === 200 ? answer.text() : String(answer.status);
};

const answersOf = async (front: PoolServer, count: number): Promise<readonly string[]> => {
  const answers: string[] = [];
  for (let asked = 0; asked < count; asked += 1) answers.push(await answerOf(front));
  return answers.toSorted();
};

describe('a balancer over a pool', () => {
  test('asks the servers of its view that run, and those that join it', async () => {
    const { pool } = site();
    const a = await member(pool, 'api-a');
    await member(pool, 'api-b');
    await member(pool, 'web');
    const front = await frontOf(pool, pool.filter('name', { glob: 'api-*' }));
    await pool.start();
    expect(await answersOf(front, 4)).toEqual(['api-a', 'api-a', 'api-b', 'api-b']);
    await a.stop();
    expect(await answersOf(front, 2)).toEqual(['api-b', 'api-b']);
    await (await member(pool, 'api-c')).start();
    expect(await answersOf(front, 2)).toEqual(['api-b', 'api-c']);
    await a.update({ name: 'was-a' });
    await a.start();
    expect(await answersOf(front, 2)).toEqual(['api-b', 'api-c']);
  });

  test('asks servers with certificates over TLS, by the name that it is told', async () => {
    const { pool } = site();
    const { private: key, cert } = await generate([{ name: 'commonName', value: 'api.internal' }], {
      extensions: [{ name: 'subjectAltName', altNames: [{ type: 2, value: 'api.internal' }] }],
    });
    const app = (): Response => new Response('encrypted');
    await pool.storeNew({ name: 'api', listen: '127.0.0.1:0', app, tls: { cert, key } });
    const view = pool.filter('name', { exact: 'api' });
    const trusting = await frontOf(pool, view, { tls: { ca: cert, servername: 'api.internal' } });
    const wary = await frontOf(pool, view, { tls: { ca: cert } }, 'wary');
    await pool.start();
    expect(await answerOf(trusting)).toBe('encrypted');
    expect(await answerOf(wary)).toBe('503');
  });

  test('in that pool does not ask itself', async () => {
    const { pool, log } = site();
    await member(pool, 'a');
    const front = await frontOf(pool, pool);
    await pool.start();
    expect(await answersOf(front, 3)).toEqual(['a', 'a', 'a']);
    expect(log.lines.filter(({ level }) => level === 'error')).toEqual([]);
  });

  test('that asks itself by way of another one says so with 508', async () => {
    const { pool } = site();
    const one = await frontOf(pool, pool.filter('name', { exact: 'two' }), {}, 'one');
    await frontOf(pool, pool.filter('name', { exact: 'one' }), {}, 'two');
    await pool.start();
    expect(await answerOf(one)).toBe('508');
  });

  test('answers 503 while nobody is there, and is back with the first of them', async () => {
    const { pool, log } = site();
    const a = await member(pool, 'a');
    const front = await frontOf(pool, pool.filter('name', { exact: 'a' }));
    await front.start();
    expect(await answersOf(front, 3)).toEqual(['503', '503', '503']);
    await a.start();
    expect(await answerOf(front)).toBe('a');
    await pool.delete(a.bind);
    expect(await answerOf(front)).toBe('503');
    const told = log.lines.flatMap(({ level, message }) => (message.includes('ready') ? [level] : []));
    expect(told).toEqual(['warn', 'info', 'warn']);
    expect(log.lines.filter(({ level }) => level === 'error')).toEqual([]);
  });

  test('leaves servers alone whose check fails, as long as it does', async () => {
    const { pool } = site();
    let isWell = true;
    await member(pool, 'a');
    const b = await pool.storeNew({
      name: 'b',
      listen: '127.0.0.1:0',
      app: () => new Response('b'),
      health: { check: () => isWell, intervalMs: 10 },
    });
    const view = pool.filter('name', { pattern: '^[ab]$' });
    const front = await frontOf(pool, view);
    /** Until the view says so: changes of health are told together, some milliseconds later. */
    const until = (status: HealthStatus): Promise<unknown> =>
      firstValueFrom(
        view.servers$.pipe(filter((servers) => servers.some((one) => one === b && one.health?.status === status))),
      );
    await pool.start();
    await until('ok');
    expect(await answersOf(front, 4)).toEqual(['a', 'a', 'b', 'b']);
    isWell = false;
    await until('down');
    expect(await answersOf(front, 4)).toEqual(['a', 'a', 'a', 'a']);
    isWell = true;
    await until('ok');
    expect(await answersOf(front, 4)).toEqual(['a', 'a', 'b', 'b']);
  });

  test('finishes what a server was asked before it drained', async () => {
    const { pool } = site();
    let release: () => void = () => {};
    const held = new Promise<void>((resolve) => {
      release = resolve;
    });
    const slow = await pool.storeNew({
      name: 'slow',
      listen: '127.0.0.1:0',
      app: async () => {
        await held;
        return new Response('slow');
      },
    });
    const front = await frontOf(pool, pool.filter('name', { pattern: '^(slow|other)$' }));
    await pool.start();
    const waiting = answerOf(front);
    await eventually(() => slow.snapshot?.inFlight === 1);
    const stopped = slow.stop();
    await eventually(() => slow.state === 'draining');
    await (await member(pool, 'other')).start();
    expect(await answersOf(front, 3)).toEqual(['other', 'other', 'other']);
    release();
    expect(await waiting).toBe('slow');
    await stopped;
  });
});
