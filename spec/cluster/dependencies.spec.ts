import { NEVER, startWith } from 'rxjs';
import { describe, expect, test } from 'vitest';
import { DependencyError } from '../../lib/cluster/errors.ts';
import { httpCluster } from '../../lib/cluster/http-cluster.ts';
import type { ClusterSnapshot } from '../../lib/cluster/snapshot.ts';
import type { ClusterConfig, ServerConfig } from '../../lib/config/server-config.ts';
import { accepts, ask, askAll } from './fixtures/asking.ts';
import { addressOf, calm, eventually, type Rig, rig, running, saying, settledBy, until } from './fixtures/clusters.ts';
import { createJournal } from './fixtures/journal.ts';
import { freeAddresses, freePorts } from './fixtures/ports.ts';

const ANY = '127.0.0.1:0';

const on = (...dependsOn: readonly string[]): Partial<ServerConfig> => ({ dependsOn });

/** Three that depend on each other in a row, written in the wrong order. */
const row = (more: Partial<ServerConfig> = {}): ClusterConfig => ({
  web: saying('web', ANY, { ...more, ...on('api') }),
  api: saying('api', ANY, { ...more, ...on('database') }),
  database: saying('database', ANY, more),
});

/** A server whose requests wait until they are let go. */
const waiting = (more: Partial<ServerConfig> = {}) => {
  let answer: (response: Response) => void = () => {};
  const app = (): Promise<Response> =>
    new Promise((resolve) => {
      answer = resolve;
    });
  const config: ServerConfig = { listen: ANY, app, ...more };
  return { config, letGo: () => answer(new Response('done')) };
};

/** Asks a server and returns when it works on it. */
const occupy = async ({ cluster }: Rig, id: string): Promise<{ readonly answer: Promise<string> }> => {
  const answer = ask(addressOf(cluster, id));
  await eventually(() => cluster.snapshot.servers[id]?.inFlight === 1);
  return { answer };
};

const statesOf = ({ servers }: ClusterSnapshot): Readonly<Record<string, string>> =>
  Object.fromEntries(Object.entries(servers).map(([id, { state }]) => [id, state]));

/** Everything a cluster says of the states of its servers, without repetitions. */
const watch = ({ cluster }: Rig): readonly string[] => {
  const seen: string[] = [];
  cluster.cluster$.subscribe((snapshot) => {
    const states = Object.entries(statesOf(snapshot))
      .map(([id, state]) => `${id} ${state}`)
      .join(', ');
    if (states !== seen.at(-1)) seen.push(states);
  });
  return seen;
};

describe('a start', () => {
  test('binds and changes servers in the order of their dependencies', async () => {
    const addresses = await freeAddresses(3);
    const [web = '', api = '', database = ''] = addresses;
    const { cluster, sockets } = rig();
    await cluster.start();
    const outcome = await cluster.apply({
      web: saying('web', web, on('api')),
      api: saying('api', api, on('database')),
      database: saying('database', database),
    });
    expect(outcome).toMatchObject({
      plan: {
        changes: [{ server: 'database' }, { server: 'api' }, { server: 'web' }],
        bind: [database, api, web],
      },
    });
    expect(sockets.attempts).toEqual([database, api, web]);
    expect(Object.keys(cluster.snapshot.servers)).toEqual(['web', 'api', 'database']);
  });

  test('of many is seen in that order', { timeout: 30_000 }, async () => {
    const ids = Array.from({ length: 330 }, (_, index) => `s${index}`);
    // Each depends on one that stands behind it in the config.
    const config = Object.fromEntries(
      ids.map((id, index) => [id, saying(id, ANY, index + 3 < ids.length ? on(`s${index + 3}`) : {})]),
    );
    const made = rig();
    const { cluster } = made;
    let between = 0;
    cluster.cluster$.subscribe(({ servers }) => {
      const count = Object.keys(servers).length;
      if (count > 0 && count < ids.length) between += 1;
      for (const id of Object.keys(servers)) {
        for (const dependency of config[id]?.dependsOn ?? []) expect(servers[dependency]?.state).toBe('running');
      }
    });
    await cluster.start();
    expect(await cluster.apply(config)).toMatchObject({ status: 'committed' });
    expect(between).toBeGreaterThan(1);
    expect(made.journal.lines.filter((line) => line.startsWith('error'))).toEqual([]);
  });

  test('puts a change in force after what it depends on, however many start with it', { timeout: 30_000 }, async () => {
    const { cluster } = await running({ api: saying('old') });
    const address = addressOf(cluster, 'api');
    const others = Object.fromEntries(Array.from({ length: 150 }, (_, index) => [`s${index}`, saying(`${index}`)]));
    const seen: ClusterSnapshot[] = [];
    cluster.cluster$.subscribe((snapshot) => seen.push(snapshot));
    const config = { api: saying('new', ANY, on('cache')), ...others, cache: saying('cache', ANY, on('disk')) };
    await cluster.apply({ ...config, disk: saying('disk') });
    expect(await ask(address)).toBe('new');
    const [first] = seen.filter(({ servers }) => Object.keys(servers).length > 1);
    expect(Object.keys(first?.servers ?? {}).length).toBeLessThan(150);
    expect(first?.servers.cache?.state).toBe('running');
    expect(first?.servers.disk?.state).toBe('running');
  });

  test('goes on without a server that is disabled', async () => {
    const { cluster } = await running({
      api: saying('api', ANY, on('database')),
      database: saying('d', ANY, { disabled: true }),
    });
    expect(statesOf(cluster.snapshot)).toEqual({ api: 'running', database: 'stopped' });
  });

  test('is refused whole when dependencies go round in a circle', async () => {
    const { cluster, sockets } = rig();
    await cluster.start();
    const outcome = await cluster.apply({ a: saying('a', ANY, on('b')), b: saying('b', ANY, on('a')) });
    expect(outcome).toMatchObject({
      status: 'rejected',
      issues: [
        { server: 'a', path: 'dependsOn', message: 'depends on itself: a → b → a' },
        { server: 'b', path: 'dependsOn', message: 'depends on itself: b → a → b' },
      ],
    });
    expect(sockets.attempts).toEqual([]);
  });
});

