import { expect, test } from 'vitest';
import { DependencyError } from '../../lib/cluster/errors.ts';
import { toRefusal } from '../../lib/cluster/outcome.ts';
import { strandedBy } from '../../lib/cluster/stranded.ts';
import type { ServerSpec } from '../../lib/config/server-spec.ts';
import { byId, spec, standing, standings } from './fixtures/specs.ts';

const on = (id: string, ...dependsOn: readonly string[]): ServerSpec => ({ ...spec(id), dependsOn });

const cause = new Error('no room');
const database = toRefusal('database', cause);

/** Who is stranded, and because of whom. */
const stranded = (...given: Parameters<typeof strandedBy>): readonly string[] =>
  strandedBy(...given).map(({ server, cause }) =>
    cause instanceof DependencyError && cause.server === server ? `${server} by ${cause.dependency}` : 'something else',
  );

test('starts are stranded one after the other, each by what it depends on', () => {
  const desired = byId([on('web', 'api'), on('api', 'cache', 'database'), spec('cache'), on('other', 'cache')]);
  expect(stranded(desired, standings([]), [database])).toEqual(['api by database', 'web by api']);
  const [first] = strandedBy(desired, standings([]), [database]);
  expect(first).toMatchObject({ issues: [] });
  expect(first?.cause.cause).toBe(cause);
});

test('a server that runs is not, and nobody because of it', () => {
  const api = on('api', 'database');
  const desired = byId([api, on('web', 'api')]);
  expect(stranded(desired, standings([standing(api)]), [database])).toEqual([]);
  expect(stranded(desired, standings([standing(api, undefined, false)]), [database])).toEqual([
    'api by database',
    'web by api',
  ]);
});

test('a dependency whose last good version runs strands nobody', () => {
  const before = spec('database');
  const desired = byId([on('api', 'database'), before]);
  expect(stranded(desired, standings([standing(before)]), [database])).toEqual([]);
});

test('servers that depend on each other are stranded once', () => {
  const desired = byId([on('a', 'b', 'database'), on('b', 'a')]);
  expect(stranded(desired, standings([]), [database])).toEqual(['a by database', 'b by a']);
});
