import { describe, expect, test } from 'vitest';
import { toConfigSchema } from '../../docs/config-json-schema.ts';
import type { HealthConfig } from '../../lib/config/health-config.ts';
import { healthDefaults, healthSettingsOf } from '../../lib/config/health-settings.ts';
import type { Issue } from '../../lib/config/issue.ts';
import { parseCluster } from '../../lib/config/parse.ts';
import { differences, sameSpec } from '../../lib/config/same.ts';
import { server } from './configs.ts';
import { issuesOf, specOf } from './reading.ts';

const healthOf = (health: unknown) => specOf({ ...server(), health }).health;

const issue = (health: unknown): Issue => {
  const issues = issuesOf({ ...server(), health });
  expect(issues).toHaveLength(1);
  const [first] = issues;
  if (first === undefined) throw new Error('there is one');
  return first;
};

const check = (): boolean => true;

describe('the health of a server in a config', () => {
  test('is nothing when nobody asks', () => {
    expect(healthOf(undefined)).toBeUndefined();
  });

  test.each<[unknown]>([[true], [{}], [{ tcp: true }], [{ tcp: true, intervalMs: 5_000, http: undefined }]])(
    'checks that the server listens: %o',
    (health) => {
      expect(healthOf(health)).toEqual({
        ...healthDefaults,
        check: { kind: 'tcp' },
        riseIntervalMs: healthDefaults.intervalMs,
        fallIntervalMs: healthDefaults.intervalMs,
      });
    },
  );

  test('asks for a path alone, or sends a whole request', () => {
    const asked = { kind: 'http', path: '/up', method: 'GET', headers: {}, status: ['2xx'], body: undefined };
    expect(healthOf({ http: '/up' })?.check).toEqual(asked);
    expect(healthOf({ http: { path: '/up', method: 'GET', status: '2xx' } })?.check).toEqual(asked);
    expect(healthOf({ http: {} })?.check).toEqual({ ...asked, path: '/' });
    const http = { path: '/', method: 'OPTIONS', headers: { host: 'a' }, status: [204, '4xx'], body: 'ready' };
    expect(healthOf({ http })?.check).toEqual({ kind: 'http', ...http });
  });

  test('runs a function', () => {
    expect(healthOf({ check })?.check).toEqual({ kind: 'function', check });
  });

  test('has the same pause when it rises and falls, unless it says otherwise', () => {
    expect(healthOf({ intervalMs: 70 })).toMatchObject({ intervalMs: 70, riseIntervalMs: 70, fallIntervalMs: 70 });
    const health: HealthConfig = { intervalMs: 70, riseIntervalMs: 10, fallIntervalMs: 20 };
    expect(healthOf(health)).toMatchObject(health);
  });

  test('takes counts from 1 to 255', () => {
    const health = { riseToWarn: 255, riseToOk: 1, fallToWarn: 2, fallToDown: 3 };
    expect(healthOf(health)).toMatchObject(health);
  });

  const wrong: readonly (readonly [what: string, health: unknown, path: string, says: RegExp])[] = [
    ['a text', '/healthz', 'health', /must be true, false, or health settings/],
    ['a list', [], 'health', /must be true, false, or health settings/],
    ['two checks', { http: '/', check }, 'health', /'http' and 'check' exclude each other/],
    ['tcp that is false', { tcp: false }, 'health.tcp', /must be true/],
    ['a path without its slash', { http: 'healthz' }, 'health.http', /must be a path that starts with '\/'/],
    ['a URL', { http: { path: 'http://a/b' } }, 'health.http.path', /must be a path that starts with '\/'/],
    ['a path with a space', { http: '/a b' }, 'health.http', /printable ASCII/],
    ['a path with a fragment', { http: '/a#b' }, 'health.http', /without a fragment/],
    ['a path without end', { http: `/${'a'.repeat(1_024)}` }, 'health.http', /at most 1024 characters/],
    ['a number as request', { http: 200 }, 'health.http', /must be a path that starts with '\/', or an object/],
    ['a method that changes things', { http: { method: 'POST' } }, 'health.http.method', /'GET', 'HEAD' or 'OPTIONS'/],
    ['HEAD for a body', { http: { method: 'HEAD', body: 'x' } }, 'health.http.method', /have no body/],
    ['a status that says ill', { http: { status: 500 } }, 'health.http.status', /a status from 200 to 499/],
    ['a class nobody knows', { http: { status: '5xx' } }, 'health.http.status', /'2xx', '3xx' or '4xx'/],
    ['no status', { http: { status: [] } }, 'health.http.status', /at least one status/],
    ['one bad status', { http: { status: [200, 99] } }, 'health.http.status.1', /a status from 200 to 499/],
    ['an empty body', { http: { body: '' } }, 'health.http.body', /at least one character/],
    ['a header of the connection', { http: { headers: { connection: 'close' } } }, 'health.http.headers', /set by/],
    ['a line break in a header', { http: { headers: { a: 'b\r\nc: d' } } }, 'health.http.headers.a', /line breaks/],
    ['a check that is no function', { check: 'check.ts' }, 'health.check', /must be a function/],
    ['no time', { timeoutMs: 0 }, 'health.timeoutMs', /from 1 to 2147483647/],
    ['a pause too short', { intervalMs: 9 }, 'health.intervalMs', /from 10 to/],
    ['a pause too short while it rises', { riseIntervalMs: 9 }, 'health.riseIntervalMs', /from 10 to/],
    ['a pause too short while it falls', { fallIntervalMs: 9 }, 'health.fallIntervalMs', /from 10 to/],
    ['a count of nothing', { riseToWarn: 0 }, 'health.riseToWarn', /from 1 to 255/],
    ['a count too large', { fallToDown: 256 }, 'health.fallToDown', /from 1 to 255/],
    ['half a count', { riseToOk: 1.5 }, 'health.riseToOk', /from 1 to 255/],
    ['healing that is no boolean', { heal: 'yes' }, 'health.heal', /true or false/],
    ['a key nobody knows', { http: { paht: '/' } }, 'health.http.paht', /unknown key/],
  ];
  test.each(wrong)('is refused with %s', (_, health, path, says) => {
    const { path: where, message } = issue(health);
    expect(where.startsWith(path)).toBe(true);
    expect(message).toMatch(says);
  });

  test('says what to write instead', () => {
    expect(issue({ http: '/', tcp: true }).hint).toBe("keep 'http', or combine them in a 'check'");
    expect(issue({ interval: 5 }).hint).toBe("write 'intervalMs', in milliseconds");
    expect(issue({ path: '/up' }).hint).toBe("write it into 'http'");
    expect(issue({ rise: 2 }).hint).toBe("write 'riseToWarn' and 'riseToOk'");
    expect(issue({ http: 'http://127.0.0.1/up' }).hint).toMatch(/leave scheme and host out/);
  });
});

