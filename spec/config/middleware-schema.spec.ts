import { describe, expect, test } from 'vitest';
import { middlewareNames } from '../../lib/config/middleware-schema.ts';
import { parseCluster } from '../../lib/config/parse.ts';
import { parseConfigFile } from '../../lib/config/parse-file.ts';
import { sameSpec } from '../../lib/config/same.ts';
import { specOf as read } from './reading.ts';

const LISTEN = '127.0.0.1:8080';
const page = { path: '/', respond: { body: 'hello' } };

const onRoute = (...middleware: readonly unknown[]) => ({
  api: { listen: LISTEN, routes: [{ ...page, middleware }] },
});

const issuesOf = (config: unknown) => parseCluster(config).issues;

const valid: readonly Readonly<Record<string, unknown>>[] = [
  { accessLog: true },
  { basicAuth: { users: [{ username: 'a', password: 'b' }], realm: 'staff' } },
  { bearerAuth: { tokens: ['abc.def-ghi_jkl~mno+/='] } },
  { compress: true },
  { compress: { encoding: 'gzip', threshold: 0 } },
  { cors: true },
  { cors: { origin: ['https://a.test'], credentials: true, allowMethods: ['GET'], maxAge: 600 } },
  { etag: { weak: true } },
  { headers: { request: { remove: ['x-a'] }, response: { set: { 'x-b': '1' }, add: { 'set-cookie': ['a', 'b'] } } } },
  { headers: {} },
  { requestId: true },
  {
    secureHeaders: { xFrameOptions: 'DENY', referrerPolicy: false, contentSecurityPolicy: { defaultSrc: ["'self'"] } },
  },
  { stateGuard: { allow: ['/livez', '/probes/*'], states: ['Running'], retryAfterMs: 5_000 } },
  { stateHeader: { headerName: 'x-state' } },
  { stripPrefix: '/api' },
  { timeout: 1_000 },
];

describe('middleware as data', () => {
  test.each(valid)('is accepted on a route, around all of them, and in a file: %j', (one) => {
    expect(issuesOf(onRoute(one))).toEqual([]);
    const around = { api: { listen: LISTEN, routes: [page], middleware: [one] } };
    expect(issuesOf(around)).toEqual([]);
    expect(parseConfigFile({ servers: around })).toMatchObject({ ok: true });
  });

  test.each([
    ['cors', 'write { cors: true }'],
    ['accessLog', 'write { accessLog: true }'],
    ['timeout', 'write { timeout: … }'],
    ['nothing', "data is { name: settings }; with 'workers' it may name a module: './middleware.ts'"],
  ])('is no name alone: %s', (name, hint) => {
    const issues = issuesOf(onRoute(name));
    expect(issues).toMatchObject([{ path: 'routes.0.middleware.0', message: `must be middleware, not "${name}"` }]);
    expect(issues[0]?.hint).toBe(hint);
  });

  test('covers every name there is', () => {
    const covered = new Set(valid.flatMap(Object.keys));
    expect([...covered].sort()).toEqual(middlewareNames.toSorted());
  });

  test('may stand beside functions in code', () => {
    expect(issuesOf(onRoute({ cors: true }, async (_: unknown, next: () => Promise<void>) => next()))).toEqual([]);
  });

  test('is compared by value, functions by identity, and order counts', () => {
    const specOf = (middleware: readonly unknown[], where: 'around' | 'route') =>
      read(where === 'around' ? { listen: LISTEN, routes: [page], middleware } : onRoute(...middleware).api);
    const passing = async (_: unknown, next: () => Promise<void>): Promise<void> => next();
    for (const where of ['around', 'route'] as const) {
      const base = specOf([{ cors: { origin: ['https://a.test'] } }, passing], where);
      expect(sameSpec(base, specOf([{ cors: { origin: ['https://a.test'] } }, passing], where))).toBe(true);
      expect(sameSpec(base, specOf([passing, { cors: { origin: ['https://a.test'] } }], where))).toBe(false);
      expect(sameSpec(base, specOf([{ cors: { origin: ['https://b.test'] } }, passing], where))).toBe(false);
      expect(sameSpec(base, specOf([{ cors: { origin: ['https://a.test'] } }, async () => {}], where))).toBe(false);
    }
    expect(sameSpec(specOf([], 'around'), read({ listen: LISTEN, routes: [page] }))).toBe(true);
  });
});

