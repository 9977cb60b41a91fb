import fc from 'fast-check';
import { expect, test } from 'vitest';
import { type Contributor, MergedTotals } from '../../lib/metrics/merged-totals.ts';
import type { SeriesFamily, SeriesSample } from '../../lib/metrics/series.ts';

const counter = (values: Readonly<Record<string, number>>, name = 'jobs_total'): SeriesFamily => ({
  name,
  help: 'Jobs.',
  type: 'counter',
  samples: Object.entries(values).map(([labels, value]) => ['', labels, '', value]),
});

/** Values by labels, and by what follows the name and the bound where there are such. */
const shown = (totals: MergedTotals, name = 'jobs_total'): Readonly<Record<string, number | string>> =>
  Object.fromEntries(
    (totals.read().find((family) => family.name === name)?.samples ?? []).map(([suffix, labels, bound, value]) => [
      `${suffix}${labels}${bound}`,
      value,
    ]),
  );

test('counters are summed by their labels', () => {
  const totals = new MergedTotals();
  totals.count(totals.begin(), [counter({ 'q="a"': 1, 'q="b"': 2 })]);
  totals.count(totals.begin(), [counter({ 'q="b"': 3 })]);
  expect(shown(totals)).toEqual({ 'q="a"': 1, 'q="b"': 5 });
});

test('what a process counted last stays after its end, and is counted once', () => {
  const totals = new MergedTotals();
  const [first, second] = [totals.begin(), totals.begin()];
  totals.count(first, [counter({ a: 5 })]);
  totals.count(second, [counter({ a: 1 })]);
  totals.end(first);
  totals.end(first);
  expect(shown(totals)).toEqual({ a: 6 });
  totals.count(second, [counter({ a: 2 })]);
  expect(shown(totals)).toEqual({ a: 7 });
});

test('a counter that began anew goes on from where the sum was', () => {
  const totals = new MergedTotals();
  const process = totals.begin();
  for (const a of [5, 2, 3]) totals.count(process, [counter({ a })]);
  expect(shown(totals)).toEqual({ a: 8 });
});

test('a series goes when one that lives takes it away and nobody else who lives has it', () => {
  const totals = new MergedTotals();
  const [first, second] = [totals.begin(), totals.begin()];
  totals.count(first, [counter({ a: 1, b: 1 })]);
  totals.count(second, [counter({ a: 1, b: 1 })]);
  totals.count(first, [counter({ a: 1 })]);
  expect(shown(totals)).toEqual({ a: 2, b: 2 });
  totals.count(second, [counter({ a: 1 })]);
  expect(shown(totals)).toEqual({ a: 2 });
  totals.count(first, []);
  totals.count(second, []);
  expect(shown(totals)).toEqual({});
});

test('a series of one that died stays, though nobody who lives has it yet', () => {
  const totals = new MergedTotals();
  const [first, second] = [totals.begin(), totals.begin()];
  totals.count(first, [counter({ a: 4 })]);
  totals.count(second, [counter({})]);
  totals.end(first);
  expect(shown(totals)).toEqual({ a: 4 });
  totals.count(second, [counter({ a: 1 })]);
  expect(shown(totals)).toEqual({ a: 5 });
});

test('of two things with one name the first is shown, until it is gone', () => {
  const totals = new MergedTotals();
  const [first, second] = [totals.begin(), totals.begin()];
  totals.count(first, [counter({ a: 1 })]);
  totals.count(second, [{ ...counter({ b: 1 }), type: 'histogram' }]);
  expect(totals.read()).toMatchObject([{ type: 'counter', samples: [['', 'a', '', 1]] }]);
  totals.count(first, []);
  totals.count(second, [{ ...counter({ b: 1 }), type: 'histogram' }]);
  expect(totals.read()).toMatchObject([{ type: 'histogram', samples: [['', 'b', '', 1]] }]);
});

test('what is no count is passed over', () => {
  const totals = new MergedTotals();
  const process = totals.begin();
  const odd: SeriesSample[] = [
    ['', 'a', '', 'NaN'],
    ['', 'b', '', -1],
    ['', 'c', '', '+Inf'],
    ['', 'd', '', 1],
  ];
  totals.count(process, [{ ...counter({}), samples: odd }]);
  expect(shown(totals)).toEqual({ d: 1 });
});

