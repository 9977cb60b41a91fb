import { describe, expect, test } from 'vitest';
import { createPool } from '../../lib/pool/create-pool.ts';
import { createSupervisor } from '../../lib/supervision/supervisor.ts';
import { accepts, ask } from '../cluster/fixtures/asking.ts';
import { eventually } from '../cluster/fixtures/clusters.ts';
import { createJournal } from '../cluster/fixtures/journal.ts';
import { freeAddresses } from '../cluster/fixtures/ports.ts';
import { named, refusalOf, rigPool, runningPool, serving, thrownBy } from './pools.ts';

describe('a new pool', () => {
  // Case 1.
  test('is empty, with a signal that is not aborted as well, and can be used', async () => {
    expect(rigPool().pool.size).toBe(0);
    const { pool } = rigPool([], { signal: new AbortController().signal });
    expect([...pool]).toEqual([]);
    await pool.storeNew(serving('a'));
    expect(pool.size).toBe(1);
  });

  // Case 4.
  test('begins with the servers it is given, and passes over those that are none', () => {
    const { pool } = rigPool([serving('a', '127.0.0.1:8080'), undefined]);
    expect([...pool.keys()]).toEqual(['127.0.0.1:8080']);
    expect(named(pool, 'a')).toMatchObject({ state: 'stopped', error: undefined, detached: false });
  });

  test('names everything that is wrong with every server it cannot begin with', () => {
    const bad = [serving('fine', '127.0.0.1:1'), { listen: 'nowhere' }, { name: 'x', listen: ':80', disabled: 1 }];
    const error = thrownBy(() => rigPool(bad as never));
    expect(error).toMatchObject({
      code: 'ERR_POOL_ADD',
      failures: [
        { server: 'nowhere', phase: 'add', code: 'ERR_CONFIG' },
        { server: 'x', bind: ':80', phase: 'add', code: 'ERR_CONFIG' },
      ],
      issues: [
        { server: 'nowhere', path: 'listen' },
        { server: 'x', path: 'disabled' },
      ],
    });
    expect(error.cause).toBeInstanceOf(AggregateError);
  });

  test('refuses options that a pool decides itself, and handlers that cannot answer', () => {
    expect(() => rigPool([], { commit: 'atomic' } as never)).toThrow(/^commit must be left out/);
    expect(() => rigPool([], { nmae: 'x' } as never)).toThrow('nmae is no option; did you mean name?');
    expect(thrownBy(() => rigPool([], { handler: 'hello' as never }))).toMatchObject({ code: 'ERR_POOL_HANDLER' });
    expect(thrownBy(() => rigPool([], { handler: { api: 5 } as never })).message).toContain("'api'");
  });
});

describe('a pool whose signal is aborted', () => {
  // Case 2.
  test('refuses what is stored from then on, loses nothing, and is still read', async () => {
    const controller = new AbortController();
    const { pool } = await runningPool([serving('a')], { signal: controller.signal });
    const [bind = ''] = pool.keys();
    let completed = 0;
    pool.servers$.subscribe({ complete: () => (completed += 1) });
    pool.changes$.subscribe({ complete: () => (completed += 1) });
    controller.abort();
    expect(pool.closed).toBe(true);
    expect(await refusalOf(pool.storeNew(serving('b')))).toMatchObject({ code: 'ERR_POOL_CLOSED' });
    for (const refused of [pool.delete(bind), pool.start(), pool.restart(), pool.handler(undefined), pool.clean()]) {
      expect(await refusalOf(refused)).toMatchObject({ code: 'ERR_POOL_CLOSED' });
    }
    expect(await refusalOf(named(pool, 'a').update({ disabled: true }))).toMatchObject({ code: 'ERR_POOL_CLOSED' });
    await pool.stop();
    await eventually(() => completed === 2);
    expect(pool.size).toBe(1);
    expect(pool.load(bind)?.name).toBe('a');
    expect(pool.isRunning()).toBe(false);
    expect(await accepts(bind)).toBe(false);
    let latest: readonly unknown[] = [];
    pool.servers$.subscribe((servers) => {
      latest = servers;
    });
    expect(latest).toHaveLength(1);
  });

  test('was aborted before it was made: it is closed from the beginning', async () => {
    const { pool } = rigPool([serving('a')], { signal: AbortSignal.abort() });
    expect(pool).toMatchObject({ closed: true, size: 1 });
    expect(await refusalOf(pool.start())).toMatchObject({ code: 'ERR_POOL_CLOSED' });
  });

  test('tells a change that was on its way that it came too late', async () => {
    const controller = new AbortController();
    const { pool } = await runningPool([serving('a')], { signal: controller.signal });
    const storing = pool.storeNew(serving('b'));
    controller.abort();
    expect(await refusalOf(storing)).toMatchObject({ code: 'ERR_POOL_CLOSED' });
    expect(pool.size).toBe(1);
  });
});

