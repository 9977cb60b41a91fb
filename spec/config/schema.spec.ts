import fc from 'fast-check';
import { Hono } from 'hono';
import { describe, expect, test } from 'vitest';
import { limitDefaults, restartDefaults } from '../../lib/config/defaults.ts';
import { parseCluster } from '../../lib/config/parse.ts';
import { server } from './configs.ts';
import { issuesOf, specOf } from './reading.ts';

describe('a valid config', () => {
  test('is filled up with the defaults', () => {
    const app = new Hono();
    expect(specOf({ listen: ':8080', app })).toEqual({
      id: 'api',
      name: 'api',
      address: { kind: 'tcp', host: '', port: 8080 },
      expose: undefined,
      disabled: false,
      strategy: undefined,
      paths: 'strict',
      limits: limitDefaults,
      restart: restartDefaults,
      dependsOn: [],
      keepAlive: true,
      logFilter: [],
      app,
      routes: undefined,
      upgrade: undefined,
    });
  });

  test('keeps what it says', () => {
    const upgrade = (): void => {};
    const handler = (): Response => new Response();
    const middleware = async (): Promise<void> => {};
    const config = {
      ...server(),
      name: 'Naïve 名前 🙂',
      expose: 'https://example.com/base?x=1',
      disabled: true,
      strategy: 'stop-then-start',
      requestTimeoutMs: 0,
      maxConnections: 5,
      restart: { intensity: 0 },
      upgrade,
      routes: [
        { path: '/a/:id', methods: ['GET'], handler, middleware: [middleware] },
        { path: '*', respond: { status: 404, headers: { 'X-A': 'b' }, json: { constructor: [1, null] } } },
      ],
    };
    expect(specOf(config)).toMatchObject({
      name: 'Naïve 名前 🙂',
      expose: 'https://example.com/base?x=1',
      disabled: true,
      strategy: 'stop-then-start',
      limits: { ...limitDefaults, requestTimeoutMs: 0, maxConnections: 5 },
      restart: { ...restartDefaults, intensity: 0 },
      upgrade,
      routes: config.routes,
    });
  });

  test('may hold undefined where something is optional, and null for a server that is not there', () => {
    const { specs, issues } = parseCluster({
      a: null,
      b: undefined,
      c: { ...server(), name: undefined, app: undefined },
    });
    expect(issues).toEqual([]);
    expect([...specs.keys()]).toEqual(['c']);
    expect(specs.get('c')?.name).toBe('c');
  });

  test('asks for a shorter headers timeout when it asks for a shorter request timeout', () => {
    expect(specOf(server({ requestTimeoutMs: 4_000 })).limits.headersTimeoutMs).toBe(4_000);
    expect(specOf(server({ requestTimeoutMs: 0 })).limits.headersTimeoutMs).toBe(10_000);
    expect(specOf(server({ requestTimeoutMs: 4_000, headersTimeoutMs: 0 })).limits.headersTimeoutMs).toBe(0);
  });

  test('asks for a sooner first restart when it asks for a sooner last one', () => {
    expect(specOf(server({ restart: { maxMs: 20 } })).restart.initialMs).toBe(20);
  });

  test.each([
    ['a Hono app', new Hono()],
    ['a fetch function', () => new Response()],
    ['an object with fetch', { fetch: () => new Response() }],
    [
      'an instance of a class with fetch',
      new (class {
        fetch(): Response {
          return new Response();
        }
      })(),
    ],
  ])('may be answered by %s', (_, app) => {
    expect(specOf({ listen: ':0', app }).app).toBe(app);
  });

  test('of ten thousand servers is accepted whole', () => {
    const many = Array.from({ length: 10_000 }, (_, index) => [`s${index}`, server({ listen: `:${index + 1}` })]);
    const { specs, issues } = parseCluster(Object.fromEntries(many));
    expect(issues).toEqual([]);
    expect(specs.size).toBe(10_000);
  });
});

