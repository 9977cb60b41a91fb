import { describe, expect, test } from 'vitest';
import type { ClusterSnapshot } from '../../lib/cluster/snapshot.ts';
import type { HealthConfig } from '../../lib/config/health-config.ts';
import { ask } from './fixtures/asking.ts';
import { addressOf, eventually, running, saying, settledBy, until } from './fixtures/clusters.ts';
import { keepOpen } from './fixtures/kept.ts';
import { freeAddresses } from './fixtures/ports.ts';

const FAST = { intervalMs: 10 } as const;

/** A check that says what it is told to, and counts how often it was asked. */
const switchable = (initially = true) => {
  const state = { well: initially, asked: 0, addresses: new Set<string>() };
  const check: NonNullable<HealthConfig['check']> = ({ address }) => {
    state.asked += 1;
    state.addresses.add(address);
    return state.well;
  };
  return { state, health: { ...FAST, check } };
};

const statusOf =
  (id: string, status: string | undefined) =>
  ({ servers }: ClusterSnapshot): boolean =>
    servers[id]?.health?.status === status;

/** Long enough for a check, were there one: somebody else is checked as often as that. */
const aWhile = async (witness: { readonly asked: number }): Promise<void> => {
  const { asked } = witness;
  await eventually(() => witness.asked > asked + 4);
};

const timers = (): number => process.getActiveResourcesInfo().filter((kind) => kind === 'Timeout').length;

describe('a server with a health check', () => {
  test('is looked after from the moment it runs, and is ok after as many checks as that takes', async () => {
    const { cluster } = await running({ a: saying('a', undefined, { health: { ...FAST, http: '/' } }) });
    expect(cluster.snapshot.servers.a).toMatchObject({ state: 'running', health: { status: 'down', checks: 0 } });
    expect(cluster.snapshot.degraded).toBe(false);
    const { servers } = await until(cluster, statusOf('a', 'ok'));
    expect(servers.a?.health).toMatchObject({ rising: false, falling: false, message: '' });
    expect(servers.a?.health?.checks).toBeGreaterThanOrEqual(2);
  });

  test('shows every step in snapshots, and is degraded while it is down', async () => {
    const { state, health } = switchable();
    const { cluster } = await running({ a: saying('a', undefined, { health }) });
    await until(cluster, statusOf('a', 'ok'));
    expect(cluster.snapshot.degraded).toBe(false);
    state.well = false;
    const { degraded, servers } = await until(cluster, statusOf('a', 'down'));
    expect(degraded).toBe(true);
    expect(servers.a?.health).toMatchObject({ message: 'the check answered false', falling: false });
    expect(servers.a).toMatchObject({ state: 'running' });
    expect(await ask(addressOf(cluster, 'a'))).toBe('a');
    state.well = true;
    await until(cluster, (snapshot) => statusOf('a', 'ok')(snapshot) && !snapshot.degraded);
  });

  test('that is another one from the first look is down, and the log says so', async () => {
    const { health } = switchable(false);
    const { cluster, journal } = await running({ a: saying('a', undefined, { health }) });
    const { servers, degraded } = await until(cluster, ({ servers }) => (servers.a?.health?.checks ?? 0) > 0);
    expect(servers.a?.health).toMatchObject({ status: 'down' });
    expect(degraded).toBe(true);
    await eventually(() => journal.lines.includes('warn: server a is down: the check answered false'));
  });

  test('is talked about when its status changes, never for each check, nor for having started well', async () => {
    const { state, health } = switchable();
    const { cluster, journal } = await running({ a: saying('a', undefined, { health }) });
    const said = () => journal.lines.filter((line) => !line.includes('config'));
    await eventually(() => state.asked > 5);
    expect(said()).toEqual([]);
    state.well = false;
    await until(cluster, statusOf('a', 'down'));
    const asked = state.asked;
    await eventually(() => state.asked > asked + 5);
    state.well = true;
    await until(cluster, statusOf('a', 'ok'));
    await eventually(() => said().length === 4);
    expect(said()).toEqual([
      'warn: server a may be down: the check answered false',
      'warn: server a is down: the check answered false',
      'info: server a passes its health check again',
      'info: server a is well again',
    ]);
  });

  test('makes no snapshot for a check that found nothing new, but the next one has its counters', async () => {
    const { state, health } = switchable();
    const { cluster } = await running({ a: saying('a', undefined, { health }) });
    await until(cluster, statusOf('a', 'ok'));
    let snapshots = 0;
    const counting = cluster.cluster$.subscribe(() => {
      snapshots += 1;
    });
    const asked = state.asked;
    await eventually(() => state.asked > asked + 10);
    counting.unsubscribe();
    // The present one, and at most what was put off when it was subscribed to.
    expect(snapshots).toBeLessThanOrEqual(2);
    expect(cluster.snapshot.servers.a?.health?.checks).toBeGreaterThan(asked + 9);
  });
});

