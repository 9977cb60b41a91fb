import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { ClusterSnapshot } from '../../lib/cluster/snapshot.ts';
import { parseAddress } from '../../lib/config/address.ts';
import type { ServerConfig } from '../../lib/config/server-config.ts';
import { get } from '../listener/wire.ts';
import { certificate } from '../server/tls/certificates.ts';
import { dialTls } from '../server/tls/tls-wire.ts';
import { ask } from './fixtures/asking.ts';
import { addressOf, eventually, running, saying, until } from './fixtures/clusters.ts';
import { keepOpen } from './fixtures/kept.ts';

const QUICK = { initialMs: 5, maxMs: 20 } as const;

/** A check that says what it is told to. */
const switchable = (initially = true) => {
  const state = { well: initially, asked: 0 };
  const check = (): boolean => {
    state.asked += 1;
    return state.well;
  };
  return { state, health: { intervalMs: 10, heal: true, check } };
};

const isOk = ({ servers }: ClusterSnapshot): boolean => servers.a?.health?.status === 'ok';
const restarted =
  (times: number) =>
  ({ servers }: ClusterSnapshot): boolean =>
    servers.a?.restarts === times;

let directory: string;
beforeAll(() => {
  directory = mkdtempSync(join(tmpdir(), 'sluice-healing-'));
  // Its state belongs to the module: nobody outside can mend it.
  writeFileSync(
    join(directory, 'shop.mjs'),
    `let broken = false;
     const born = Math.random();
     export default ({ req }) => {
       if (req.path === '/break') broken = true;
       return new Response(String(born), { status: broken ? 500 : 200 });
     };`,
  );
});
afterAll(() => rmSync(directory, { recursive: true }));

