import { Hono } from 'hono';
import { describe, expect, test } from 'vitest';
import { parseCluster } from '../../lib/config/parse.ts';
import { parseConfigFile } from '../../lib/config/parse-file.ts';
import { server } from './configs.ts';
import { specOf } from './reading.ts';

describe('addresses of several servers', () => {
  test.each([
    ['127.0.0.1:80', '127.0.0.1:80'],
    [':80', '127.0.0.1:80'],
    ['0.0.0.0:80', '127.0.0.1:80'],
    ['[::]:80', '127.0.0.1:80'],
    ['[::1]:80', '[0:0:0:0:0:0:0:1]:80'],
    ['localhost:80', '[::1]:80'],
    ['unix:/run/x', 'unix:/run//x'],
  ])('%s and %s are refused on both sides, each naming the other', (a, b) => {
    const { specs, issues, refused } = parseCluster({
      one: server({ listen: a }),
      two: server({ listen: b }),
      three: server({ listen: ':81' }),
    });
    expect([...specs.keys()]).toEqual(['three']);
    expect([...refused]).toEqual(['one', 'two']);
    expect(issues).toMatchObject([
      { server: 'one', path: 'listen', message: expect.stringContaining('two') },
      { server: 'two', path: 'listen', message: expect.stringContaining('one') },
    ]);
  });

  test('do not meet on a server that is disabled', () => {
    const { issues } = parseCluster({ one: server({ listen: ':80' }), two: server({ listen: ':80', disabled: true }) });
    expect(issues).toEqual([]);
  });

  test('are named up to three, and counted', () => {
    const ids = ['a', 'b', 'c', 'd', 'e', 'f'];
    const { issues } = parseCluster(Object.fromEntries(ids.map((id) => [id, server({ listen: ':80' })])));
    expect(issues).toHaveLength(6);
    expect(issues[0]?.message).toBe('overlaps with b (:80), c (:80), d (:80), 2 more');
  });
});

describe('an id', () => {
  test.each(['a', 'A-1_b.c', '0', 'x'.repeat(64), 'toString', 'valueOf'])('%s is accepted', (id) => {
    expect([...parseCluster({ [id]: server() }).specs.keys()]).toEqual([id]);
  });

  test.each([
    '',
    'a:stop',
    'a b',
    'a/b',
    'ä',
    '🙂',
    'x'.repeat(65),
    'x'.repeat(10_000),
    'a\nb',
    'constructor',
    'prototype',
  ])('%j is refused', (id) => {
    const { specs, issues, refused } = parseCluster({ [id]: server() });
    expect(specs.size).toBe(0);
    expect([...refused]).toEqual([id]);
    expect(issues).toHaveLength(1);
    expect(issues[0]?.server?.length).toBeLessThanOrEqual(80);
    expect(issues[0]?.server).not.toContain('\n');
  });

  test('__proto__ is refused and changes no prototype', () => {
    const { specs, refused } = parseCluster(
      JSON.parse('{"__proto__":{"listen":":0","routes":[]},"ok":{"listen":":0","routes":[]}}'),
    );
    expect([...specs.keys()]).toEqual(['ok']);
    expect([...refused]).toEqual(['__proto__']);
    expect(Reflect.get({}, 'listen')).toBeUndefined();
  });
});

