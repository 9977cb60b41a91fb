import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { toConfigSchema } from '../../docs/config-json-schema.ts';
import { limitDefaults, restartDefaults } from '../../lib/config/defaults.ts';
import { parseConfigFile } from '../../lib/config/parse-file.ts';
import { dataConfig } from './configs.ts';

type Node = Readonly<Record<string, unknown>>;

const isNode = (value: unknown): value is Node => typeof value === 'object' && value !== null && !Array.isArray(value);
const node = (value: unknown): Node => (isNode(value) ? value : {});
const list = (value: unknown): readonly unknown[] => (Array.isArray(value) ? value : []);

const typeOf = (value: unknown): string => {
  if (value === null) return 'null';
  if (Array.isArray(value)) return 'array';
  return Number.isInteger(value) ? 'integer' : typeof value;
};

/** As much of JSON Schema as the generated schema uses. */
const accepts = (schema: Node, value: unknown): boolean => {
  const { type, enum: values, anyOf, oneOf, not } = schema;
  if (type !== undefined && type !== typeOf(value) && !(type === 'number' && typeOf(value) === 'integer')) return false;
  if (values !== undefined && !list(values).includes(value)) return false;
  if (anyOf !== undefined && !list(anyOf).some((one) => accepts(node(one), value))) return false;
  if (oneOf !== undefined && list(oneOf).filter((one) => accepts(node(one), value)).length !== 1) return false;
  if (not !== undefined && accepts(node(not), value)) return false;
  if (typeof value === 'number')
    return value >= Number(schema.minimum ?? value) && value <= Number(schema.maximum ?? value);
  if (typeof value === 'string') return new RegExp(String(schema.pattern ?? '')).test(value);
  if (Array.isArray(value)) {
    return value.length >= Number(schema.minItems ?? 0) && value.every((item) => accepts(node(schema.items), item));
  }
  return !isNode(value) || acceptsRecord(schema, value);
};

const acceptsRecord = (schema: Node, value: Node): boolean => {
  const properties = node(schema.properties);
  return (
    list(schema.required).every((key) => Object.hasOwn(value, String(key))) &&
    Object.entries(value).every(([key, member]) => {
      if (Object.hasOwn(properties, key)) return accepts(node(properties[key]), member);
      if (schema.additionalProperties === false) return false;
      return accepts(node(schema.propertyNames), key) && accepts(node(schema.additionalProperties), member);
    })
  );
};

const schema = node(toConfigSchema());

const quickstart = {
  $schema: './node_modules/sluice/dist/config.schema.json',
  servers: {
    public: {
      listen: ':8080',
      routes: [
        { path: '/', respond: { body: 'hello' } },
        { path: '/health', methods: ['GET'], respond: { json: { ok: true } } },
      ],
    },
    admin: { listen: '127.0.0.1:8081', drainTimeoutMs: 5_000, routes: [{ path: '*', respond: { status: 404 } }] },
    gone: null,
  },
  commit: 'independent',
};

const proxied = (proxy: unknown) => ({ servers: { api: { listen: ':0', routes: [{ path: '/*', proxy }] } } });