describe('nobody looks after', () => {
  test('a server without a check', async () => {
    const { cluster } = await running({ a: saying('a') });
    expect(cluster.snapshot.servers.a).not.toHaveProperty('health');
  });

  test('a disabled server: it is not down', async () => {
    const { state, health } = switchable();
    const { cluster } = await running({ a: saying('a', '127.0.0.1:0', { health, disabled: true }), b: saying('b') });
    expect(cluster.snapshot.servers.a).not.toHaveProperty('health');
    expect(cluster.snapshot).toMatchObject({ degraded: false, servers: { a: { state: 'stopped' } } });
    expect(state.asked).toBe(0);
  });

  test('a server that was disabled, removed, crashed or failed; what nobody looks after has no health', async () => {
    const { state, health } = switchable();
    const witness = switchable();
    const w = saying('w', undefined, { health: witness.health });
    const config = saying('a', (await freeAddresses(1))[0], { health, restart: { intensity: 0 } });
    const { cluster, sockets } = await running({ a: config, w });
    const quiet = async (): Promise<void> => {
      const { asked } = state;
      expect(cluster.snapshot.servers.a?.health).toBeUndefined();
      await aWhile(witness.state);
      expect(state.asked).toBe(asked);
    };
    await until(cluster, statusOf('a', 'ok'));
    await cluster.apply({ a: { ...config, disabled: true }, w });
    await quiet();
    await cluster.apply({ a: config, w });
    await until(cluster, statusOf('a', 'ok'));
    sockets.crash(addressOf(cluster, 'a'));
    expect(cluster.snapshot.servers.a?.state).toBe('failed');
    await quiet();
    await cluster.apply({ a: config, w });
    await until(cluster, statusOf('a', 'ok'));
    await cluster.apply({ w });
    await quiet();
  });

  test('a server that drains, as long as that takes', async () => {
    const { state, health } = switchable();
    let answer: (response: Response) => void = () => {};
    const app = () =>
      new Promise<Response>((resolve) => {
        answer = resolve;
      });
    const witness = switchable();
    await running({ w: saying('w', undefined, { health: witness.health }) });
    const { cluster } = await running({ a: { listen: '127.0.0.1:0', app, health } });
    const asked = ask(addressOf(cluster, 'a'));
    await eventually(() => cluster.snapshot.servers.a?.inFlight === 1);
    const stopped = cluster.stop();
    await until(cluster, ({ servers }) => servers.a?.state === 'draining');
    const checks = state.asked;
    expect(cluster.snapshot.servers.a).not.toHaveProperty('health');
    await aWhile(witness.state);
    expect(state.asked).toBe(checks);
    answer(new Response('done'));
    expect(await asked).toBe('done');
    await stopped;
    expect(cluster.snapshot.servers.a).not.toHaveProperty('health');
  });

  test('anybody after the stop: no timer, no connection and no check is left', async () => {
    const before = timers();
    const hanging: AbortSignal[] = [];
    const { cluster } = await running({
      a: saying('a', undefined, { health: { ...FAST, http: '/' } }),
      b: saying('b', undefined, { health: { ...FAST, tcp: true } }),
      c: saying('c', undefined, {
        health: {
          ...FAST,
          check: ({ signal }) => {
            hanging.push(signal);
            return new Promise(() => {});
          },
        },
      }),
    });
    await until(cluster, (snapshot) => statusOf('a', 'ok')(snapshot) && statusOf('b', 'ok')(snapshot));
    expect(hanging).toHaveLength(1);
    await cluster.stop();
    expect(hanging[0]?.aborted).toBe(true);
    await eventually(() => timers() <= before);
  });
});

describe('a changed health setting', () => {
  test('is put in force without touching a connection', async () => {
    const { health } = switchable();
    const config = saying('a', undefined, { health });
    const { cluster, sockets } = await running({ a: config });
    const open = [...sockets.open];
    const kept = await keepOpen(addressOf(cluster, 'a'));
    await kept.ask();
    const outcome = await cluster.apply({ a: { ...config, health: { ...FAST, http: '/' } } });
    expect(outcome).toMatchObject({
      status: 'committed',
      plan: { changes: [{ action: 'update', fields: ['health'] }] },
    });
    expect(await kept.ask()).toBe('a');
    expect(kept.told).toBe(false);
    expect([...sockets.open]).toEqual(open);
    kept.end();
  });

  test('keeps what was found when only times or counts are others', async () => {
    const { state, health } = switchable();
    const config = saying('a', undefined, { health });
    const { cluster } = await running({ a: config });
    await until(cluster, statusOf('a', 'ok'));
    const { checks = 0, since, riseTimeMs } = cluster.snapshot.servers.a?.health ?? {};
    await cluster.apply({ a: { ...config, health: { ...health, intervalMs: 20, fallToDown: 3 } } });
    const now = cluster.snapshot.servers.a?.health;
    expect(now).toMatchObject({ status: 'ok', riseTimeMs, since });
    expect(now?.checks).toBeGreaterThanOrEqual(checks);
    const { asked } = state;
    await eventually(() => state.asked > asked + 2);
  });

  test('begins anew with another check', async () => {
    const { health } = switchable();
    const config = saying('a', undefined, { health });
    const { cluster } = await running({ a: config });
    await until(cluster, statusOf('a', 'ok'));
    await cluster.apply({ a: { ...config, health: { ...FAST, check: () => false } } });
    expect(cluster.snapshot.servers.a?.health).toMatchObject({ status: 'down', checks: 0 });
    await until(cluster, ({ degraded }) => degraded);
  });

  test('that is gone takes the health along', async () => {
    const { state, health } = switchable();
    const witness = switchable();
    const w = saying('w', undefined, { health: witness.health });
    const { cluster } = await running({ a: saying('a', undefined, { health }), w });
    await until(cluster, statusOf('a', 'ok'));
    await cluster.apply({ a: saying('a'), w });
    expect(cluster.snapshot.servers.a).not.toHaveProperty('health');
    const { asked } = state;
    await aWhile(witness.state);
    expect(state.asked).toBe(asked);
  });
});