describe('a config that is wrong', () => {
  test.each<[string, unknown, string]>([
    ['no address', { app: () => {} }, 'listen'],
    ['null as address', { ...server(), listen: null }, 'listen'],
    ['a number as address', { ...server(), listen: 8080 }, 'listen'],
    ['a port that does not exist', { ...server(), listen: ':70000' }, 'listen'],
    ['neither app nor routes', { listen: ':0' }, ''],
    ['both app and routes', { ...server(), app: () => {} }, ''],
    ['neither app nor routes, though disabled', { listen: ':0', disabled: true }, ''],
    ['a module path as app', { listen: ':0', app: './app.js' }, 'app'],
    ['a promise of an app', { listen: ':0', app: Promise.resolve(new Hono()) }, 'app'],
    ['an app whose fetch is no function', { listen: ':0', app: { fetch: 1 } }, 'app'],
    ['a class as app', { listen: ':0', app: Hono }, 'app'],
    ['null as app', { listen: ':0', app: null }, 'app'],
    ['an object as routes', { listen: ':0', routes: {} }, 'routes'],
    ['a text as upgrade', { ...server(), upgrade: 'ws' }, 'upgrade'],
    ['a text for a boolean', { ...server(), disabled: 'yes' }, 'disabled'],
    ['another strategy', { ...server(), strategy: 'blue-green' }, 'strategy'],
    ['an empty name', { ...server(), name: '' }, 'name'],
    ['a blank name', { ...server(), name: ' ' }, 'name'],
    ['a name of two lines', { ...server(), name: 'a\nb' }, 'name'],
    ['a name that turns the line around', { ...server(), name: 'a\u202eb' }, 'name'],
    ['a name of 65 characters', { ...server(), name: 'x'.repeat(65) }, 'name'],
    ['a URL of another scheme', { ...server(), expose: 'ftp://example.com' }, 'expose'],
    ['half a URL', { ...server(), expose: 'http://' }, 'expose'],
    ['a URL with a blank for something else', { ...server(), expose: 'http://localhost:{prot}' }, 'expose'],
    ['a URL with a brace alone', { ...server(), expose: 'http://localhost:{port' }, 'expose'],
    ['a blank where there is no port', { ...server(), listen: 'unix:/run/x', expose: 'http://a:{port}' }, 'expose'],
    ['a URL with a password', { ...server(), expose: 'http://a:b@example.com' }, 'expose'],
    ['a URL of two lines', { ...server(), expose: 'http://example.com/\n' }, 'expose'],
    ['a header limit that no request meets', { ...server(), maxHeaderBytes: 1_023 }, 'maxHeaderBytes'],
    ['a header limit beyond 1 MiB', { ...server(), maxHeaderBytes: 1_048_577 }, 'maxHeaderBytes'],
    ['a list as restart', { ...server(), restart: [] }, 'restart'],
    ['a restart period of 0', { ...server(), restart: { periodMs: 0 } }, 'restart.periodMs'],
    ['a negative intensity', { ...server(), restart: { intensity: -1 } }, 'restart.intensity'],
    ['a first wait above the longest', { ...server(), restart: { initialMs: 2, maxMs: 1 } }, 'restart.initialMs'],
    ['a first wait above the default longest', { ...server(), restart: { initialMs: 30_001 } }, 'restart.initialMs'],
    ['headers later than requests', { ...server(), headersTimeoutMs: 2, requestTimeoutMs: 1 }, 'headersTimeoutMs'],
    ['headers later than requests by default', { ...server(), headersTimeoutMs: 15_001 }, 'headersTimeoutMs'],
    ['a date instead of data', { ...server(), restart: new Date() }, 'restart'],
    ['a key that changes the prototype', JSON.parse('{"listen":":0","routes":[],"__proto__":{}}'), '__proto__'],
    ['a key that every object has', { ...server(), constructor: 1 }, 'constructor'],
    ['a key that every object inherits', { ...server(), toString: 1 }, 'toString'],
    ['a list instead of a config', [], ''],
    ['a text instead of a config', 'x', ''],
    ['an instance of a class instead of a config', new Date(), ''],
  ])('is refused: %s', (_, config, path) => {
    const issues = issuesOf(config);
    expect(issues.map((issue) => issue.path)).toEqual([path]);
    expect(issues[0]).toMatchObject({ server: 'api', message: expect.stringMatching(/^[^A-Z\n][^\n]*[^.\n]$/) });
  });

  const atRoute = (route: unknown): unknown => ({ listen: ':0', routes: [{ path: '/ok', respond: {} }, route] });

  test.each<[string, unknown, string]>([
    ['no path', { respond: {} }, 'path'],
    ['a relative path', { path: 'a', respond: {} }, 'path'],
    ['a path with a space', { path: '/a b', respond: {} }, 'path'],
    ['nothing that answers', { path: '/' }, ''],
    ['two that answer', { path: '/', respond: {}, handler: () => {} }, ''],
    ['a kind that does not exist', { path: '/', respond: {}, mirror: 'x' }, 'mirror'],
    ['a text as handler', { path: '/', handler: './x.js' }, 'handler'],
    ['a class as handler', { path: '/', handler: Hono }, 'handler'],
    ['no methods', { path: '/', methods: [], respond: {} }, 'methods'],
    ['a method in small letters', { path: '/', methods: ['get'], respond: {} }, 'methods.0'],
    ['ALL as a method', { path: '/', methods: ['ALL'], respond: {} }, 'methods.0'],
    ['a method twice', { path: '/', methods: ['GET', 'GET'], respond: {} }, 'methods'],
    ['middleware that is none', { path: '/', middleware: [1], respond: {} }, 'middleware.0'],
    ['one middleware without a list', { path: '/', middleware: () => {}, respond: {} }, 'middleware'],
    ['a status that is none', { path: '/', respond: { status: 99 } }, 'respond.status'],
    ['an informational status', { path: '/', respond: { status: 101 } }, 'respond.status'],
    ['half a status', { path: '/', respond: { status: 200.5 } }, 'respond.status'],
    ['a body and JSON', { path: '/', respond: { body: '', json: 1 } }, 'respond.json'],
    ['a body with 204', { path: '/', respond: { status: 204, body: 'x' } }, 'respond.status'],
    ['JSON with 304', { path: '/', respond: { status: 304, json: null } }, 'respond.status'],
    ['a list as headers', { path: '/', respond: { headers: [] } }, 'respond.headers'],
    ['a header value of two lines', { path: '/', respond: { headers: { a: 'b\r\nc: d' } } }, 'respond.headers.a'],
    ['a header value with NUL', { path: '/', respond: { headers: { a: '\0' } } }, 'respond.headers.a'],
    ['a header value beyond Latin-1', { path: '/', respond: { headers: { a: '€' } } }, 'respond.headers.a'],
    ['a number as header value', { path: '/', respond: { headers: { a: 1 } } }, 'respond.headers.a'],
    ['a header name with a space', { path: '/', respond: { headers: { 'a b': 'c' } } }, 'respond.headers.a b'],
    ['an empty header name', { path: '/', respond: { headers: { '': 'c' } } }, 'respond.headers.'],
    [
      'a framing header',
      { path: '/', respond: { headers: { 'Content-Length': '3' } } },
      'respond.headers.Content-Length',
    ],
    ['one header twice', { path: '/', respond: { headers: { 'X-A': '1', 'x-a': '2' } } }, 'respond.headers.x-a'],
    ['a function in JSON', { path: '/', respond: { json: { a: () => {} } } }, 'respond.json'],
    ['a number that JSON has not', { path: '/', respond: { json: [Number.NaN] } }, 'respond.json'],
    ['a hole in JSON', { path: '/', respond: { json: [undefined] } }, 'respond.json'],
    ['a big number in JSON', { path: '/', respond: { json: 1n } }, 'respond.json'],
    ['a date in JSON', { path: '/', respond: { json: { at: new Date() } } }, 'respond.json.at'],
  ])('is refused: a route with %s', (_, route, path) => {
    expect(issuesOf(atRoute(route)).map((issue) => issue.path)).toEqual([
      path === '' ? 'routes.1' : `routes.1.${path}`,
    ]);
  });

  test.each([
    ['/ok twice', { path: '/ok', respond: {} }],
    ['GET /ok behind all of /ok', { path: '/ok', methods: ['GET'], respond: {} }],
  ])('names both positions of a route that is never reached: %s', (_, route) => {
    expect(issuesOf(atRoute(route))).toMatchObject([
      { path: 'routes.1', message: expect.stringMatching(/routes 0 and 1 both answer .*\/ok/) },
    ]);
  });

  test('may answer other methods of a path elsewhere', () => {
    const routes = [
      { path: '/ok', methods: ['GET'], respond: {} },
      { path: '/ok', methods: ['POST', 'PUT'], respond: {} },
      { path: '/ok', respond: { status: 405 } },
    ];
    expect(specOf({ listen: ':0', routes }).routes).toHaveLength(3);
  });

  test('is told everything at once, also beside what is misspelled', () => {
    expect(issuesOf({ listn: ':80', maxConections: '5', restart: { intensty: 1 }, disabled: 1 })).toMatchObject([
      { path: 'restart.intensty', hint: "did you mean 'intensity'?" },
      { path: 'listn', hint: "did you mean 'listen'?" },
      { path: 'maxConections', hint: "did you mean 'maxConnections'?" },
      { path: 'listen', message: 'is missing' },
      { path: 'disabled' },
      { path: '', message: 'a server needs something that answers' },
    ]);
  });

  test.each<[string, unknown, string]>([
    ['an address', { routes: [] }, 'listen'],
    ['an address that is undefined', { ...server(), listen: undefined }, 'listen'],
    ['the path of a route', { listen: ':0', routes: [{ respond: {} }] }, 'routes.0.path'],
  ])('is told that %s is missing', (_, config, path) => {
    expect(issuesOf(config)).toMatchObject([{ path, received: 'undefined', message: 'is missing' }]);
  });

  test('is told what to write for an address', () => {
    expect(issuesOf({ ...server(), listen: '8080' })).toMatchObject([
      { path: 'listen', received: '"8080"', hint: "write '127.0.0.1:8080' or ':8080' for all interfaces" },
    ]);
  });

  test('leaves the others as they are', () => {
    const { specs, refused } = parseCluster({ good: server(), bad: {}, 'also.good': server() });
    expect([...specs.keys()]).toEqual(['good', 'also.good']);
    expect([...refused]).toEqual(['bad']);
  });

  test.each([
    ['undefined', undefined],
    ['null', null],
    ['a list', []],
    ['a text', 'x'],
    ['a function', () => {}],
    ['a map', new Map([['a', server()]])],
    ['a promise', Promise.resolve({})],
  ])('is one issue when it is %s', (_, config) => {
    const { specs, issues, refused } = parseCluster(config);
    expect(specs.size + refused.size).toBe(0);
    expect(issues).toMatchObject([{ path: '', expected: 'an object of servers by id' }]);
    expect(issues[0]).not.toHaveProperty('server');
  });
});