describe('two healths', () => {
  const same = (a: unknown, b: unknown): boolean =>
    sameSpec(specOf({ ...server(), health: a }), specOf({ ...server(), health: b }));

  test('are the same by what they mean, and functions by identity', () => {
    expect(same(true, { tcp: true, timeoutMs: healthDefaults.timeoutMs })).toBe(true);
    expect(same({ http: '/' }, { http: {} })).toBe(true);
    expect(same({ check }, { check })).toBe(true);
    expect(same({ check }, { check: () => true })).toBe(false);
    expect(same(true, undefined)).toBe(false);
    expect(same({ http: '/a' }, { http: '/b' })).toBe(false);
    expect(same({ heal: true }, { heal: false })).toBe(false);
  });

  test('that differ are called health, and nothing else', () => {
    const [one, other] = [true, { http: '/' }].map((health) => specOf({ ...server(), health }));
    if (one === undefined || other === undefined) throw new Error('both are valid');
    expect(differences(one, { ...other, app: one.app, routes: one.routes })).toEqual(['health']);
  });

  test('cannot be changed once they were read', () => {
    const settings = healthOf({ http: { headers: { a: 'b' }, status: [200] } });
    expect(Object.isFrozen(settings)).toBe(true);
    expect(settings?.check.kind === 'http' && Object.isFrozen(settings.check.headers)).toBe(true);
    expect(settings?.check.kind === 'http' && Object.isFrozen(settings.check.status)).toBe(true);
  });
});

test('settings of settings that were filled in are the same', () => {
  const { check: _, ...settings } = healthSettingsOf({ intervalMs: 20, heal: true });
  expect(healthSettingsOf(settings)).toEqual(healthSettingsOf({ intervalMs: 20, heal: true }));
});

test('the schema for editors knows what data can say of health', () => {
  const text = JSON.stringify(toConfigSchema());
  const [, health = ''] = text.split('"health":');
  expect(health).toContain('"riseToWarn":{"type":"integer","minimum":1,"maximum":255');
  expect(health.slice(0, 6_000)).not.toContain('"check"');
  expect(health).toContain('"2xx"');
});

test('false is as good as no health settings', () => {
  const app = () => new Response();
  const { specs, issues } = parseCluster({ a: { listen: ':80', app, health: false } });
  expect(issues).toEqual([]);
  expect(specs.get('a')?.health).toBeUndefined();
});
