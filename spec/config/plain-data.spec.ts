import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { parseCluster } from '../../lib/config/parse.ts';
import { parseConfigFile } from '../../lib/config/parse-file.ts';
import { dataConfig, server } from './configs.ts';
import { issuesOf, specOf } from './reading.ts';

describe('a config that is out of bounds', () => {
  const nested = (levels: number): unknown => {
    let value: unknown = 1;
    for (let level = 0; level < levels; level++) value = [value];
    return value;
  };
  const withJson = (json: unknown): unknown => ({ listen: ':0', routes: [{ path: '/', respond: { json } }] });

  test('may be nested 64 levels deep, and no deeper', () => {
    expect(parseCluster({ api: withJson(nested(60)) }).issues).toEqual([]);
    expect(issuesOf(withJson(nested(61)))).toMatchObject([{ message: 'is nested deeper than 64 levels' }]);
  });

  test('is refused 200,000 levels deep, anywhere', () => {
    const deep = nested(200_000);
    for (const config of [deep, withJson(deep), { ...server(), restart: deep }, { ...server(), x: deep }]) {
      expect(issuesOf(config)).toHaveLength(1);
    }
    expect(parseCluster(deep).issues).toHaveLength(1);
    expect(parseConfigFile({ servers: deep }).ok).toBe(false);
    expect(parseConfigFile({ servers: {}, more: deep }).ok).toBe(false);
  });

  test('is refused when it contains itself', () => {
    const ring: Record<string, unknown> = {};
    ring.ring = ring;
    expect(issuesOf(withJson(ring))).toMatchObject([{ message: 'contains itself' }]);
    const cluster: Record<string, unknown> = {};
    cluster.a = cluster;
    expect([...parseCluster(cluster).refused]).toEqual(['a']);
  });

  test('is refused when few objects stand for very many values', () => {
    let value: unknown = [1];
    for (let level = 0; level < 40; level++) value = [value, value];
    expect(issuesOf(withJson(value))).toMatchObject([{ message: 'holds more than 50000 values' }]);
    expect(issuesOf(withJson(new Array(4_000_000_000)))).toMatchObject([{ message: 'holds more than 50000 values' }]);
  });

  test('is refused when it holds more text than 10 MiB', () => {
    expect(issuesOf(withJson('x'.repeat(100_000_000)))).toMatchObject([{ message: 'holds too much text' }]);
  });

  test('has at most 32 issues', () => {
    const routes = Array.from({ length: 1_000 }, () => ({ path: 'x' }));
    expect(issuesOf({ listen: ':0', routes })).toHaveLength(32);
  });
});

describe('a config that fights back', () => {
  const trap = (): never => {
    throw new Error('no\nentry');
  };
  const revoked = (): object => {
    const { proxy, revoke } = Proxy.revocable({}, {});
    revoke();
    return proxy;
  };

  test.each<[string, unknown]>([
    ['a getter that throws', Object.defineProperty({ app: () => {} }, 'listen', { enumerable: true, get: trap })],
    ['a proxy that throws on reading', new Proxy(server(), { get: trap })],
    ['a proxy that throws on listing', new Proxy(server(), { ownKeys: trap })],
    ['a proxy that throws on its prototype', new Proxy(server(), { getPrototypeOf: trap })],
    ['a proxy that was revoked', revoked()],
    ['a revoked proxy inside', { ...server(), restart: revoked() }],
    ['a proxy that throws on freezing', new Proxy(server(), { preventExtensions: trap })],
    ['an app that throws on looking', { listen: ':0', app: new Proxy({}, { has: trap }) }],
    [
      'an exception that throws itself',
      new Proxy(server(), {
        ownKeys: () => {
          throw { toString: trap };
        },
      }),
    ],
  ])('is an issue: %s', (_, config) => {
    const [issue, ...others] = issuesOf(config);
    expect(others).toEqual([]);
    expect(Object.values(issue ?? {}).join('')).not.toContain('\n');
  });

  test('is an issue when the whole throws', () => {
    for (const config of [revoked(), new Proxy({}, { ownKeys: trap })]) {
      expect(parseCluster(config).issues).toHaveLength(1);
      expect(parseConfigFile(config).ok).toBe(false);
    }
    const getter = Object.defineProperty({ ok: server() }, 'bad', { enumerable: true, get: trap });
    expect(parseCluster(getter)).toMatchObject({ refused: new Set(['bad']), issues: [{ server: 'bad' }] });
  });

  test('is read once: what a getter says later does not count', () => {
    let reads = 0;
    const config = { ...server() };
    Object.defineProperty(config, 'listen', { enumerable: true, get: () => `:${9_000 + reads++}` });
    expect(specOf(config).address).toEqual({ kind: 'tcp', host: '', port: 9_000 });
  });

  test('never throws, and says in short lines what is wrong', () => {
    const anything = fc.anything({ withBigInt: true, withDate: true, withMap: true, withNullPrototype: true });
    const nearly = fc
      .tuple(dataConfig, fc.string(), anything)
      .map(([config, key, value]) => ({ ...config, [key]: value }));
    const broken = fc
      .tuple(dataConfig, fc.constantFrom('listen', 'routes', 'restart', 'name', 'expose', 'app'), anything)
      .map(([config, key, value]) => ({ ...config, [key]: value }));
    fc.assert(
      fc.property(fc.dictionary(fc.string(), fc.oneof(anything, nearly, broken, dataConfig)), (config) => {
        const { specs, issues, refused } = parseCluster(config);
        const there = Object.keys(config).filter((id) => config[id] !== null && config[id] !== undefined);
        expect([...specs.keys(), ...refused].sort()).toEqual(there.sort());
        expect(refused.size === 0).toBe(issues.length === 0);
        for (const issue of issues) {
          expect(Object.values(issue).join('')).not.toMatch(/[\n\r\0]/);
          expect(issue.received.length).toBeLessThanOrEqual(80);
        }
      }),
      { numRuns: 500 },
    );
  });
});