describe('a server that is down', () => {
  const shop = (more: Partial<ServerConfig> = {}): ServerConfig => ({
    listen: '127.0.0.1:0',
    routes: [{ path: '/*', module: './shop.mjs' }],
    health: { http: '/', intervalMs: 10, heal: true },
    restart: QUICK,
    ...more,
  });

  test('because its module is broken is healed by importing that anew, behind its open socket', async () => {
    const { cluster, sockets, journal } = await running({ a: shop(), b: saying('b') }, { baseDir: directory });
    await until(cluster, isOk);
    const address = addressOf(cluster, 'a');
    const [open, attempts] = [[...sockets.open], sockets.attempts.length];
    const born = await ask(address);
    await ask(address, '/break');
    await until(cluster, restarted(1));
    await until(cluster, (snapshot) => isOk(snapshot) && !snapshot.degraded);
    expect(await ask(address)).not.toBe(born);
    expect([...sockets.open]).toEqual(open);
    expect(sockets.attempts).toHaveLength(attempts);
    expect(cluster.snapshot).toMatchObject({ state: 'Running', servers: { b: { restarts: 0 } } });
    await eventually(() => journal.lines.includes('info: server a is well again'));
    expect(journal.lines).toContain('warn: server a is down and is built anew');
  });

  test('and speaks TLS and HTTP/2 is healed alike', async () => {
    const tls = await certificate();
    const { cluster, sockets } = await running({ a: shop({ tls, http2: true }) }, { baseDir: directory });
    await until(cluster, isOk);
    const address = parseAddress(addressOf(cluster, 'a'));
    if (!address.ok) throw new Error(address.message);
    const attempts = sockets.attempts.length;
    const wire = dialTls(address.address);
    wire.write(get('/break'));
    await wire.responses(1);
    await until(cluster, restarted(1));
    await until(cluster, isOk);
    expect(sockets.attempts).toHaveLength(attempts);
    expect(cluster.snapshot.servers.a?.tls).toMatchObject({ state: 'valid' });
    // A check that is under way when the certificate is read again is given up.
    expect(cluster.snapshot.servers.a?.tls?.failedHandshakes).toBeLessThan(2);
  });

  test('costs no config its number, and has no outcome', async () => {
    const { cluster, outcomes } = await running({ a: shop() }, { baseDir: directory });
    await until(cluster, isOk);
    await ask(addressOf(cluster, 'a'), '/break');
    await until(cluster, restarted(1));
    await until(cluster, isOk);
    expect(outcomes).toHaveLength(1);
    expect(cluster.snapshot.revision).toEqual({ desired: 1, applied: 1 });
    expect(await cluster.apply({ a: shop() })).toMatchObject({ status: 'unchanged', revision: 2 });
  });

  test('is stopped first where that is its strategy', async () => {
    const { cluster, sockets } = await running({ a: shop({ strategy: 'stop-then-start' }) }, { baseDir: directory });
    await until(cluster, isOk);
    const address = addressOf(cluster, 'a');
    const attempts = sockets.attempts.length;
    await ask(address, '/break');
    await until(cluster, restarted(1));
    await until(cluster, isOk);
    expect(sockets.attempts).toHaveLength(attempts + 1);
    expect(addressOf(cluster, 'a')).toBe(address);
  });

  test('and hangs with every connection it may have is healed: those are asked to leave, and cut in the end', async () => {
    let hang = false;
    const app = (): Response | Promise<Response> => (hang ? new Promise<Response>(() => {}) : new Response('fine'));
    const { cluster, journal } = await running({
      a: {
        listen: '127.0.0.1:0',
        app,
        maxConnections: 2,
        drainTimeoutMs: 50,
        health: { http: '/', intervalMs: 10, timeoutMs: 1_000, heal: true },
        restart: { ...QUICK, intensity: 100 },
      },
    });
    await until(cluster, isOk);
    const address = addressOf(cluster, 'a');
    hang = true;
    const stuck = [ask(address), ask(address)];
    await until(cluster, restarted(1));
    hang = false;
    await until(cluster, isOk);
    expect(await Promise.all(stuck)).toEqual(['no answer: ECONNRESET', 'no answer: ECONNRESET']);
    expect(await ask(address)).toBe('fine');
    await eventually(() => journal.lines.some((line) => /former connections? had to be cut/.test(line)));
  });

  test('asks connections to leave with their next answer, and leaves those alone that come afterwards', async () => {
    const { state, health } = switchable();
    const { cluster } = await running({ a: saying('a', undefined, { health, restart: QUICK }) });
    await until(cluster, isOk);
    const address = addressOf(cluster, 'a');
    const kept = await keepOpen(address);
    expect(await kept.ask()).toBe('a');
    state.well = false;
    await until(cluster, restarted(1));
    state.well = true;
    expect(await kept.ask()).toBe('a');
    expect(kept.told).toBe(true);
    await until(cluster, isOk);
    const next = await keepOpen(address);
    await next.ask();
    await next.ask();
    expect(next.told).toBe(false);
    next.end();
  });
});