describe('the JSON Schema of the config file', () => {
  test('accepts a file that is valid', () => {
    expect(parseConfigFile(structuredClone(quickstart)).ok).toBe(true);
    expect(accepts(schema, quickstart)).toBe(true);
  });

  test('accepts names of code where workers load it', () => {
    const servers = {
      web: { listen: ':8080', app: './app.ts' },
      api: { listen: ':8081', routes: [{ path: '/', handler: 'api', middleware: ['./log.ts', { requestId: true }] }] },
    };
    for (const workers of ['auto', 4, { count: 2, code: './code.ts', env: { A: 'b' } }]) {
      const file = { servers, workers };
      expect(parseConfigFile(structuredClone(file)).ok).toBe(true);
      expect(accepts(schema, file)).toBe(true);
    }
  });

  test('accepts every valid file of data', () => {
    fc.assert(
      fc.property(dataConfig, (config) => {
        const file = { servers: { api: JSON.parse(JSON.stringify(config)) } };
        expect(parseConfigFile(file)).toMatchObject({ ok: true });
        expect(accepts(schema, file)).toBe(true);
      }),
    );
  });

  test.each<[string, unknown]>([
    ['one target', 'http://a'],
    ['several', { targets: ['http://a', { url: 'http://b', weight: 3 }] }],
    ['a balance', { target: 'http://a', balance: 'least-in-flight' }],
    ['a sticky one', { target: 'http://a', balance: { sticky: { cookie: 'sid' } } }],
    ['a sticky one by address', { target: 'http://a', balance: { sticky: 'client-address' } }],
  ])('accepts a proxy with %s', (_, proxy) => {
    const file = proxied(proxy);
    expect(parseConfigFile(structuredClone(file)).ok).toBe(true);
    expect(accepts(schema, file)).toBe(true);
  });

  test.each<[string, object]>([
    ['an exposed URL', { expose: 'HTTPS://Example.com' }],
    [
      'the name of a certificate',
      { tls: { cert: 'a', key: 'b', certificates: [{ cert: 'c', key: 'd', names: ['API.a'] }] } },
    ],
    ['a name a target has to bear', proxied({ target: 'https://a', tls: { servername: 'API.a' } }).servers.api],
  ])('accepts capitals in %s, as the parser does: a pattern has no flags there', (_, more) => {
    const file = { servers: { api: { listen: ':0', routes: [], ...more } } };
    expect(parseConfigFile(structuredClone(file))).toMatchObject({ ok: true });
    expect(accepts(schema, file)).toBe(true);
  });

  const route = { path: '/', respond: {} };
  test.each([
    ['no servers', {}],
    ['an unknown key', { ...quickstart, servres: {} }],
    ['an id with a space', { servers: { 'a b': quickstart.servers.admin } }],
    ['no address', { servers: { api: { routes: [] } } }],
    ['no routes', { servers: { api: { listen: ':0' } } }],
    ['an app beside routes', { servers: { api: { listen: ':0', app: './app.js', routes: [] } } }],
    ['a handler that is no name', { servers: { api: { listen: ':0', routes: [{ path: '/', handler: 7 }] } } }],
    ['a route that nothing answers', { servers: { api: { listen: ':0', routes: [{ path: '/' }] } } }],
    ['a relative path', { servers: { api: { listen: ':0', routes: [{ ...route, path: 'x' }] } } }],
    ['no methods', { servers: { api: { listen: ':0', routes: [{ ...route, methods: [] }] } } }],
    ['body and json', { servers: { api: { listen: ':0', routes: [{ path: '/', respond: { body: '', json: 1 } }] } } }],
    ['a weight as text', proxied({ targets: [{ url: 'http://a', weight: '3' }] })],
    ['another balance', proxied({ target: 'http://a', balance: 'random' })],
    ['a sticky key of nothing', proxied({ target: 'http://a', balance: { sticky: { header: 7 } } })],
    ['a timeout as text', { servers: { api: { listen: ':0', routes: [], drainTimeoutMs: '5s' } } }],
    ['a timeout beyond timers', { servers: { api: { listen: ':0', routes: [], drainTimeoutMs: 2 ** 31 } } }],
    ['half a millisecond', { servers: { api: { listen: ':0', routes: [], drainTimeoutMs: 0.5 } } }],
    ['another strategy', { servers: {}, strategy: 'fast' }],
    ['no workers', { servers: {}, workers: 0 }],
    ['another respawn policy', { servers: {}, workers: { respawn: 'sometimes' } }],
  ])('refuses a file with %s, like the parser', (_, file) => {
    expect(accepts(schema, file)).toBe(false);
    expect(parseConfigFile(file).ok).toBe(false);
  });

  test('describes every property, and says every default', () => {
    const properties: (readonly [string, Node])[] = [];
    const visit = (at: Node): void => {
      for (const [key, property] of Object.entries(node(at.properties))) {
        properties.push([key, node(property)]);
        visit(node(property));
      }
      for (const inner of [at.items, at.additionalProperties, ...list(at.anyOf)]) if (isNode(inner)) visit(inner);
    };
    visit(schema);
    for (const [key, property] of properties) expect([key, property.description]).toEqual([key, expect.any(String)]);
    for (const [key, value] of Object.entries({ ...limitDefaults, ...restartDefaults, status: 200, disabled: false })) {
      expect(properties).toContainEqual([key, expect.objectContaining({ default: value })]);
    }
    expect(properties).toContainEqual(['commit', expect.objectContaining({ default: 'atomic' })]);
  });
});