describe('with independent commits', () => {
  const INDEPENDENT = { commit: 'independent' } as const;

  test('a start whose dependency cannot start is refused by name, and so are those behind it', async () => {
    const [taken = '', other = ''] = await freeAddresses(2);
    const { cluster, sockets } = rig(INDEPENDENT);
    sockets.fault((address) => (address === taken ? 'refuse' : 'none'));
    await cluster.start();
    const config = {
      web: saying('web', ANY, on('api')),
      api: saying('api', ANY, on('database')),
      database: saying('database', taken),
      other: saying('other', other),
    };
    const outcome = await cluster.apply(config);
    expect(outcome).toMatchObject({
      status: 'committed',
      refused: [
        { server: 'database', cause: { code: 'ERR_BIND' } },
        { server: 'api', cause: { code: 'ERR_DEPENDENCY', server: 'api', dependency: 'database' } },
        { server: 'web', cause: { code: 'ERR_DEPENDENCY', server: 'web', dependency: 'api' } },
      ],
    });
    const [first, second] = outcome.status === 'committed' ? outcome.refused : [];
    expect(second?.cause).toBeInstanceOf(DependencyError);
    expect(second?.cause.cause).toBe(first?.cause);
    expect(sockets.open).toEqual([other]);
    expect(cluster.snapshot.degraded).toBe(true);

    sockets.heal();
    expect(await cluster.apply(config)).toMatchObject({ status: 'committed', refused: [] });
    expect(Object.keys(cluster.snapshot.servers)).toEqual(['web', 'api', 'database', 'other']);
  });

  test('a start whose dependency is not valid is refused by name', async () => {
    const { cluster } = rig(INDEPENDENT);
    await cluster.start();
    const invalid: ServerConfig = Object.assign(saying('x'), { listen: 'nowhere' });
    expect(
      await cluster.apply({ api: saying('api', ANY, on('database')), database: invalid, other: saying('other') }),
    ).toMatchObject({
      status: 'committed',
      refused: [
        { server: 'database', cause: { code: 'ERR_CONFIG' } },
        { server: 'api', cause: { code: 'ERR_DEPENDENCY' }, issues: [] },
      ],
    });
    expect(statesOf(cluster.snapshot)).toEqual({ other: 'running' });
  });

  test('a start goes ahead beside the last good version of what it depends on', async () => {
    const [old = '', taken = ''] = await freeAddresses(2);
    const { cluster, sockets } = await running({ database: saying('old', old) }, INDEPENDENT);
    sockets.fault((address) => (address === taken ? 'refuse' : 'none'));
    const outcome = await cluster.apply({ api: saying('api', ANY, on('database')), database: saying('new', taken) });
    expect(outcome).toMatchObject({ status: 'committed', refused: [{ server: 'database' }] });
    expect(await askAll([old, addressOf(cluster, 'api')])).toMatchObject({ [old]: 'old' });
    expect(cluster.snapshot.servers.api?.state).toBe('running');
  });

  test('a server that runs is changed although what it depends on cannot start', async () => {
    const [taken = ''] = await freeAddresses(1);
    const { cluster, sockets } = await running({ api: saying('old') }, INDEPENDENT);
    sockets.fault((address) => (address === taken ? 'refuse' : 'none'));
    const outcome = await cluster.apply({ api: saying('new', ANY, on('database')), database: saying('d', taken) });
    expect(outcome).toMatchObject({ status: 'committed', refused: [{ server: 'database' }] });
    expect(await ask(addressOf(cluster, 'api'))).toBe('new');
  });
});

