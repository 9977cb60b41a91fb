import { describe, expect, test } from 'vitest';
import { describeIssue } from '../../lib/config/errors.ts';
import { parseCluster } from '../../lib/config/parse.ts';
import { parseConfigFile } from '../../lib/config/parse-file.ts';
import { server } from './configs.ts';

describe('the content of a config file where servers belong', () => {
  test.each<[string, unknown]>([
    ['alone', { servers: { a: server() } }],
    ['with servers that are not there', { servers: { a: server(), b: null, c: undefined } }],
    ['with how to carry it out', { $schema: 'x', servers: { a: server() }, commit: 'atomic', strategy: 'hot-swap' }],
    ['with a server that is wrong', { servers: { app: { ...server(), listen: 1 } } }],
  ])('is one issue that says to unwrap it, %s', (_, config) => {
    const { specs, issues, refused } = parseCluster(config);
    expect(specs.size).toBe(0);
    expect([...refused]).toEqual(['servers']);
    expect(issues).toMatchObject([{ hint: "apply takes the servers themselves: leave 'servers' out" }]);
    expect(issues.map(describeIssue)).toEqual(['servers: holds servers, as in a config file, and is no server itself']);
  });

  test('is the same issue twice wrapped in a file', () => {
    const file = { servers: { servers: { a: server() } } };
    expect(parseConfigFile(file)).toMatchObject({ ok: false, issues: [{ hint: expect.stringContaining('leave') }] });
  });
});

describe('is no wrapper', () => {
  test('a server that is called servers', () => {
    expect([...parseCluster({ servers: server() }).specs.keys()]).toEqual(['servers']);
    const { specs } = parseCluster({ servers: server(), commit: server(), strategy: server() });
    expect([...specs.keys()]).toEqual(['servers', 'commit', 'strategy']);
  });

  test.each<[string, unknown, string]>([
    ['a server without an address that is called servers', { servers: { routes: [] } }, 'listen'],
    ['an empty server that is called servers', { servers: {} }, 'listen'],
    ['a wrong server whose app listens', { servers: { app: { listen: 1, fetch: 1 }, routes: [] } }, 'listen'],
    ['one beside a server of another name', { servers: { a: server() }, api: server() }, 'listen'],
  ])('%s', (_, config, path) => {
    const { issues } = parseCluster(config);
    expect(issues).toContainEqual(expect.objectContaining({ server: 'servers', path, message: 'is missing' }));
  });

  test('what throws when it is looked at', () => {
    const servers = new Proxy(
      {},
      {
        ownKeys: () => {
          throw new Error('no');
        },
      },
    );
    expect([...parseCluster({ servers }).refused]).toEqual(['servers']);
  });
});

describe('an event of a source', () => {
  const events = [
    { type: 'loaded', file: 'a.yaml', servers: { a: server() }, problems: [] },
    { type: 'failed', file: 'a.yaml', problems: [{ message: 'x' }] },
  ];

  test.each(events)('is one issue where a config file belongs: $type', (event) => {
    expect(parseConfigFile(event)).toMatchObject({
      ok: false,
      issues: [
        {
          message: 'is an event of a source, and no config file',
          hint: 'this is a source: wrap it, toConfigs(source).pipe(map((servers) => ({ servers })))',
        },
      ],
    });
  });

  test.each(events)('is one issue where servers belong: $type', (event) => {
    const { specs, issues } = parseCluster(event);
    expect(specs.size).toBe(0);
    expect(issues).toMatchObject([{ hint: 'this is a source: wrap it, toConfigs(source)' }]);
  });

  test('is no set of servers of which one is called type', () => {
    expect([...parseCluster({ type: server(), problems: null }).specs.keys()]).toEqual(['type']);
  });
});