describe('a restart', () => {
  test('is not made when the server got well while it waited for it', async () => {
    const { state, health } = switchable();
    const { cluster } = await running({
      a: saying('a', undefined, { health, restart: { initialMs: 300, maxMs: 300 } }),
    });
    await until(cluster, isOk);
    state.well = false;
    await eventually(() => cluster.snapshot.degraded);
    state.well = true;
    await until(cluster, isOk);
    const { asked } = state;
    await eventually(() => state.asked > asked + 35);
    expect(cluster.snapshot.servers.a?.restarts).toBe(0);
  });

  test('waits for a config that is being put in force, and is not needed any more after one that mends the server', async () => {
    const { state, health } = switchable();
    const { cluster, sockets } = await running({ a: saying('a', undefined, { health, restart: QUICK }) });
    await until(cluster, isOk);
    sockets.fault((_, attempt) => (attempt > 1 ? 'hang' : 'none'));
    const applied = cluster.apply({ a: saying('a', undefined, { health, restart: QUICK }), b: saying('b') });
    await until(cluster, ({ state: now }) => now === 'Reloading');
    state.well = false;
    await eventually(() => cluster.snapshot.degraded);
    const { asked } = state;
    await eventually(() => state.asked > asked + 10);
    expect(cluster.snapshot).toMatchObject({ state: 'Reloading', servers: { a: { restarts: 0 } } });
    sockets.heal();
    expect(await applied).toMatchObject({ status: 'committed' });
    await until(cluster, restarted(1));
    state.well = true;
    await until(cluster, isOk);
  });

  test('takes no place of configs: they are committed, whoever is down', async () => {
    const { health } = switchable(false);
    const restart = { initialMs: 1, maxMs: 1, intensity: 10_000 };
    const { cluster, outcomes } = await running({ a: saying('a', undefined, { health, restart }) });
    await until(cluster, restarted(1));
    for (let n = 1; n <= 50; n += 1) {
      const config = { a: saying('a', undefined, { health, restart }), b: saying(`b${n}`) };
      expect(await cluster.apply(config)).toMatchObject({ status: 'committed' });
    }
    expect(outcomes).toHaveLength(51);
    const { restarts = 0 } = cluster.snapshot.servers.a ?? {};
    await until(cluster, ({ servers }) => (servers.a?.restarts ?? 0) > restarts);
  });

  test('that fails leaves what runs, is written down, and is tried again later', async () => {
    const file = join(directory, 'fragile.mjs');
    writeFileSync(file, `export default () => new Response('1', { status: 500 });`);
    const { cluster, journal } = await running(
      {
        a: {
          listen: '127.0.0.1:0',
          routes: [{ path: '*', module: './fragile.mjs' }],
          health: { http: '/', intervalMs: 10, fallToDown: 5, heal: true },
          restart: { ...QUICK, intensity: 1_000 },
        },
      },
      { baseDir: directory },
    );
    writeFileSync(file, `throw new Error('not yet')`);
    await eventually(() => journal.lines.includes('warn: server a is down and could not be built anew'));
    expect(cluster.snapshot).toMatchObject({ state: 'Running', degraded: true });
    expect(await ask(addressOf(cluster, 'a'))).toBe('1');
    writeFileSync(file, `export default () => new Response('2')`);
    await until(cluster, isOk);
    expect(await ask(addressOf(cluster, 'a'))).toBe('2');
  });

  test('does not touch a sibling that has failed, nor one that is down and not to be healed', async () => {
    const { health } = switchable(false);
    const { state, health: other } = switchable();
    const { cluster, sockets } = await running({
      a: saying('a', undefined, { health, restart: { ...QUICK, intensity: 1_000 } }),
      dead: saying('dead', undefined, { restart: { intensity: 0 } }),
      ill: saying('ill', undefined, { health: { ...other, heal: false }, restart: QUICK }),
    });
    sockets.crash(addressOf(cluster, 'dead'));
    state.well = false;
    await until(cluster, restarted(3));
    expect(cluster.snapshot.servers).toMatchObject({
      dead: { state: 'failed', restarts: 0 },
      ill: { state: 'running', restarts: 0, health: { status: 'down' } },
    });
  });

  test('keeps why the newest config is not in force', async () => {
    const { state, health } = switchable();
    const { cluster } = await running({ a: saying('a', undefined, { health, restart: QUICK }) });
    await until(cluster, isOk);
    await cluster.apply(Object.assign({ a: 5 }));
    state.well = false;
    await until(cluster, restarted(1));
    state.well = true;
    await until(cluster, isOk);
    expect(cluster.snapshot.revision).toEqual({ desired: 2, applied: 1 });
    expect(cluster.snapshot.issues).toBeDefined();
  });
});

