import { expect, test } from 'vitest';
import { codeIssues } from '../../lib/config/code-issues.ts';
import { parseCluster } from '../../lib/config/parse.ts';
import { referencesIn, withStandIns } from '../../lib/config/references.ts';

const named = {
  listen: ':8080',
  middleware: ['./outer.ts', { requestId: true }],
  routes: [
    { path: '/a', handler: './a.ts' },
    { path: '/b', respond: { body: 'b' }, middleware: ['b'] },
  ],
};

test('every text that stands for code is found, with the way to it', () => {
  expect(referencesIn(named).map(({ kind, text, path }) => [kind, text, path.join('.')])).toEqual([
    ['middleware', './outer.ts', 'middleware.0'],
    ['handler', './a.ts', 'routes.0.handler'],
    ['middleware', 'b', 'routes.1.middleware.0'],
  ]);
  expect(referencesIn({ listen: ':0', app: 'shop' })).toMatchObject([{ kind: 'app', text: 'shop', path: ['app'] }]);
});

test('servers that name code are valid with something in its place, and stay what they were themselves', () => {
  const plain = { listen: ':8081', routes: [] };
  const servers = { named, plain, gone: null };
  const stood = withStandIns(servers);
  expect(parseCluster(stood).issues).toEqual([]);
  expect(stood.plain).toBe(plain);
  expect(stood.gone).toBeNull();
  expect(referencesIn(servers.named)).toHaveLength(3);
  expect(Object.isFrozen(servers.named)).toBe(false);
});

test('code is found wherever it is, and data is none', () => {
  class App {
    fetch(): Response {
      return new Response();
    }
  }
  const servers = { named, app: { listen: ':1', app: new App() }, deep: { listen: ':2', health: { check: () => {} } } };
  expect(codeIssues(servers).map(({ server, path, received }) => [server, path, received])).toEqual([
    ['app', 'app', 'an instance of App'],
    ['deep', 'health.check', 'a function'],
  ]);
});
