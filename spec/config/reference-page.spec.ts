import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { toConfigSchema } from '../../docs/config-json-schema.ts';
import { limitDefaults, restartDefaults } from '../../lib/config/defaults.ts';
import { healthDefaults } from '../../lib/config/health-settings.ts';
import { parseConfigFile } from '../../lib/config/parse-file.ts';
import { issuesOf } from './reading.ts';

const page = readFileSync('docs/reference/server-config.md', 'utf8');

/** The cells of the rows below a heading, without the head of the table. */
const rowsOf = (title: string): readonly (readonly string[])[] => {
  const [, section = ''] = page.split(new RegExp(`^## ${title}$`, 'm'));
  const [own = ''] = section.split(/^## /m);
  return own
    .split('\n')
    .filter((line) => line.startsWith('| `'))
    .map((line) => line.split('|').map((cell) => cell.trim()));
};

const keysOf = (title: string): readonly string[] => rowsOf(title).map(([, key = '']) => key.replaceAll('`', ''));

/** The keys a record knows, as an issue about one it does not know names them. */
const known = (config: unknown, path: string): readonly string[] =>
  issuesOf(config)
    .find((issue) => issue.path === path)
    ?.expected.replace('one of ', '')
    .split(', ') ?? [];

describe('the reference page names every key', () => {
  test.each<[string, unknown, string]>([
    ['A server', { zzzzzz: 1 }, 'zzzzzz'],
    ['A route', { routes: [{ zzzzzz: 1 }] }, 'routes.0.zzzzzz'],
    ['A fixed answer', { routes: [{ respond: { zzzzzz: 1 } }] }, 'routes.0.respond.zzzzzz'],
    ['Restart', { restart: { zzzzzz: 1 } }, 'restart.zzzzzz'],
    ['Health', { health: { zzzzzz: 1 } }, 'health.zzzzzz'],
    ['An HTTP check', { health: { http: { zzzzzz: 1 } } }, 'health.http.zzzzzz'],
    ['A redirect', { routes: [{ redirect: { zzzzzz: 1 } }] }, 'routes.0.redirect.zzzzzz'],
    ['Files', { routes: [{ files: { zzzzzz: 1 } }] }, 'routes.0.files.zzzzzz'],
    ['TLS', { tls: { zzzzzz: 1 } }, 'tls.zzzzzz'],
    ['A certificate', { tls: { certificates: [{ zzzzzz: 1 }] } }, 'tls.certificates.0.zzzzzz'],
  ])('of: %s', (title, config, path) => {
    expect(keysOf(title).toSorted()).toEqual(known(config, path).toSorted());
  });

  test('of workers', () => {
    const { issues } = parseConfigFile({ servers: {}, workers: { zzzzzz: 1 } });
    const keys = issues[0]?.expected.replace('one of ', '').split(', ') ?? [];
    expect(keysOf('Workers').toSorted()).toEqual(keys.toSorted());
  });

  test('of a file', () => {
    expect(keysOf('A file').toSorted()).toEqual(Object.keys(toConfigSchema().properties ?? {}).toSorted());
  });
});

test.each([
  ['A server', limitDefaults],
  ['Restart', restartDefaults],
  ['Health', Object.fromEntries(Object.entries(healthDefaults).filter(([, value]) => typeof value === 'number'))],
])('the reference page has the defaults in force: %s', (title, defaults) => {
  const shown = new Map(rowsOf(title).map(([, key = '', , byDefault = '']) => [key.replaceAll('`', ''), byDefault]));
  for (const [key, value] of Object.entries(defaults)) {
    expect(Number.parseInt(shown.get(key)?.replaceAll(' ', '') ?? '', 10), key).toBe(value);
  }
});