describe('a server that was restarted as often as it may be', () => {
  const limited = async () => {
    const { state, health } = switchable();
    const config = saying('a', undefined, { health, restart: { ...QUICK, intensity: 2 } });
    const made = await running({ a: config });
    await until(made.cluster, isOk);
    state.well = false;
    const { servers } = await until(made.cluster, (snapshot) => snapshot.servers.a?.error !== undefined);
    return { ...made, state, config, server: servers.a };
  };

  test('is left alone, says so, serves on, and that is logged once', async () => {
    const { cluster, journal, state, server } = await limited();
    expect(server).toMatchObject({
      state: 'running',
      restarts: 2,
      health: { status: 'down' },
      error: { name: 'HealError', code: 'ERR_HEAL', server: 'a', intensity: 2 },
    });
    const { asked } = state;
    await eventually(() => state.asked > asked + 20);
    expect(cluster.snapshot.servers.a?.restarts).toBe(2);
    expect(journal.lines.filter((line) => line.startsWith('error'))).toEqual([
      expect.stringMatching(
        /^error: server a is left alone: server a is still down after \d+ restarts in .*\(see what its check says/,
      ),
    ]);
    expect(await ask(addressOf(cluster, 'a'))).toBe('a');
  });

  test('is well when its check says so', async () => {
    const { cluster, state } = await limited();
    state.well = true;
    const { servers, degraded } = await until(cluster, isOk);
    expect(servers.a).not.toHaveProperty('error');
    expect(degraded).toBe(false);
  });

  test('is given another chance by a restart or a change that somebody asks for', async () => {
    const { cluster } = await limited();
    await cluster.restart(['a']);
    expect(cluster.snapshot.servers.a).not.toHaveProperty('error');
    expect(cluster.snapshot.servers.a?.restarts).toBe(2);
    await until(cluster, restarted(4));
  });
});

describe('nobody is restarted', () => {
  test('after a stop, even when the restart had begun', async () => {
    const { state, health } = switchable();
    const { cluster, journal } = await running({ a: saying('a', undefined, { health, restart: QUICK }) });
    await until(cluster, isOk);
    let stopped: Promise<unknown> | undefined;
    cluster.state$.subscribe((now) => {
      if (now === 'Reloading') stopped = cluster.stop();
    });
    state.well = false;
    await until(cluster, ({ state: now }) => now === 'Stopped');
    await stopped;
    expect(cluster.snapshot).toMatchObject({ state: 'Stopped', servers: { a: { state: 'stopped', restarts: 0 } } });
    const { asked } = state;
    await new Promise((resolve) => setImmediate(resolve));
    expect(state.asked).toBe(asked);
    expect(journal.lines.filter((line) => line.startsWith('error'))).toEqual([]);
  });

  test('after it was removed or disabled while its restart was waited for', async () => {
    for (const next of [null, 'disabled'] as const) {
      const { state, health } = switchable();
      const witness = switchable();
      const config = saying('a', '127.0.0.1:0', { health, restart: { initialMs: 400, maxMs: 400 } });
      const w = saying('w', undefined, { health: witness.health });
      const { cluster, journal } = await running({ a: config, w });
      await until(cluster, isOk);
      state.well = false;
      await eventually(() => cluster.snapshot.degraded);
      const a = next === null ? null : { ...config, disabled: true };
      expect(await cluster.apply({ a, w })).toMatchObject({ status: 'committed' });
      const { asked } = witness.state;
      await eventually(() => witness.state.asked > asked + 45);
      expect(cluster.snapshot.servers.a?.state).toBe(next === null ? undefined : 'stopped');
      expect(journal.lines).not.toContain('warn: server a is down and is built anew');
    }
  });

  test('that has no health, or whose health is not to be healed', async () => {
    const { state, health } = switchable();
    const { cluster } = await running({ a: saying('a', undefined, { health: { ...health, heal: false } }) });
    await until(cluster, isOk);
    state.well = false;
    await eventually(() => cluster.snapshot.degraded);
    const { asked } = state;
    await eventually(() => state.asked > asked + 20);
    expect(cluster.snapshot.servers.a).toMatchObject({ restarts: 0 });
  });
});