describe('a stop', () => {
  test('drains dependents first, and what they depend on when those have stopped', async () => {
    const api = waiting(on('database'));
    const made = await running({ database: saying('database'), api: api.config, web: saying('web', ANY, on('api')) });
    const { cluster } = made;
    const database = addressOf(cluster, 'database');
    const { answer } = await occupy(made, 'api');
    const seen = watch(made);
    const stopped = cluster.stop();
    await until(cluster, ({ servers }) => servers.web?.state === 'stopped' && servers.api?.state === 'draining');
    expect(cluster.snapshot.servers.database?.state).toBe('running');
    expect(await ask(database)).toBe('database');
    expect(await settledBy(stopped)).toBe('pending');
    api.letGo();
    expect(await answer).toBe('done');
    expect(await stopped).toMatchObject({ cut: 0 });
    expect(seen).toEqual([
      'database running, api running, web running',
      'database running, api running, web draining',
      'database running, api draining, web stopped',
      'database draining, api stopped, web stopped',
      'database stopped, api stopped, web stopped',
    ]);
  });

  test('cuts everybody within shutdownTimeoutMs, however many wait for each other', async () => {
    const servers = ['a', 'b', 'c'].map(
      (id, index) => [id, waiting(index === 0 ? {} : on('abc'.charAt(index - 1)))] as const,
    );
    const made = await running(Object.fromEntries(servers.map(([id, { config }]) => [id, config])), {
      shutdownTimeoutMs: 150,
    });
    await Promise.all(servers.map(([id]) => occupy(made, id)));
    const startedAt = performance.now();
    expect(await made.cluster.stop()).toMatchObject({ cut: 3 });
    const tookMs = performance.now() - startedAt;
    expect(tookMs).toBeGreaterThanOrEqual(149);
    expect(tookMs).toBeLessThan(2_000);
    expect(made.sockets.open).toEqual([]);
  });

  test('gives every server its own drainTimeoutMs when there is no other', async () => {
    const first = waiting({ ...on('database'), drainTimeoutMs: 60 });
    const second = waiting({ drainTimeoutMs: 60 });
    const made = await running({ api: first.config, database: second.config });
    await Promise.all([occupy(made, 'api'), occupy(made, 'database')]);
    const startedAt = performance.now();
    expect(await made.cluster.stop()).toMatchObject({ cut: 2 });
    expect(performance.now() - startedAt).toBeGreaterThanOrEqual(118);
  });

  test('that may take no time at all still keeps the order', async () => {
    const made = await running(row());
    const seen = watch(made);
    const database = addressOf(made.cluster, 'database');
    await made.cluster.stop({ drainTimeoutMs: 0 });
    expect(seen.at(-1)).toBe('web stopped, api stopped, database stopped');
    expect(made.sockets.closed.at(-1)).toBe(database);
  });

  test('cut short frees every address in the same turn', async () => {
    const api = waiting(on('database'));
    const [a = '', b = ''] = await freeAddresses(2);
    const config = { api: { ...api.config, listen: a }, database: saying('database', b) };
    let servers = 0;
    const life = NEVER.pipe(startWith(config), httpCluster({ logger: createJournal() })).subscribe((snapshot) => {
      servers = Object.keys(snapshot.servers).length;
    });
    await eventually(() => servers === 2);
    life.unsubscribe();
    expect(await Promise.all([accepts(a), accepts(b)])).toEqual([false, false]);
  });

  test('is followed by another life in the same order', async () => {
    const made = await running(row());
    const { cluster, sockets } = made;
    const addresses = ['database', 'api', 'web'].map((id) => addressOf(cluster, id));
    await cluster.stop();
    sockets.forget();
    await cluster.start();
    expect(['database', 'api', 'web'].map((id) => addressOf(cluster, id))).toEqual(sockets.open);
    expect(sockets.open).toHaveLength(addresses.length);
  });
});