const refused: Readonly<Record<string, readonly [one: unknown, path: string, more?: object]>> = {
  'an unknown name, with the nearest one': [{ corse: true }, 'corse', { hint: "did you mean 'cors'?" }],
  'nothing at all': [{}, ''],
  'two names in one object': [{ cors: true, etag: true }, '', { message: 'cors and etag cannot share an object' }],
  'a name alone': ['cors', ''],
  false: [{ cors: false }, 'cors'],
  'a misspelled setting': [{ cors: { orgin: '*' } }, 'cors.orgin', { hint: "did you mean 'origin'?" }],
  'cookies for every site': [{ cors: { credentials: true } }, 'cors.credentials', { hint: 'name the origins' }],
  'a header that injects another': [
    { headers: { response: { set: { 'x-a': 'b\r\nx-c: d' } } } },
    'headers.response.set.x-a',
  ],
  'a header that frames the message': [
    { headers: { response: { add: { 'Transfer-Encoding': 'chunked' } } } },
    'headers.response.add.Transfer-Encoding',
  ],
  'a header that is none': [{ headers: { request: { remove: ['a b'] } } }, 'headers.request.remove.0'],
  'no users': [{ basicAuth: { users: [] } }, 'basicAuth.users'],
  'a user with a colon': [{ basicAuth: { users: [{ username: 'a:b', password: 'c' }] } }, 'basicAuth.users.0.username'],
  'a realm that ends its quotes': [
    { basicAuth: { users: [{ username: 'a', password: 'c' }], realm: 'a", x="' } },
    'basicAuth.realm',
  ],
  'a time that is none': [{ timeout: 0 }, 'timeout'],
  'a prefix with parameters': [{ stripPrefix: '/:tenant' }, 'stripPrefix'],
  'a probe that is no path': [{ stateGuard: { allow: ['livez'] } }, 'stateGuard.allow.0'],
  'a class': [class {}, ''],
};

describe('is refused, and says where', () => {
  test.each(Object.entries(refused))('%s', (_, [one, path, more = {}]) => {
    const [issue, ...others] = issuesOf(onRoute({ requestId: true }, one));
    expect(others).toEqual([]);
    const where = path === '' ? 'routes.0.middleware.1' : `routes.0.middleware.1.${path}`;
    expect(issue).toMatchObject({ server: 'api', path: where, ...more });
  });

  test('beside an app, which has its own', () => {
    const app = (): Response => new Response();
    expect(issuesOf({ api: { listen: LISTEN, app, middleware: [{ cors: true }] } })).toMatchObject([
      { path: 'middleware', hint: "have the app use it, or write 'routes'" },
    ]);
  });
});

describe('secrets', () => {
  const SECRET = 'correct horse battery staple';
  test.each([
    [{ basicAuth: { users: [{ username: 'a', password: [SECRET] }] } }, 'basicAuth.users.0.password'],
    [{ basicAuth: { users: [{ username: 'a', password: { [SECRET]: 1 } }] } }, 'basicAuth.users.0.password'],
    [{ bearerAuth: { tokens: [SECRET] } }, 'bearerAuth.tokens.0'],
  ])('are shown by no issue', (one, path) => {
    const issues = issuesOf(onRoute(one));
    expect(issues).toMatchObject([{ path: `routes.0.middleware.0.${path}` }]);
    expect(JSON.stringify(issues)).not.toContain('horse');
  });

  test('that are missing are named', () => {
    expect(issuesOf(onRoute({ basicAuth: { users: [{ username: 'a' }] } }))).toMatchObject([
      { path: 'routes.0.middleware.0.basicAuth.users.0.password', message: 'is missing' },
    ]);
  });
});
