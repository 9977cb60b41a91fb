import { describe, expect, test } from 'vitest';
import { PoolError } from '../../lib/pool/errors.ts';
import { accepts, ask } from '../cluster/fixtures/asking.ts';
import { eventually } from '../cluster/fixtures/clusters.ts';
import { freeAddresses } from '../cluster/fixtures/ports.ts';
import { becomes, named, refusalOf, rigPool, runningPool, serving } from './pools.ts';

describe('starting', () => {
  // Case 49.
  test('has servers answer, and their uptime grows until they are stopped', async () => {
    const [address = ''] = await freeAddresses(1);
    const { pool } = rigPool([serving('hello', address)]);
    expect([pool.isRunning(), pool.uptime()]).toEqual([false, 0]);
    expect(await pool.start()).toMatchObject({
      servers: [{ server: 'hello', bind: address, status: 'started' }],
      cut: 0,
    });
    expect(pool.isRunning()).toBe(true);
    await eventually(() => pool.uptime() > 0);
    const before = pool.uptime();
    await eventually(() => pool.uptime() > before);
    expect(await ask(address, '/test')).toBe('hello');
    expect(await pool.stop()).toMatchObject({ servers: [{ server: 'hello', status: 'stopped' }], cut: 0 });
    expect([pool.isRunning(), pool.uptime(), await accepts(address)]).toEqual([false, 0, false]);
  });

  // Case 52.
  test('goes on past a server whose address is taken, and names that one alone', async () => {
    const [busy = ''] = await freeAddresses(1);
    const { pool: foreign } = await runningPool([serving('foreign', busy)]);
    const { pool } = rigPool([serving('ok1'), serving('busy', busy), serving('ok2')]);
    const error = await refusalOf(pool.start());
    expect(error.code).toBe('ERR_POOL_START');
    expect(error.failures).toEqual([
      { server: 'busy', bind: busy, phase: 'start', code: 'ERR_BIND', error: named(pool, 'busy').error },
    ]);
    expect(error.cause).toBe(named(pool, 'busy').error);
    expect(error.report?.servers.map(({ status }) => status)).toEqual(['started', 'failed', 'started']);
    expect(error.hint).toContain('another process or server holds it');
    expect(pool.isRunning()).toBe(true);
    expect([await ask(named(pool, 'ok1').bind), await ask(named(pool, 'ok2').bind)]).toEqual(['ok1', 'ok2']);
    expect(named(pool, 'busy').state).toBe('failed');

    await foreign.stop();
    await pool.storeNew(serving('more'));
    expect(await accepts(busy)).toBe(false);
    expect((await pool.start()).servers.map(({ status }) => status)).toEqual([
      'running',
      'started',
      'running',
      'running',
    ]);
    expect(await ask(busy)).toBe('busy');
    expect(named(pool, 'busy').error).toBeUndefined();
  });

  test('names every server of which none can be started, and the errors that were thrown', async () => {
    const { pool, sockets } = rigPool([serving('a'), serving('b')]);
    sockets.fault(() => 'refuse');
    const error = await refusalOf(pool.start());
    expect(error.failures.map(({ server }) => server)).toEqual(['a', 'b']);
    expect(error.cause).toBeInstanceOf(AggregateError);
    expect(error.cause).toMatchObject({ errors: [named(pool, 'a').error, named(pool, 'b').error] });
    expect(pool.isRunning()).toBe(false);
    sockets.heal();
    await pool.start();
    expect(await ask(named(pool, 'b').bind)).toBe('b');
  });

  // Case 55.
  test('skips a server that is disabled, and says so', async () => {
    const [off = ''] = await freeAddresses(1);
    const { pool } = rigPool([serving('off', off, { disabled: true }), serving('on')]);
    const { servers } = await pool.start();
    expect(servers).toEqual([
      { server: 'off', bind: off, status: 'skipped' },
      { server: 'on', bind: named(pool, 'on').bind, status: 'started' },
    ]);
    expect([await accepts(off), await ask(named(pool, 'on').bind)]).toEqual([false, 'on']);
    expect(named(pool, 'off')).toMatchObject({ disabled: true, state: 'stopped', error: undefined });
  });

  // Case 56.
  test('finds a server under the port that the system gave it, and still under what was written', async () => {
    const { pool, changes } = rigPool([serving('a'), serving('b')]);
    expect([...pool.keys()]).toEqual(['127.0.0.1:0', '127.0.0.1:0#2']);
    const [a, b] = [named(pool, 'a'), named(pool, 'b')];
    await pool.start();
    const port = Number(a.bind.split(':')[1]);
    expect(port).toBeGreaterThan(0);
    expect(await ask(a.bind)).toBe('a');
    expect([...pool.keys()]).toEqual([a.bind, b.bind]);
    expect(pool.list('name', 'bind', { exact: 'a' })).toEqual([a.bind]);
    expect([pool.load(a.bind), pool.load('127.0.0.1:0'), pool.load('127.0.0.1:0#2')]).toEqual([a, a, b]);
    expect([a.url, a.expose]).toEqual([`http://${a.bind}`, a.bind]);
    expect(changes).toEqual([
      { type: 'rekeyed', bind: a.bind, former: '127.0.0.1:0', server: a },
      { type: 'rekeyed', bind: b.bind, former: '127.0.0.1:0#2', server: b },
    ]);
  });

  test('finds a server of a range of ports under the one it got', async () => {
    const [first = '', second = ''] = await freeAddresses(2);
    const from = Number(first.split(':')[1]);
    const to = Number(second.split(':')[1]);
    const range = `127.0.0.1:${Math.min(from, to)}-${Math.max(from, to)}`;
    const { pool } = await runningPool([serving('a', range), serving('b', range)]);
    expect([pool.load(range), pool.load(`${range}#2`)]).toEqual([named(pool, 'a'), named(pool, 'b')]);
    expect(named(pool, 'a').bind).not.toBe(named(pool, 'b').bind);
    expect(await ask(named(pool, 'b').bind)).toBe('b');
  });

  test('a second time at once starts nothing twice', async () => {
    const { pool, sockets } = rigPool([serving('a')]);
    const reports = await Promise.all([pool.start(), pool.start()]);
    expect(reports.map(({ servers }) => servers[0]?.status)).toEqual(['started', 'running']);
    expect(sockets.attempts).toHaveLength(1);
  });
});

