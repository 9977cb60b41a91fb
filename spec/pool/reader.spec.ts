import { Subscription } from 'rxjs';
import { describe, expect, test } from 'vitest';
import type { PoolReader } from '../../lib/pool/pool.ts';
import type { PoolChange } from '../../lib/pool/pool-server.ts';
import { ServerReader } from '../../lib/pool/reader.ts';
import { type FakeServer, FakeSource, fakeServer, fixture } from './fake-source.ts';

const namesOf = (reader: PoolReader): readonly string[] => Array.from(reader.values(), ({ name }) => name);

const pool = (): {
  readonly source: FakeSource;
  readonly all: ServerReader;
  readonly servers: readonly FakeServer[];
} => {
  const servers = fixture();
  const source = new FakeSource(...servers);
  return { source, all: new ServerReader(source), servers };
};

describe('servers are read like a Map', () => {
  test('in the order in which they were added', () => {
    const { all } = pool();
    expect(all.size).toBe(4);
    expect([...all.keys()]).toEqual(['127.0.0.1:8080', '127.0.0.1:8081', '192.168.1.1:8080', '127.0.0.1:9000']);
    expect(namesOf(all)).toEqual(['api-server', 'web-server', 'admin-server', 'api-v2-server']);
    expect([...all]).toEqual([...all.entries()]);
    expect([...all].map(([bind, server]) => [bind, server.bind])).toEqual([...all.keys()].map((bind) => [bind, bind]));
  });

  test('by any spelling of an address', () => {
    const six = fakeServer('six', '[::1]:80');
    const all = new ServerReader(new FakeSource(six));
    expect(all.load('[0:0::1]:80')).toBe(six);
    expect(all.has('[::1]:80')).toBe(true);
    expect(all.has('[::1]:81')).toBe(false);
    expect(all.load('no address')).toBeUndefined();
  });

  test('one after the other, until the visitor has seen enough', () => {
    const { all } = pool();
    const seen: string[] = [];
    expect(all.walk((bind, server) => seen.push(`${server.name} ${bind}`) < 2)).toBe(false);
    expect(seen).toEqual(['api-server 127.0.0.1:8080', 'web-server 127.0.0.1:8081']);
    // Only `false` ends it: a visitor that answers nothing wants to see all.
    expect(all.walk(() => {})).toBe(true);
    expect(all.walk(() => 0)).toBe(true);
  });

  test('some of them only, in the order of the pool; all when none is named', () => {
    const { all } = pool();
    const walked = (...binds: readonly string[]): readonly string[] => {
      const seen: string[] = [];
      all.walkLimit((_, { name }) => seen.push(name), ...binds);
      return seen;
    };
    expect(walked('127.0.0.1:9000', '127.0.0.1:8080', '127.0.0.1:8080', '127.0.0.1:1')).toEqual([
      'api-server',
      'api-v2-server',
    ]);
    expect(walked('127.0.0.1:1', 'no address')).toEqual([]);
    expect(walked()).toHaveLength(4);
    expect(all.walkLimit(() => false, '127.0.0.1:9000')).toBe(false);
    expect(all.walkLimit(() => false, '127.0.0.1:1')).toBe(true);
  });

  test('and can be removed while they are visited', () => {
    const { all, source } = pool();
    all.walk((_, server) => source.remove(server));
    expect(all.size).toBe(0);
  });
});

test('one runs when any does, and the longest running counts', () => {
  const { all, servers } = pool();
  expect([all.isRunning(), all.uptime()]).toEqual([false, 0]);
  const [first, second] = servers;
  if (first === undefined || second === undefined) throw new Error('there are four');
  Object.assign(first, { state: 'running', uptimeMs: 700 });
  Object.assign(second, { state: 'running', uptimeMs: 900 });
  expect([all.isRunning(), all.uptime()]).toEqual([true, 900]);
  expect(all.filter('name', { exact: 'api-server' }).uptime()).toBe(700);
  expect(all.filter('name', { exact: 'admin-server' }).isRunning()).toBe(false);
  expect(new ServerReader(new FakeSource()).isRunning()).toBe(false);
});

test('one field is listed of those whose other field matches', () => {
  const { all } = pool();
  // Case 26.
  expect(all.list('name', 'name', { pattern: /.*/ })).toHaveLength(4);
  expect(all.list('bind', 'name', { pattern: /^127\.0\.0\.1:808.*/ })).toEqual(['api-server', 'web-server']);
  // Case 31.
  expect(all.list('bind', 'name', { exact: '127.0.0.1:8080' })).toEqual(['api-server']);
  expect(all.list('name', 'expose', { glob: 'api*' })).toEqual(['localhost:8080', 'api.example.com:9000']);
  // Case 29.
  const empty = new ServerReader(new FakeSource());
  expect(empty.list('name', 'name', { pattern: '.*' })).toEqual([]);
  expect(empty.filter('name', { pattern: '.*' }).size).toBe(0);
});

