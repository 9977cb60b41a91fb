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

  const wrong: Readonly<Record<string, readonly [proxy: unknown, place: string]>> = {
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
    'a strip that the path does not begin with': [{ target: 'http://a', strip: '/v1' }, 'routes.0.proxy.strip'],
    'a strip that ends in a slash': [{ target: 'http://a', strip: '/api/' }, 'routes.0.proxy.strip'],
    'a rewrite with dots': [{ target: 'http://a', rewrite: '/a/../b' }, 'routes.0.proxy.rewrite'],
    'trust in a name': [{ target: 'http://a', trust: ['localhost'] }, 'routes.0.proxy.trust.0'],
    'a time below nothing': [{ target: 'http://a', headersTimeoutMs: -1 }, 'routes.0.proxy.headersTimeoutMs'],
    'a number': [80, 'routes.0.proxy'],
  };
  test.each(Object.entries(wrong))('is refused with %s', (_, [proxy, place]) => {
    const issues = issuesOf(proxy);
    expect(issues).toHaveLength(1);
    expect(issues[0]).toMatch(new RegExp(`^${place.replaceAll('.', '\\.')}: `));
  });

  test.each(['to', 'url', 'upstream', 'upstreams'])('says what a target is called to those who write %s', (key) => {
    const { issues } = issued({ path: '/*', proxy: { [key]: 'http://a' } });
    expect(issues[0]).toMatchObject({
      path: `routes.0.proxy.${key}`,
      message: 'unknown key',
      hint: "name one 'target', or several 'targets'",
    });
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
