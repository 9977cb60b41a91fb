import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { limitDefaults, restartDefaults } from '../../lib/config/defaults.ts';
import { differences } from '../../lib/config/same.ts';
import type { ServerConfig } from '../../lib/config/server-config.ts';
import { dataConfig } from './configs.ts';
import { specOf } from './reading.ts';

describe('an equal config in a new object', () => {
  const shuffled = (value: unknown): unknown => {
    if (Array.isArray(value)) return value.map(shuffled);
    if (typeof value !== 'object' || value === null) return value;
    return Object.fromEntries(
      Object.entries(value)
        .reverse()
        .map(([key, member]) => [key, shuffled(member)]),
    );
  };

  test('gives the previous spec, whatever the order of its keys', () => {
    fc.assert(
      fc.property(dataConfig, (config) => {
        const copy = shuffled(structuredClone(config));
        const spec = specOf(config);
        expect(specOf(copy, spec)).toBe(spec);
      }),
    );
  });

  test('gives the previous spec when it writes the defaults out', () => {
    const routes = [{ path: '/', respond: { body: 'x' } }];
    const spec = specOf({ listen: ':0', routes });
    const written = {
      listen: ':0',
      name: 'api',
      disabled: false,
      restart: { ...restartDefaults },
      ...limitDefaults,
      expose: undefined,
      routes: [{ path: '/', respond: { status: 200, headers: {}, body: 'x', json: undefined } }],
    };
    expect(specOf(written, spec)).toBe(spec);
  });

  test('gives another spec as soon as any datum differs', () => {
    const edit = fc.constantFrom<(config: ServerConfig) => unknown>(
      (config) => ({ ...config, listen: '127.0.0.2:0' }),
      (config) => ({ ...config, name: `${config.name ?? ''}x` }),
      (config) => ({ ...config, expose: 'http://other.example' }),
      (config) => ({ ...config, disabled: !config.disabled }),
      (config) => ({ ...config, strategy: config.strategy === 'hot-swap' ? 'stop-then-start' : 'hot-swap' }),
      (config) => ({ ...config, maxConnections: config.maxConnections === 1 ? 2 : 1 }),
      (config) => ({ ...config, drainTimeoutMs: config.drainTimeoutMs === 1 ? 2 : 1 }),
      (config) => ({ ...config, restart: { ...config.restart, intensity: config.restart?.intensity === 1 ? 2 : 1 } }),
      (config) => ({ ...config, upgrade: () => {} }),
      (config) => ({ ...config, routes: [...(config.routes ?? []), { path: '/added/here', respond: {} }] }),
    );
    fc.assert(
      fc.property(dataConfig, edit, (config, change) => {
        const spec = specOf(config);
        expect(specOf(change(config), spec)).not.toBe(spec);
      }),
    );
  });

  test('compares code by identity', () => {
    const make = () => async (): Promise<Response> => new Response();
    const [one, other] = [make(), make()];
    const before = specOf({ listen: ':0', app: one });
    expect(specOf({ listen: ':0', app: one }, before)).toBe(before);
    expect(specOf({ listen: ':0', app: other }, before)).not.toBe(before);
    const twin = { fetch: one };
    const object = specOf({ listen: ':0', app: twin });
    expect(specOf({ listen: ':0', app: twin }, object)).toBe(object);
    expect(specOf({ listen: ':0', app: { fetch: one } }, object)).not.toBe(object);
    const routed = specOf({ listen: ':0', routes: [{ path: '/', handler: one, middleware: [one] }] });
    expect(specOf({ listen: ':0', routes: [{ path: '/', handler: one, middleware: [one] }] }, routed)).toBe(routed);
    expect(specOf({ listen: ':0', routes: [{ path: '/', handler: one, middleware: [other] }] }, routed)).not.toBe(
      routed,
    );
    expect(specOf({ listen: ':0', routes: [{ path: '/', handler: other, middleware: [one] }] }, routed)).not.toBe(
      routed,
    );
  });
});

test('differences are named as a config names them, limits one by one', () => {
  const reply = () => new Response();
  const base = specOf({ listen: '127.0.0.1:1', app: reply, keepAliveTimeoutMs: 5 });
  expect(differences(base, base)).toEqual([]);
  expect(differences(base, specOf({ listen: '127.0.0.1:1', app: reply, keepAliveTimeoutMs: 5 }))).toEqual([]);
  expect(differences(base, specOf({ listen: '127.0.0.1:2', app: reply, keepAliveTimeoutMs: 6, name: 'x' }))).toEqual([
    'name',
    'listen',
    'keepAliveTimeoutMs',
  ]);
});