describe('a view', () => {
  test('reads what matches, within itself only', () => {
    const { all } = pool();
    const view = all.filter('name', { glob: 'api*' });
    expect(view.size).toBe(2);
    expect([...view.keys()]).toEqual(['127.0.0.1:8080', '127.0.0.1:9000']);
    expect(view.has('127.0.0.1:9000')).toBe(true);
    expect(view.has('127.0.0.1:8081')).toBe(false);
    expect(view.load('127.0.0.1:8081')).toBeUndefined();
    expect(view.list('name', 'bind', { glob: '*' })).toEqual(['127.0.0.1:8080', '127.0.0.1:9000']);
    expect(view.monitorNames()).toEqual(['HTTP Server 127.0.0.1:8080', 'HTTP Server 127.0.0.1:9000']);
  });

  test('of a view is where both match', () => {
    const { all } = pool();
    const view = all.filter('name', { glob: 'api*' }).filter('expose', { pattern: 'example' });
    expect(namesOf(view)).toEqual(['api-v2-server']);
    expect(view.filter('name', { exact: 'web-server' }).size).toBe(0);
  });

  test('follows the pool, and its snapshot does not', () => {
    const { all, source, servers } = pool();
    const view = all.filter('name', { glob: 'api*' });
    const then = view.snapshot();
    source.add(fakeServer('api-v3-server', '127.0.0.1:9001'));
    const [api, web] = servers;
    if (api === undefined || web === undefined) throw new Error('there are four');
    source.rename(web, 'api-web');
    source.remove(api);
    expect(namesOf(view)).toEqual(['api-web', 'api-v2-server', 'api-v3-server']);
    expect(then.map(({ bind }) => bind)).toEqual(['127.0.0.1:8080', '127.0.0.1:9000']);
    expect(Object.isFrozen(then)).toBe(true);
  });

  test('starts, stops and restarts its own servers only', async () => {
    const { all, source } = pool();
    const view = all.filter('name', { glob: 'api*' });
    expect((await view.start()).servers.map(({ server }) => server)).toEqual(['api-server', 'api-v2-server']);
    await view.filter('name', { pattern: 'v2' }).restart();
    await view.stop();
    await all.filter('name', { exact: 'nobody' }).stop();
    expect(source.orders).toEqual([
      ['start', 'api-server', 'api-v2-server'],
      ['restart', 'api-v2-server'],
      ['stop', 'api-server', 'api-v2-server'],
      ['stop'],
    ]);
  });

  test('costs the pool nothing until somebody listens, and nothing afterwards', () => {
    const { all, source } = pool();
    const view = all.filter('name', { glob: 'api*' });
    namesOf(view);
    expect(source.isWatched).toBe(false);
    const subscription = new Subscription();
    subscription.add(view.servers$.subscribe());
    subscription.add(view.changes$.subscribe());
    expect(source.isWatched).toBe(true);
    subscription.unsubscribe();
    expect(source.isWatched).toBe(false);
  });
});