describe('stopping', () => {
  // Case 53.
  test('a server that was started leaves no error', async () => {
    const { pool } = await runningPool([serving('a')]);
    await pool.stop();
    expect(named(pool, 'a')).toMatchObject({ state: 'stopped', error: undefined });
    expect(pool.error).toBeUndefined();
    expect(await pool.stop()).toMatchObject({ servers: [{ status: 'stopped' }], cut: 0 });
  });

  test('forgets what could not be started', async () => {
    const { pool, sockets } = rigPool([serving('a')]);
    sockets.fault(() => 'refuse');
    await refusalOf(pool.start());
    expect(named(pool, 'a').state).toBe('failed');
    await pool.stop();
    expect(named(pool, 'a')).toMatchObject({ state: 'stopped', error: undefined });
  });

  test('lets requests finish, and counts those it had to cut', async () => {
    let release = (): void => {};
    const held = new Promise<Response>((resolve) => {
      release = () => resolve(new Response('done'));
    });
    const { pool } = await runningPool([
      { name: 'slow', listen: '127.0.0.1:0', app: () => held },
      { name: 'stuck', listen: '127.0.0.1:0', app: () => new Promise<Response>(() => {}), drainTimeoutMs: 50 },
    ]);
    const answers = Promise.all(['slow', 'stuck'].map((name) => ask(named(pool, name).bind)));
    await eventually(() => ['slow', 'stuck'].every((name) => named(pool, name).snapshot?.inFlight === 1));
    const stopped = pool.stop();
    expect(named(pool, 'slow').state).toBe('draining');
    release();
    const report = await stopped;
    expect(report).toMatchObject({
      servers: [
        { server: 'slow', status: 'stopped' },
        { server: 'stuck', status: 'stopped' },
      ],
      cut: 1,
    });
    expect(report.servers[0]?.error).toBeUndefined();
    expect(report.servers[1]?.error).toMatchObject({
      code: 'ERR_POOL_STOP',
      message: 'server stuck has stopped, but 1 connection did not finish in time and had to be cut',
    });
    expect(await answers).toEqual(['done', 'no answer: ECONNRESET']);
  });

  test('some of them counts what had to be cut of these', async () => {
    const stuck = { listen: '127.0.0.1:0', app: () => new Promise<Response>(() => {}) };
    const { pool } = await runningPool([{ name: 'a-1', ...stuck }, { name: 'a-2', ...stuck }, serving('b')]);
    const view = pool.filter('name', { glob: 'a-*' });
    const answers = Promise.all(Array.from(view, ([bind]) => ask(bind)));
    await eventually(() => Array.from(view.values()).every(({ snapshot }) => snapshot?.inFlight === 1));
    expect(await view.stop({ drainTimeoutMs: 0 })).toMatchObject({
      servers: [
        { server: 'a-1', status: 'stopped', error: { code: 'ERR_POOL_STOP' } },
        { server: 'a-2', status: 'stopped', error: { code: 'ERR_POOL_STOP' } },
      ],
      cut: 2,
    });
    expect(await answers).toEqual(['no answer: ECONNRESET', 'no answer: ECONNRESET']);
    expect([view.isRunning(), pool.isRunning()]).toEqual([false, true]);
  });

  test('while it starts ends the start, and what is asked for before a stop is not begun after it', async () => {
    const { pool, sockets } = rigPool([serving('a')]);
    sockets.fault(() => 'hang');
    const started = refusalOf(pool.start());
    await eventually(() => sockets.attempts.length === 1);
    const waiting = refusalOf(pool.start());
    await pool.stop();
    expect(await started).toMatchObject({ code: 'ERR_POOL_START', message: expect.stringContaining('was stopped') });
    expect(await waiting).toMatchObject({ code: 'ERR_POOL_START' });
    expect(pool.isRunning()).toBe(false);
    sockets.heal();
    const restarted = pool.start();
    void pool.stop();
    expect(await refusalOf(restarted)).toBeInstanceOf(PoolError);
    expect(pool.isRunning()).toBe(false);
    await pool.start();
    expect(pool.isRunning()).toBe(true);
  });

  test('leaves room for changes, which count from the next start on', async () => {
    const { pool } = await runningPool([serving('a'), serving('b')]);
    const former = named(pool, 'a').bind;
    await pool.stop();
    await pool.delete(named(pool, 'b').bind);
    await pool.storeNew(serving('c'));
    await named(pool, 'a').update({ routes: [{ path: '*', respond: { body: 'changed' } }] });
    expect(pool.isRunning()).toBe(false);
    await pool.start();
    expect(Array.from(pool, ([, { name }]) => name)).toEqual(['a', 'c']);
    expect(await ask(former)).toBe('changed');
    expect(Object.keys(pool.cluster.snapshot.servers)).toEqual(['a', 'c']);
  });
});