test('a pool that is disposed of stops and is closed', async () => {
  let bind = '';
  {
    await using pool = createPool({ logger: createJournal() }, serving('a'));
    await pool.start();
    [bind = ''] = pool.keys();
    expect(await ask(bind)).toBe('a');
  }
  expect(await accepts(bind)).toBe(false);
});

describe('a clone', () => {
  // Case 37.
  test('is another pool with the same servers, of an empty one an empty one', () => {
    const { pool } = rigPool([serving('a', '127.0.0.1:8080')]);
    const clone = pool.clone({ signal: new AbortController().signal, name: 'other' });
    expect(clone).not.toBe(pool);
    expect(clone).toMatchObject({ size: 1, name: 'other' });
    expect(rigPool().pool.clone().size).toBe(0);
  });

  // Case 38.
  test('lives its own life: what is changed, started or removed in it leaves the original alone', async () => {
    const { pool } = rigPool([serving('a')]);
    const clone = pool.clone();
    try {
      await named(clone, 'a').update({ name: 'b' });
      await clone.start();
      expect(clone.isRunning()).toBe(true);
      expect(await ask(named(clone, 'b').bind)).toBe('a');
      expect(named(pool, 'a').isRunning()).toBe(false);
      expect(pool.isRunning()).toBe(false);
      await clone.clean();
      expect([clone.size, pool.size]).toEqual([0, 1]);
    } finally {
      await clone.stop();
    }
  });

  test('of a pool that runs does not run, and answers with the handler that is in force', async () => {
    const { pool } = await runningPool([{ name: 'a', listen: '127.0.0.1:0' }], { handler: () => new Response('old') });
    await pool.handler(() => new Response('new'));
    const clone = pool.clone();
    try {
      expect(clone.isRunning()).toBe(false);
      await clone.start();
      expect(await ask([...clone.keys()][0] ?? '')).toBe('new');
      await pool.handler(undefined);
      expect(await ask([...clone.keys()][0] ?? '')).toBe('new');
    } finally {
      await clone.stop();
    }
  });
});

test('what is no signal is refused at once', () => {
  for (const signal of ['null', '{}', '"now"', '{"aborted":true}']) {
    expect(() => createPool({ signal: JSON.parse(signal), logger: createJournal() }), signal).toThrow(
      expect.objectContaining({ code: 'ERR_OPTIONS', option: 'signal' }),
    );
  }
  expect(() => createPool({ signal: JSON.parse('null') })).toThrow('signal must be an AbortSignal');
});

describe('a supervisor', () => {
  test('starts a pool, has it read again, stops it, and starts it once more', async () => {
    const [address = ''] = await freeAddresses(1);
    const { pool } = rigPool([serving('a', address)]);
    for (let life = 1; life <= 2; life += 1) {
      const supervisor = createSupervisor([pool], { logger: createJournal() });
      await supervisor.start();
      expect(await ask(address)).toBe('a');
      await supervisor.reload();
      expect(pool.isRunning()).toBe(true);
      await supervisor.stop();
      expect(await accepts(address)).toBe(false);
    }
  });

  test('is told when a server of the pool cannot be started', async () => {
    const { pool, sockets } = rigPool([serving('a')]);
    sockets.fault(() => 'refuse');
    const supervisor = createSupervisor([pool], { logger: createJournal() });
    await expect(supervisor.start()).rejects.toMatchObject({
      cause: { name: expect.stringMatching(/PoolError|BindError/) },
    });
  });
});
