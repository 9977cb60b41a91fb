import { expect, test } from 'vitest';
import { newcomersOf, ROUND } from '../../lib/cluster/newcomers.ts';
import { diff } from '../../lib/cluster/plan.ts';
import type { ServerSpec } from '../../lib/config/server-spec.ts';
import { byId, spec, standing, standings } from './fixtures/specs.ts';

const many = (count: number) => Array.from({ length: count }, (_, index) => spec(`s${index}`));

const depending = (id: string, ...dependsOn: readonly string[]): ServerSpec => ({ ...spec(id), dependsOn });

/** The newcomers among the steps from what runs to what should run, by id. */
const newcomers = (desired: readonly ServerSpec[], there: readonly ServerSpec[] = []): readonly string[] => {
  const actual = standings(there.map((one) => standing(one, '127.0.0.1:1')));
  const { steps } = diff(actual, byId(desired), 'hot-swap');
  return newcomersOf(steps, (id) => actual.has(id)).map(({ server }) => server);
};

test('few servers are put in force in one turn', () => {
  expect(newcomers(many(ROUND))).toEqual([]);
});

test('many new ones are put in force later, in the order of the steps', () => {
  expect(newcomers(many(ROUND + 1))).toEqual(many(ROUND + 1).map(({ id }) => id));
  expect(newcomers([depending('first', 's9'), ...many(ROUND)]).at(-1)).toBe('first');
});

test('but not those that a server depends on which is put in force at once, however far', () => {
  const needed = [depending('cache', 'disk'), spec('disk'), spec('unneeded')];
  const found = newcomers([depending('api', 'cache'), ...many(ROUND), ...needed], [spec('api')]);
  expect(found).not.toContain('cache');
  expect(found).not.toContain('disk');
  expect(found).toContain('unneeded');
  expect(found).toHaveLength(ROUND + 1);
});