describe('restarting', () => {
  // Case 50.
  test('has the same port answer with what was built anew, and the uptime begins anew', async () => {
    const { pool, sockets } = await runningPool([serving('a')]);
    const { bind } = named(pool, 'a');
    const since = (): number => named(pool, 'a').snapshot?.since ?? 0;
    const first = since();
    // By the clock, as `since` is: how long a restart takes on a busy machine does not matter then.
    await eventually(() => Date.now() > first + 5);
    expect(await pool.restart()).toMatchObject({ servers: [{ bind, status: 'restarted' }] });
    const second = since();
    expect(second).toBeGreaterThan(first);
    expect(pool.uptime()).toBeLessThanOrEqual(Date.now() - second);
    expect([await ask(bind), sockets.closed]).toEqual(['a', []]);
    await eventually(() => Date.now() > second + 5);
    await pool.stop();
    await pool.start();
    expect(await ask(bind)).toBe('a');
    expect(pool.load(bind)?.snapshot?.since).toBeGreaterThan(second);
  });

  test('starts what does not run, when nothing does', async () => {
    const { pool } = rigPool([serving('a'), serving('off', '127.0.0.1:0', { disabled: true })]);
    expect((await pool.restart()).servers.map(({ status }) => status)).toEqual(['started', 'skipped']);
    expect(await ask(named(pool, 'a').bind)).toBe('a');
  });

  test('tries again what could not be started, and leaves alone what was stopped on its own', async () => {
    const [one = ''] = await freeAddresses(1);
    const { pool, sockets } = rigPool([serving('bad', one), serving('a'), serving('b')]);
    sockets.fault((address) => (address === one ? 'refuse' : 'none'));
    await refusalOf(pool.start());
    await named(pool, 'b').stop();
    const error = await refusalOf(pool.restart());
    expect(error).toMatchObject({ code: 'ERR_POOL_RESTART', failures: [{ server: 'bad', phase: 'restart' }] });
    expect(error.report?.servers.map(({ status }) => status)).toEqual(['failed', 'restarted', 'skipped']);
    sockets.heal();
    expect((await pool.restart()).servers.map(({ status }) => status)).toEqual(['started', 'restarted', 'skipped']);
    expect(await ask(one)).toBe('bad');
  });
});