describe('servers that are removed', () => {
  test('together leave one after the other', async () => {
    const api = waiting(on('database'));
    const made = await running({ api: api.config, database: saying('database'), other: saying('other') });
    const { cluster, sockets } = made;
    const database = addressOf(cluster, 'database');
    const { answer } = await occupy(made, 'api');
    const outcome = await cluster.apply({ other: saying('other') });
    expect(outcome).toMatchObject({ plan: { changes: [{ server: 'api' }, { server: 'database' }] } });
    expect(cluster.snapshot.draining.map(({ server }) => server)).toEqual(['api', 'database']);
    expect(await ask(database)).toBe('database');
    sockets.forget();
    api.letGo();
    expect(await answer).toBe('done');
    await calm(cluster);
    expect(sockets.closed.at(-1)).toBe(database);
    expect(await accepts(database)).toBe(false);
  });

  test('one commit after the other wait as well', async () => {
    const api = waiting(on('database'));
    const made = await running({ api: api.config, database: saying('database') });
    const { cluster } = made;
    const database = addressOf(cluster, 'database');
    const { answer } = await occupy(made, 'api');
    await cluster.apply({ database: saying('database') });
    await cluster.apply({});
    expect(await ask(database)).toBe('database');
    api.letGo();
    await answer;
    await calm(cluster);
    expect(await accepts(database)).toBe(false);
  });

  test('and wait make way for a server that wants their address', async () => {
    const [port = 0] = await freePorts(1);
    const api = waiting(on('database'));
    const made = await running({ api: api.config, database: saying('old', `127.0.0.1:${port}`) });
    const { cluster } = made;
    const { answer } = await occupy(made, 'api');
    await cluster.apply({});
    // The same address is handed over; one that overlaps has to be free first.
    expect(await cluster.apply({ database: saying('new', `127.0.0.1:${port}`) })).toMatchObject({
      status: 'committed',
    });
    expect(await ask(`127.0.0.1:${port}`)).toBe('new');
    await cluster.apply({});
    expect(await cluster.apply({ wide: saying('wide', `:${port}`) })).toMatchObject({ status: 'committed' });
    expect(await ask(`127.0.0.1:${port}`)).toBe('wide');
    api.letGo();
    expect(await answer).toBe('done');
    await calm(cluster);
    expect(await ask(`127.0.0.1:${port}`)).toBe('wide');
  });

  test('and wait are stopped with the cluster, after those they wait for', async () => {
    const api = waiting(on('database'));
    const made = await running({ api: api.config, database: saying('database'), other: saying('other') });
    const { cluster, sockets } = made;
    const database = addressOf(cluster, 'database');
    const { answer } = await occupy(made, 'api');
    await cluster.apply({ other: saying('other') });
    const stopped = cluster.stop();
    expect(await settledBy(stopped)).toBe('pending');
    api.letGo();
    await answer;
    expect(await stopped).toMatchObject({ cut: 0 });
    expect(sockets.closed.at(-1)).toBe(database);
    expect(sockets.open).toEqual([]);
  });
});

test('servers that are stopped and started anew stop in the one order and start in the other', async () => {
  const addresses = await freeAddresses(2);
  const [api = '', database = ''] = addresses;
  const again = (word: string): ClusterConfig => ({
    api: saying(word, api, { ...on('database'), strategy: 'stop-then-start' }),
    database: saying(word, database, { strategy: 'stop-then-start' }),
  });
  const { cluster, sockets } = await running(again('old'), { restartDelayMs: 0 });
  sockets.forget();
  expect(await cluster.apply(again('new'))).toMatchObject({
    plan: {
      changes: [
        { server: 'database', action: 'restart' },
        { server: 'api', action: 'restart' },
      ],
    },
  });
  expect(sockets.closed).toEqual([api, database]);
  expect(sockets.attempts).toEqual([database, api]);
  expect(await askAll(addresses)).toEqual({ [api]: 'new', [database]: 'new' });
});

test('a server goes on when one that it depends on crashes', async () => {
  const restart = { intensity: 0 };
  const { cluster, sockets } = await running({
    api: saying('api', ANY, on('database')),
    database: saying('database', ANY, { restart }),
  });
  sockets.crash(addressOf(cluster, 'database'));
  await until(cluster, ({ servers }) => servers.database?.state === 'failed');
  expect(await ask(addressOf(cluster, 'api'))).toBe('api');
  expect(cluster.snapshot.servers.api).toMatchObject({ state: 'running', restarts: 0 });
});