test('what is kept of those that are gone is bounded', () => {
  const totals = new MergedTotals();
  for (let process = 0; process < 30; process += 1) {
    const one = totals.begin();
    totals.count(one, [counter(Object.fromEntries(Array.from({ length: 1_000 }, (_, n) => [`p${process}n${n}`, 1])))]);
    totals.end(one);
  }
  const series = Object.keys(shown(totals));
  expect(series).toHaveLength(20_000);
  expect(series).toContain('p29n999');
  expect(series).not.toContain('p0n0');
});

const BOUNDS = [1, 5] as const;

/** A histogram of observations, as a process would expose it. */
const histogram = (byLabels: ReadonlyMap<string, readonly number[]>): SeriesFamily => ({
  name: 'took',
  help: 'Took.',
  type: 'histogram',
  samples: [...byLabels].flatMap(([labels, observed]): readonly SeriesSample[] => [
    ...BOUNDS.map(
      (bound) => ['_bucket', labels, String(bound), observed.filter((value) => value <= bound).length] as const,
    ),
    ['_bucket', labels, '+Inf', observed.length],
    ['_sum', labels, '', observed.reduce((sum, value) => sum + value, 0)],
    ['_count', labels, '', observed.length],
  ]),
});

test('a histogram that began anew does so in all its buckets', () => {
  const totals = new MergedTotals();
  const process = totals.begin();
  totals.count(process, [histogram(new Map([['', [0, 0, 9]]]))]);
  // Not fewer observations than before, but fewer in the first bucket.
  totals.count(process, [histogram(new Map([['', [9, 9, 9]]]))]);
  expect(shown(totals, 'took')).toEqual({ _bucket1: 2, _bucket5: 2, '_bucket+Inf': 6, _sum: 36, _count: 6 });
});

const happening = fc.record({
  process: fc.nat(3),
  what: fc.constantFrom('observe', 'observe', 'observe', 'report', 'report', 'die', 'reset'),
  labels: fc.constantFrom('op="a"', 'op="b"'),
  value: fc.nat(9),
});

test('whatever processes do, no count falls, and buckets are what histograms are made of', () => {
  fc.assert(
    fc.property(fc.array(happening, { maxLength: 80 }), (happenings) => {
      const totals = new MergedTotals();
      const processes = new Map<number, { contributor: Contributor; observed: Map<string, readonly number[]> }>();
      let before: Readonly<Record<string, number | string>> = {};
      for (const { process, what, labels, value } of happenings) {
        const one = processes.get(process) ?? { contributor: totals.begin(), observed: new Map() };
        processes.set(process, one);
        if (what === 'observe') one.observed.set(labels, [...(one.observed.get(labels) ?? []), value]);
        else if (what === 'reset') for (const key of one.observed.keys()) one.observed.set(key, []);
        else if (what === 'report') totals.count(one.contributor, [histogram(one.observed)]);
        else {
          totals.end(one.contributor);
          processes.delete(process);
        }
        const now = shown(totals, 'took');
        for (const [series, count] of Object.entries(before)) {
          expect(now[series], series).toBeGreaterThanOrEqual(Number(count));
        }
        for (const group of ['op="a"', 'op="b"']) {
          const counts = [...BOUNDS, '+Inf'].map((bound) => Number(now[`_bucket${group}${bound}`] ?? 0));
          expect(counts.toSorted((a, b) => a - b)).toEqual(counts);
          expect(Number(now[`_count${group}`] ?? 0)).toBe(counts.at(-1));
        }
        before = now;
      }
    }),
  );
});

test('without resets the sum is exactly what all processes reported last', () => {
  fc.assert(
    fc.property(fc.array(fc.tuple(fc.nat(3), fc.nat(9), fc.boolean()), { maxLength: 60 }), (steps) => {
      const totals = new MergedTotals();
      const live = new Map<number, { contributor: Contributor; count: number }>();
      let all = 0;
      for (const [process, by, dies] of steps) {
        const one = live.get(process) ?? { contributor: totals.begin(), count: 0 };
        live.set(process, one);
        one.count += by;
        all += by;
        totals.count(one.contributor, [counter({ a: one.count })]);
        if (!dies) continue;
        totals.end(one.contributor);
        live.delete(process);
      }
      expect(shown(totals).a ?? 0).toBe(all);
    }),
  );
});