describe('what happens to a view', () => {
  const watched = (): ReturnType<typeof pool> & { readonly told: string[] } => {
    const all = pool();
    const told: string[] = [];
    all.all.filter('name', { glob: 'api*' }).changes$.subscribe((change: PoolChange) => {
      const former = change.type === 'rekeyed' ? ` from ${change.former}` : '';
      told.push(`${change.type} ${change.server.name} ${change.bind}${former}`);
    });
    return { ...all, told };
  };

  test('is what happens to its servers', () => {
    const { source, servers, told } = watched();
    const [api, web] = servers;
    if (api === undefined || web === undefined) throw new Error('there are four');
    source.rename(api, 'api-one');
    source.rename(web, 'web-one');
    source.rekey(web, '127.0.0.1:1');
    source.rekey(api, '127.0.0.1:2');
    source.add(fakeServer('api-v3', '127.0.0.1:3'));
    source.add(fakeServer('web-v3', '127.0.0.1:4'));
    source.remove(web);
    source.remove(api);
    expect(told).toEqual([
      'replaced api-one 127.0.0.1:8080',
      'rekeyed api-one 127.0.0.1:2 from 127.0.0.1:8080',
      'added api-v3 127.0.0.1:3',
      'removed api-one 127.0.0.1:2',
    ]);
  });

  test('is also who begins or stops matching by another name', () => {
    const { source, servers, told } = watched();
    const [api, web] = servers;
    if (api === undefined || web === undefined) throw new Error('there are four');
    source.rename(web, 'api-web');
    source.rename(api, 'old-api');
    expect(told).toEqual(['added api-web 127.0.0.1:8081', 'removed old-api 127.0.0.1:8080']);
  });

  test('or by another address', () => {
    const { all, source, servers } = pool();
    const told: PoolChange[] = [];
    const local = all.filter('bind', { glob: '127.0.0.1:*' });
    local.changes$.subscribe((change) => told.push(change));
    const [api, , admin] = servers;
    if (api === undefined || admin === undefined) throw new Error('there are four');
    source.rekey(admin, '127.0.0.1:1');
    source.rekey(api, '192.168.1.1:1');
    expect(told).toEqual([
      { type: 'added', bind: '127.0.0.1:1', server: admin },
      { type: 'removed', bind: '127.0.0.1:8080', server: api },
    ]);
    expect(namesOf(local)).toEqual(['web-server', 'api-v2-server', 'admin-server']);
  });

  test('or for a reason that only own code knows', () => {
    const { all, source, servers } = pool();
    const told: string[] = [];
    const running = all.filter('name', { where: (server) => server.isRunning() });
    running.changes$.subscribe(({ type, server }) => told.push(`${type} ${server.name}`));
    const [api, web] = servers;
    if (api === undefined || web === undefined) throw new Error('there are four');
    Object.assign(api, { state: 'running' });
    source.look();
    Object.assign(web, { state: 'running' });
    Object.assign(api, { state: 'failed' });
    source.look();
    expect(told).toEqual(['added api-server', 'removed api-server', 'added web-server']);
  });

  test('is told when another server takes the place of one', () => {
    const { source, servers, told } = watched();
    const [api, web] = servers;
    if (api === undefined || web === undefined) throw new Error('there are four');
    const put = (server: FakeServer, former: FakeServer): void => {
      source.servers.set(server.bind, server);
      source.tell({ type: 'replaced', bind: server.bind, server, former: former.config });
    };
    put(fakeServer('api-next', api.bind), api);
    put(fakeServer('api-web', web.bind), web);
    put(fakeServer('plain', api.bind), api);
    expect(told).toEqual([
      'replaced api-next 127.0.0.1:8080',
      'added api-web 127.0.0.1:8081',
      'removed plain 127.0.0.1:8080',
    ]);
  });

  test('is told to all who listen, and ends with the pool', () => {
    const { all, source } = pool();
    const view = all.filter('name', { glob: 'api*' });
    const seen: string[] = [];
    view.changes$.subscribe({ next: ({ type }) => seen.push(`1 ${type}`), complete: () => seen.push('1 done') });
    view.changes$.subscribe({ next: ({ type }) => seen.push(`2 ${type}`) });
    view.servers$.subscribe({ next: ({ length }) => seen.push(`${length}`), complete: () => seen.push('3 done') });
    source.add(fakeServer('api-v3', '127.0.0.1:3'));
    source.complete();
    expect(seen).toEqual(['2', '1 added', '2 added', '3', '1 done', '3 done']);
    expect(source.isWatched).toBe(false);
  });
});

test('a view of a thousand servers finds its own', () => {
  const servers = Array.from({ length: 1_000 }, (_, index) => fakeServer(`s${index}`, `127.0.0.1:${index + 1}`));
  const all = new ServerReader(new FakeSource(...servers));
  expect(all.filter('name', { pattern: '^s[0-9]*7$' }).size).toBe(100);
  expect(all.filter('name', { pattern: /^s\d*7$/ }).size).toBe(100);
  expect(all.filter('name', { glob: 's??7' }).size).toBe(90);
  expect(all.filter('bind', { exact: '127.0.0.1:1000' }).list('name', 'name', { glob: '*' })).toEqual(['s999']);
});

test('subscribers of a view cannot harm it, nor each other, nor the process', async () => {
  const source = new FakeSource(...fixture());
  const view = new ServerReader(source).filter('name', { glob: 'api-*' }).filter('bind', { glob: '*' });
  const seen: string[] = [];
  view.changes$.subscribe(() => {
    throw new Error('at once');
  });
  view.changes$.subscribe(() => Promise.reject(new Error('later')));
  view.changes$.subscribe(({ type }) => seen.push(type));
  source.add(fakeServer('api-v3', '127.0.0.1:3'));
  source.add(fakeServer('api-v4', '127.0.0.1:4'));
  await new Promise(setImmediate);
  expect(seen).toEqual(['added', 'added']);
  expect(source.failures).toEqual([new Error('at once'), new Error('at once'), new Error('later'), new Error('later')]);
});

test('a predicate that throws harms nobody but who asked for it', async () => {
  const source = new FakeSource(...fixture());
  const view = new ServerReader(source).filter('name', {
    where: () => {
      throw new Error('no idea');
    },
  });
  expect(() => view.size).toThrow('no idea');
  view.changes$.subscribe();
  await new Promise(setImmediate);
  expect(source.failures).toEqual([new Error('no idea')]);
  expect(source.isWatched).toBe(false);
});