describe('a timeout', () => {
  const timeout = fc.constantFrom('handlerTimeoutMs', 'keepAliveTimeoutMs', 'drainTimeoutMs', 'requestTimeoutMs');

  test('is kept when a timer can wait that long', () => {
    fc.assert(
      fc.property(timeout, fc.integer({ min: 0, max: 2 ** 31 - 1 }), (key, value) => {
        expect(specOf(server({ [key]: value })).limits).toMatchObject({ [key]: value });
      }),
    );
  });

  test('is refused when it is no whole number of milliseconds from 0 to 2147483647', () => {
    const wrong = fc.oneof(
      fc.double().filter((value) => !Number.isInteger(value) || value < 0 || value >= 2 ** 31),
      fc.integer({ min: 2 ** 31, max: Number.MAX_SAFE_INTEGER }),
      fc.integer({ max: -1 }),
      fc.constantFrom(
        Number.NaN,
        Number.POSITIVE_INFINITY,
        1.5,
        2 ** 31,
        -1,
        null,
        true,
        5n,
        '5s',
        '',
        '80',
        ' 80 ',
        [],
      ),
    );
    fc.assert(
      fc.property(timeout, wrong, (key, value) => {
        expect(issuesOf({ ...server(), [key]: value }).map((issue) => issue.path)).toEqual([key]);
      }),
      { numRuns: 1_000 },
    );
  });
});