describe('a single server', () => {
  test('is started, stopped and restarted without the others', async () => {
    const { pool } = rigPool([serving('a'), serving('b')]);
    const [a, b] = [named(pool, 'a'), named(pool, 'b')];
    await a.start();
    expect([a.isRunning(), b.isRunning(), b.state]).toEqual([true, false, 'stopped']);
    await pool.storeNew(serving('c'));
    expect(named(pool, 'c').isRunning()).toBe(false);
    await pool.start();
    const { bind } = a;
    await a.stop();
    expect([a.isRunning(), b.isRunning(), await accepts(bind), a.error]).toEqual([false, true, false, undefined]);
    await named(pool, 'c').update({ name: 'd' });
    expect(a.isRunning()).toBe(false);
    await a.start();
    await a.restart();
    expect(await ask(a.bind)).toBe('a');
    expect(await a.stop({ drainTimeoutMs: 0 })).toBeUndefined();
    await a.stop();
    await a.start();
    await a.start();
    expect(a.isRunning()).toBe(true);
  });

  test('that is disabled cannot be started on its own', async () => {
    const { pool } = rigPool([serving('a', '127.0.0.1:0', { disabled: true })]);
    const error = await refusalOf(named(pool, 'a').start());
    expect(error).toMatchObject({ code: 'ERR_POOL_START', hint: 'update({ disabled: false }) first' });
  });

  test('that is taken out before it is its turn says so, whatever it was asked to do', async () => {
    const { pool } = await runningPool([serving('a'), serving('b')]);
    const server = named(pool, 'a');
    const leaving = pool.delete(server.bind);
    const asked = [server.start(), server.restart(), server.stop(), server.update({ name: 'c' })];
    for (const one of asked) expect((await refusalOf(one)).code).toBe('ERR_POOL_DETACHED');
    expect(await leaving).toBe(true);
    expect(server.state).toBe('stopped');
  });

  test('whose socket fails comes back, and is found under the port it has then', async () => {
    const { pool, sockets, changes } = await runningPool([
      serving('a', '127.0.0.1:0', { restart: { initialMs: 1 } }),
      serving('b'),
    ]);
    const server = named(pool, 'a');
    const { bind } = server;
    // Somebody takes its port before it comes back.
    sockets.fault((address) => (address === bind ? 'refuse' : 'none'));
    sockets.crash(bind);
    expect(server.isRunning()).toBe(false);
    await becomes(pool, () => server.isRunning() && server.bind !== bind);
    expect([pool.load(server.bind), pool.load('127.0.0.1:0'), pool.has(bind)]).toEqual([server, server, false]);
    expect(changes.at(-1)).toEqual({ type: 'rekeyed', bind: server.bind, former: bind, server });
    expect(await ask(server.bind)).toBe('a');
  });

  test('that crashes too often has failed, and does not stand in the way of changes', async () => {
    const { pool, sockets } = await runningPool([serving('a', '127.0.0.1:0', { restart: { intensity: 0 } })]);
    const server = named(pool, 'a');
    sockets.crash(server.bind);
    await becomes(pool, () => server.state === 'failed');
    expect(server.error).toMatchObject({ name: 'ListenerError' });
    await pool.merge(rigPool([serving('b')]).pool);
    expect(server).toMatchObject({ state: 'failed', error: { name: 'ListenerError' } });
    await pool.start();
    expect(server).toMatchObject({ state: 'running', error: undefined });
  });
});