describe('a config file', () => {
  test('gives its servers and how to carry them out', () => {
    const servers = { api: server() };
    expect(parseConfigFile({ $schema: 'x', servers, commit: 'independent', strategy: 'stop-then-start' })).toEqual({
      ok: true,
      servers,
      commit: 'independent',
      strategy: 'stop-then-start',
      issues: [],
    });
    const plain = parseConfigFile({ servers });
    expect(plain).toEqual({ ok: true, servers, issues: [] });
    expect(plain.ok && plain.servers).toBe(servers);
  });

  test('may hold code when it is code', () => {
    const app = new Hono();
    expect(parseConfigFile({ servers: { api: { listen: ':0', app } } }).ok).toBe(true);
  });

  test.each<[string, unknown, string]>([
    ['nothing', undefined, ''],
    ['a list', [], ''],
    ['no servers', {}, 'servers'],
    ['a list of servers', { servers: [] }, 'servers'],
    ['null as servers', { servers: null }, 'servers'],
    ['another commit mode', { servers: {}, commit: 'maybe' }, 'commit'],
    ['another strategy', { servers: {}, strategy: 1 }, 'strategy'],
    ['an unknown key', { servers: {}, forks: 4 }, 'forks'],
    ['a key for the prototype', JSON.parse('{"servers":{},"__proto__":{"x":1}}'), '__proto__'],
  ])('is refused with %s', (_, file, path) => {
    const parsed = parseConfigFile(file);
    expect(parsed).toMatchObject({ ok: false, issues: [{ path }] });
    expect(parsed.issues).toHaveLength(1);
  });

  test('names the nearest key of one that is misspelled', () => {
    const { issues } = parseConfigFile({ server: {}, comit: 'atomic' });
    expect(issues).toMatchObject([
      { path: 'server', hint: "did you mean 'servers'?" },
      { path: 'comit', hint: "did you mean 'commit'?" },
      { path: 'servers', message: 'is missing' },
    ]);
  });

  test('is refused whole for one wrong server, unless servers go ahead on their own', () => {
    const servers = { good: server(), bad: {} };
    expect(parseConfigFile({ servers })).toMatchObject({ ok: false });
    const independent = parseConfigFile({ servers, commit: 'independent' });
    expect(independent).toMatchObject({ ok: true, servers });
    expect(new Set(independent.issues.map((issue) => issue.server))).toEqual(new Set(['bad']));
  });
});

describe('an accepted config', () => {
  test('is frozen with its plain data, but not its code', () => {
    const app = { fetch: () => new Response() };
    const handler = async (): Promise<Response> => new Response();
    const config = server({
      restart: { intensity: 1 },
      routes: [
        { path: '/', handler, middleware: [handler], methods: ['GET'] },
        { path: '/b', respond: { headers: { a: 'b' }, json: { deep: [{}] } } },
      ],
    });
    const withApp = { listen: ':0', app };
    parseCluster({ a: config, b: withApp });
    const [first, second] = config.routes ?? [];
    const data = [config, config.routes, config.restart, first, first?.methods, first?.middleware, second, withApp];
    expect(data.every(Object.isFrozen)).toBe(true);
    expect(JSON.stringify(second)).toContain('deep');
    expect(second && 'respond' in second && Object.isFrozen(second.respond.json)).toBe(true);
    expect([app, handler].some(Object.isFrozen)).toBe(false);
  });

  test('is left alone when it was refused', () => {
    const config = { ...server(), prot: 1, restart: {} };
    parseCluster({ a: config });
    expect(Object.isFrozen(config)).toBe(false);
    expect(Object.isFrozen(config.restart)).toBe(false);
  });

  test('gives the very same spec when it is read again', () => {
    const config = server();
    const spec = specOf(config);
    expect(specOf(config)).toBe(spec);
    expect(specOf(config, spec)).toBe(spec);
  });

  test('gives the previous spec when an equal config comes first from elsewhere', () => {
    const known = server();
    const first = specOf(known);
    const running = specOf(server());
    expect(running).not.toBe(first);
    expect(specOf(known, running)).toBe(running);
    expect(specOf(known)).toBe(running);
  });

  test('may stand under several ids, each with its own spec', () => {
    const config = server();
    const first = parseCluster({ a: config, b: config });
    expect(first.specs.get('a')).toMatchObject({ id: 'a', name: 'a' });
    expect(first.specs.get('b')).toMatchObject({ id: 'b', name: 'b' });
    const second = parseCluster({ a: config, b: config }, first.specs);
    expect([...second.specs.values()]).toEqual([...first.specs.values()]);
    for (const [id, spec] of second.specs) expect(spec).toBe(first.specs.get(id));
    const third = parseCluster({ a: server(), b: server() }, first.specs);
    for (const [id, spec] of third.specs) expect(spec).toBe(first.specs.get(id));
    expect(parseCluster({ 'no id': config }).refused.size).toBe(1);
  });

  test('gives a spec that nothing can change any more', () => {
    const json = { a: 1 };
    const spec = specOf(server({ routes: [{ path: '/', respond: { json } }] }));
    const frozen = (value: unknown): boolean =>
      typeof value !== 'object' || value === null || (Object.isFrozen(value) && Object.values(value).every(frozen));
    expect(frozen(spec)).toBe(true);
  });
});
