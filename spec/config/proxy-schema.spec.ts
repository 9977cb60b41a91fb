import { describe, expect, test } from 'vitest';
import { parseCluster } from '../../lib/config/parse.ts';
import { proxyDefaults } from '../../lib/config/proxy-config.ts';
import { parseTarget } from '../../lib/config/proxy-target.ts';

const issuesOf = (proxy: unknown, path = '/api/*'): readonly string[] => {
  const { issues = [] } = issued({ path, proxy });
  return issues.map((issue) => `${issue.path}: ${issue.message}`);
};

const issued = (route: object) => {
  const result = parseCluster({ a: { listen: '127.0.0.1:0', routes: [route] } }, new Map());
  return { issues: result.issues, spec: result.specs.get('a') };
};

describe('a proxy in a config', () => {
  test('is a target alone, or an object: both mean the same', () => {
    const [short, long] = [
      'http://127.0.0.1:3000',
      { target: 'http://127.0.0.1:3000', retries: proxyDefaults.retries },
    ].map((proxy) => issued({ path: '/*', proxy }).spec?.routes?.[0]);
    expect(short).toEqual(long);
    expect(short).toEqual({
      path: '/*',
      proxy: { ...proxyDefaults, targets: ['http://127.0.0.1:3000'], trust: [] },
    });
  });

  const wrong: Readonly<Record<string, readonly [proxy: unknown, place: string, issues?: number]>> = {
    'no URL': ['127.0.0.1:3000', 'routes.0.proxy'],
    'another scheme': ['ftp://a', 'routes.0.proxy'],
    'a path': ['http://a/b', 'routes.0.proxy'],
    'a password': ['http://a:b@c', 'routes.0.proxy'],
    'port 0': ['http://a:0', 'routes.0.proxy'],
    'a socket that is not absolute': ['unix:x.sock', 'routes.0.proxy'],
    'neither target nor targets': [{}, 'routes.0.proxy'],
    'both target and targets': [{ target: 'http://a', targets: ['http://b'] }, 'routes.0.proxy'],
    'no targets': [{ targets: [] }, 'routes.0.proxy.targets'],
    'a target twice': [{ targets: ['http://a', 'http://A:80/'] }, 'routes.0.proxy.targets.1'],
    'a key nobody knows': [{ target: 'http://a', timeout: 1 }, 'routes.0.proxy.timeout'],
    'a balance nobody knows': [{ target: 'http://a', balance: 'random' }, 'routes.0.proxy.balance'],
    'a balance that is no text': [{ target: 'http://a', balance: 1 }, 'routes.0.proxy.balance'],
    'a balance by something unknown': [{ target: 'http://a', balance: { by: 'x' } }, 'routes.0.proxy.balance.by', 2],
    'a sticky of nothing': [{ target: 'http://a', balance: { sticky: {} } }, 'routes.0.proxy.balance.sticky'],
    'a sticky of two things': [
      { target: 'http://a', balance: { sticky: { header: 'a', cookie: 'b' } } },
      'routes.0.proxy.balance.sticky',
    ],
    'a sticky of a text': [{ target: 'http://a', balance: { sticky: 'header' } }, 'routes.0.proxy.balance.sticky'],
    'a header that cannot be': [
      { target: 'http://a', balance: { sticky: { header: 'a b' } } },
      'routes.0.proxy.balance.sticky.header',
    ],
    'a weight of nothing': [{ targets: [{ url: 'http://a', weight: 0 }] }, 'routes.0.proxy.targets.0.weight'],
    'a weight for no target': [{ targets: [{ weight: 2 }] }, 'routes.0.proxy.targets.0.url'],
    'a weighted target that is none': [{ targets: [{ url: 'a' }] }, 'routes.0.proxy.targets.0.url'],
    'a weighted target twice': [{ targets: ['http://a', { url: 'http://A/' }] }, 'routes.0.proxy.targets.1'],
    'weights that nobody looks at': [
      { targets: [{ url: 'http://a', weight: 2 }, 'http://b'], balance: 'round-robin' },
      'routes.0.proxy.balance',
    ],
    'targets that are an object': [{ targets: { a: 'http://a' } }, 'routes.0.proxy.targets'],
    'targets that are a class': [{ targets: class {} }, 'routes.0.proxy.targets'],
    'one target that is a function': [{ target: () => [] }, 'routes.0.proxy.target'],
    'a strip that the path does not begin with': [{ target: 'http://a', strip: '/v1' }, 'routes.0.proxy.strip'],
    'a strip that ends in a slash': [{ target: 'http://a', strip: '/api/' }, 'routes.0.proxy.strip'],
    'a rewrite with dots': [{ target: 'http://a', rewrite: '/a/../b' }, 'routes.0.proxy.rewrite'],
    'trust in a name': [{ target: 'http://a', trust: ['localhost'] }, 'routes.0.proxy.trust.0'],
    'connections that are not kept': [
      { target: 'http://a', keepAliveTimeoutMs: 0 },
      'routes.0.proxy.keepAliveTimeoutMs',
    ],
    'a time below nothing': [{ target: 'http://a', headersTimeoutMs: -1 }, 'routes.0.proxy.headersTimeoutMs'],
    'a number': [80, 'routes.0.proxy'],
  };
  test.each(Object.entries(wrong))('is refused with %s', (_, [proxy, place, count = 1]) => {
    const issues = issuesOf(proxy);
    expect(issues).toHaveLength(count);
    expect(issues.some((issue) => issue.startsWith(`${place}: `))).toBe(true);
  });

  test.each(['to', 'url', 'upstream', 'upstreams'])('says what a target is called to those who write %s', (key) => {
    const { issues } = issued({ path: '/*', proxy: { [key]: 'http://a' } });
    expect(issues[0]).toMatchObject({
      path: `routes.0.proxy.${key}`,
      message: 'unknown key',
      hint: "name one 'target', or several 'targets'",
    });
  });

  const proxyOf = (proxy: unknown): unknown => {
    const { issues, spec } = issued({ path: '/*', proxy });
    expect(issues).toEqual([]);
    const [route] = spec?.routes ?? [];
    return route !== undefined && 'proxy' in route ? route.proxy : undefined;
  };

  test('has weights where they say something, and takes turns by them then', () => {
    expect(proxyOf({ targets: ['http://a', { url: 'http://b', weight: 3 }] })).toMatchObject({
      targets: ['http://a', { url: 'http://b', weight: 3 }],
      balance: 'weighted',
    });
    expect(proxyOf({ targets: [{ url: 'http://a' }, { url: 'http://b', weight: 1 }] })).toEqual(
      proxyOf({ targets: ['http://a', 'http://b'], balance: 'round-robin' }),
    );
    expect(proxyOf({ targets: [{ url: 'http://b', weight: 3 }], balance: 'least-in-flight' })).toMatchObject({
      balance: 'least-in-flight',
    });
  });

  test('is sticky by the name of a header, however that is written', () => {
    const sticky = (header: string): unknown => proxyOf({ target: 'http://a', balance: { sticky: { header } } });
    expect(sticky('X-User')).toEqual(sticky('x-user'));
    expect(proxyOf({ target: 'http://a', balance: { sticky: 'client-address' } })).toMatchObject({
      balance: { sticky: 'client-address' },
    });
  });

  test('may have targets that come and go, in code: the same function is the same config', () => {
    const targets = (): readonly string[] => ['http://a'];
    const config = (proxy: object) => ({ a: { listen: '127.0.0.1:0', routes: [{ path: '/*', proxy }] } });
    const first = parseCluster(config({ targets })).specs;
    expect(first.get('a')?.routes).toMatchObject([{ proxy: { targets } }]);
    expect(parseCluster(config({ targets, retries: 2 }), first).specs.get('a')).toBe(first.get('a'));
    const other = parseCluster(config({ targets: () => ['http://a'] }), first).specs.get('a');
    expect(other).toBeDefined();
    expect(other).not.toBe(first.get('a'));
  });

  test('says what to write to those who know balances by other names', () => {
    const { issues } = issued({ path: '/*', proxy: { target: 'http://a', balance: { hash: 'ip' } } });
    expect(issues.map(({ hint }) => hint)).toContain(
      "write { sticky: 'client-address' }, or a header, cookie or parameter: { sticky: { cookie: 'sid' } }",
    );
  });

  test('may take away what its path begins with', () => {
    expect(issuesOf({ target: 'http://a', strip: '/api' })).toEqual([]);
    expect(issuesOf({ target: 'http://a', strip: '/api' }, '/api')).toEqual([]);
    expect(issuesOf({ target: 'http://a', strip: '/ap' })).toHaveLength(1);
  });
});

describe('a target', () => {
  const parsed = (text: string) => {
    const result = parseTarget(text);
    return result.ok ? result.target : result;
  };

  test('has one name, however it is written', () => {
    expect(parsed('HTTP://LocalHost:80')).toEqual(parsed('http://localhost/'));
    expect(parsed('https://[::1]:443')).toMatchObject({
      name: 'https://[::1]',
      host: '[::1]',
      hostname: '::1',
      isEncrypted: true,
    });
    expect(parsed('unix:/run//app.sock')).toMatchObject({
      name: 'unix:/run/app.sock',
      socketPath: '/run/app.sock',
      host: 'localhost',
    });
  });
});