describe('servers that depend on others', () => {
  const chain = [
    serving('web', '127.0.0.1:0', { dependsOn: ['api'] }),
    serving('api', '127.0.0.1:0', { dependsOn: ['127.0.0.1:0#3'] }),
    serving('db'),
  ];

  test('are started after them, with them, and stopped before them', async () => {
    const { pool } = rigPool(chain);
    const running = (): readonly boolean[] => Array.from(pool, ([, server]) => server.isRunning());
    await named(pool, 'api').start();
    expect(running()).toEqual([false, true, true]);
    await named(pool, 'web').start();
    expect(running()).toEqual([true, true, true]);
    await named(pool, 'db').stop();
    expect(running()).toEqual([false, false, false]);
    expect(named(pool, 'web').config.dependsOn).toEqual(['api']);
  });

  test('on somebody who is not there cannot be started, and are not stored while the pool runs', async () => {
    const { pool } = rigPool([serving('web', '127.0.0.1:0', { dependsOn: ['apy'] }), serving('api')]);
    const error = await refusalOf(pool.start());
    expect(error.failures).toMatchObject([
      { server: 'web', error: { message: "there is no server 'apy' to depend on" } },
    ]);
    expect(named(pool, 'api').isRunning()).toBe(true);
    const refused = serving('other', '127.0.0.1:0', { dependsOn: ['nobody'] });
    expect(await refusalOf(pool.storeNew(refused))).toMatchObject({
      code: 'ERR_POOL_ADD',
      issues: [{ server: 'other', path: 'dependsOn', message: "there is no server 'nobody'" }],
    });
    expect(await refusalOf(pool.reload([refused]))).toMatchObject({ code: 'ERR_POOL_RELOAD' });
    await named(pool, 'web').update({ dependsOn: ['api'] });
    await pool.start();
    expect(named(pool, 'web').isRunning()).toBe(true);
  });

  test('on each other in a circle are refused', async () => {
    const { pool } = await runningPool([serving('a'), serving('b', '127.0.0.1:0', { dependsOn: ['a'] })]);
    expect(await refusalOf(named(pool, 'a').update({ dependsOn: ['b'] }))).toMatchObject({
      code: 'ERR_POOL_UPDATE',
      issues: [{ path: 'dependsOn' }],
    });
    expect([named(pool, 'a').isRunning(), named(pool, 'b').isRunning()]).toEqual([true, true]);
    expect(pool.cluster.snapshot.degraded).toBe(false);
  });
});
