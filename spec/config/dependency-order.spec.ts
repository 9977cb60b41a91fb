import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { dependencyLevels, inStartOrder, inStopOrder, surveyDependencies } from '../../lib/config/dependency-order.ts';

type Graph = ReadonlyMap<string, { readonly dependsOn: readonly string[] }>;

const graph = (record: Readonly<Record<string, readonly string[]>>): Graph =>
  new Map(Object.entries(record).map(([id, dependsOn]) => [id, { dependsOn }]));

const IDS = ['a', 'b', 'c', 'd', 'e', 'f', 'g', 'h'];

/** Any dependencies whatever, cycles and strangers included, in any order. */
const anyGraph: fc.Arbitrary<Graph> = fc
  .shuffledSubarray(IDS)
  .chain((ids) => fc.tuple(...ids.map((id) => fc.tuple(fc.constant(id), fc.shuffledSubarray([...IDS, 'stranger'])))))
  .map((entries) => graph(Object.fromEntries(entries)));

/** Dependencies on earlier letters only, in any order of the servers. */
const anyOrderly: fc.Arbitrary<Graph> = fc
  .shuffledSubarray(IDS)
  .chain((ids) =>
    fc.tuple(...ids.map((id) => fc.tuple(fc.constant(id), fc.shuffledSubarray(IDS.slice(0, IDS.indexOf(id)))))),
  )
  .map((entries) => graph(Object.fromEntries(entries)));

const self = (id: string): string => id;

describe('levels', () => {
  test('are one above the deepest dependency that is there', () => {
    const all = graph({ web: ['api', 'cache'], cache: [], api: ['database', 'cache'], database: ['elsewhere'] });
    expect(Object.fromEntries(dependencyLevels(all))).toEqual({ web: 2, cache: 0, api: 1, database: 0 });
  });

  test('are none where nobody depends on anybody', () => {
    expect(dependencyLevels(graph({ a: [], b: [] })).size).toBe(0);
  });

  test('put everybody above all they depend on, unless there are cycles', () => {
    fc.assert(
      fc.property(anyOrderly, (all) => {
        const { levels, cycles } = surveyDependencies(all);
        expect(cycles).toEqual([]);
        for (const [id, { dependsOn }] of all) {
          const below = dependsOn.flatMap((other) => levels.get(other) ?? []);
          expect(levels.get(id)).toBe(below.length === 0 ? 0 : 1 + Math.max(...below));
        }
      }),
    );
  });

  test('are there for everybody, whatever depends on what', () => {
    fc.assert(
      fc.property(anyGraph, (all) => {
        expect([...surveyDependencies(all).levels.keys()].toSorted()).toEqual([...all.keys()].toSorted());
      }),
    );
  });

  test('of a chain longer than any call stack are found', () => {
    const length = 100_000;
    const chain = new Map(
      Array.from({ length }, (_, index) => [`${index}`, { dependsOn: index + 1 < length ? [`${index + 1}`] : [] }]),
    );
    expect(surveyDependencies(chain).levels.get('0')).toBe(length - 1);
  });
});

describe('cycles', () => {
  test('are chains that lead back to where they began', () => {
    expect(surveyDependencies(graph({ a: ['b'], b: ['c'], c: ['a'], d: ['a'] })).cycles).toEqual([['a', 'b', 'c']]);
    expect(surveyDependencies(graph({ a: ['a'] })).cycles).toEqual([['a']]);
  });

  test('are real, and without those on them none is left', () => {
    fc.assert(
      fc.property(anyGraph, (all) => {
        const { cycles } = surveyDependencies(all);
        for (const cycle of cycles) {
          cycle.forEach((id, index) => {
            expect(all.get(id)?.dependsOn).toContain(cycle[(index + 1) % cycle.length]);
          });
        }
        const named = new Set(cycles.flat());
        const rest = new Map([...all].filter(([id]) => !named.has(id)));
        expect(surveyDependencies(rest).cycles).toEqual([]);
      }),
      { numRuns: 1_000 },
    );
  });
});

describe('orders', () => {
  test('keep equals as they are', () => {
    const all = graph({ z: [], web: ['api'], y: [], api: ['database'], database: [], x: [] });
    const levels = dependencyLevels(all);
    expect(inStartOrder([...all.keys()], levels, self)).toEqual(['z', 'y', 'database', 'x', 'api', 'web']);
    expect(inStopOrder([...all.keys()], levels, self)).toEqual(['web', 'api', 'z', 'y', 'database', 'x']);
  });

  test('start everybody after all they depend on, and stop them before', () => {
    fc.assert(
      fc.property(anyOrderly, (all) => {
        const ids = [...all.keys()];
        const levels = dependencyLevels(all);
        const started = inStartOrder(ids, levels, self);
        const stopped = inStopOrder(ids, levels, self);
        expect([...started].sort()).toEqual([...ids].sort());
        expect([...stopped].sort()).toEqual([...ids].sort());
        for (const [id, { dependsOn }] of all) {
          for (const other of dependsOn.filter((one) => all.has(one))) {
            expect(started.indexOf(other)).toBeLessThan(started.indexOf(id));
            expect(stopped.indexOf(other)).toBeGreaterThan(stopped.indexOf(id));
          }
        }
      }),
    );
  });
});