test('a server that moves is checked where it is, from the beginning', async () => {
  const { state, health } = switchable();
  const [one = '', two = ''] = await freeAddresses(2);
  const { cluster } = await running({ a: saying('a', one, { health }) });
  await until(cluster, statusOf('a', 'ok'));
  await cluster.apply({ a: saying('a', two, { health }) });
  state.addresses.clear();
  await until(cluster, (snapshot) => statusOf('a', 'ok')(snapshot) && snapshot.draining.length === 0);
  expect([...state.addresses]).toEqual([two]);
});

test('another app behind the same address is checked at once when the server was not ok', async () => {
  const app = (status: number) => () => new Response(null, { status });
  const health = { http: '/', intervalMs: 60_000 };
  const { cluster } = await running({ a: { listen: '127.0.0.1:0', app: app(500), health } });
  await until(cluster, ({ degraded }) => degraded);
  await cluster.apply({ a: { listen: '127.0.0.1:0', app: app(200), health } });
  await until(cluster, ({ degraded, servers }) => !degraded && servers.a?.health?.status === 'warn');
});

test('an own check that stops its cluster while it is asked stops it', async () => {
  let stop: () => void = () => {};
  const { cluster } = await running({
    a: saying('a', undefined, { health: { ...FAST, check: () => stop() } }),
  });
  const stopped = new Promise<void>((resolve) => {
    stop = () => void cluster.stop().then(() => resolve());
  });
  await stopped;
  expect(await settledBy(cluster.stop())).not.toBe('pending');
});

test('a check is asked after the turn in which the server was put in place', async () => {
  let inTurn = false;
  let wasInTurn = true;
  const check = () => {
    wasInTurn = inTurn;
    return true;
  };
  const { cluster } = await running({ b: saying('b') });
  cluster.state$.subscribe((state) => {
    inTurn = state === 'Reloading';
  });
  await cluster.apply({ a: saying('a', undefined, { health: { check } }) });
  await until(cluster, ({ servers }) => (servers.a?.health?.checks ?? 0) > 0);
  expect(wasInTurn).toBe(false);
});

test('many servers are checked for the first time in portions, and none of them waits for one that hangs', async () => {
  const count = 120;
  let under = 0;
  let most = 0;
  const answering = async (): Promise<void> => {
    under += 1;
    most = Math.max(most, under);
    await new Promise((resolve) => setImmediate(resolve));
    under -= 1;
  };
  const config = (check: NonNullable<HealthConfig['check']>) =>
    Object.fromEntries(
      Array.from({ length: count }, (_, index) => [
        `s${index}`,
        saying('s', undefined, {
          health: { intervalMs: 60_000, check: index === 0 ? () => new Promise(() => {}) : check },
        }),
      ]),
    );
  const { cluster } = await running(config(answering));
  const checked = (): number =>
    Object.values(cluster.snapshot.servers).filter(({ health }) => (health?.checks ?? 0) > 0).length;
  await eventually(() => checked() === count - 1);
  expect(most).toBeLessThanOrEqual(25);
});

test('a thousand changes of health make a snapshot for each tenth of a second, not for each of them', async () => {
  const count = 200;
  let well = true;
  const health = { intervalMs: 50, check: () => well };
  const ids = Array.from({ length: count }, (_, index) => `s${index}`);
  const { cluster } = await running(Object.fromEntries(ids.map((id) => [id, saying(id, undefined, { health })])));
  const all = (status: string): boolean =>
    Object.values(cluster.snapshot.servers).every((server) => server.health?.status === status);
  await eventually(() => all('ok'));
  let snapshots = 0;
  cluster.cluster$.subscribe(() => {
    snapshots += 1;
  });
  const startedAt = performance.now();
  for (let round = 0; round < 3; round += 1) {
    well = !well;
    await eventually(() => all(well ? 'ok' : 'down'));
  }
  // 1200 steps; the present one, one at the beginning, and those of the time that it took.
  expect(snapshots).toBeLessThanOrEqual(2 + (performance.now() - startedAt) / 100);
});
