import fc from 'fast-check';
import { expect, test } from 'vitest';
import { type Share, Tally } from '../../lib/workers/tally.ts';

test('what a process counted last stays after its end', () => {
  const tally = new Tally();
  const first = tally.begin();
  first.count({ requests: 3 });
  first.count({ requests: 5 });
  first.end();
  tally.begin().count({ requests: 2 });
  expect(tally.total('requests')).toBe(7);
  expect(tally.read()).toEqual({ requests: 7 });
});

test('what comes after the end of a process is not counted', () => {
  const tally = new Tally();
  const share = tally.begin();
  share.count({ requests: 5 });
  share.end();
  share.count({ requests: 9 });
  share.end();
  expect(tally.total('requests')).toBe(5);
});

test('a counter that is lower than before began anew', () => {
  const tally = new Tally();
  const share = tally.begin();
  for (const requests of [5, 2, 4]) share.count({ requests });
  expect(tally.total('requests')).toBe(9);
});

test('a counter that is not told any more keeps what it had', () => {
  const tally = new Tally();
  const share = tally.begin();
  share.count({ a: 1, b: 2 });
  share.count({ a: 4 });
  share.count({ a: 4, b: 3 });
  expect(tally.read()).toEqual({ a: 4, b: 3 });
});

test('what is no count is passed over', () => {
  const tally = new Tally();
  const share = tally.begin();
  for (const a of [2, Number.NaN, -1, Number.POSITIVE_INFINITY, 3]) share.count({ a });
  expect(tally.read()).toEqual({ a: 3 });
});

test('two that live at once are summed', () => {
  const tally = new Tally();
  const [old, young] = [tally.begin(), tally.begin()];
  old.count({ requests: 10 });
  young.count({ requests: 1 });
  old.count({ requests: 11 });
  old.end();
  young.count({ requests: 4 });
  expect(tally.total('requests')).toBe(15);
});

/** One thing that happens to one of the processes. */
const step = fc.record({
  process: fc.nat(5),
  what: fc.constantFrom('count', 'count', 'count', 'end', 'restart'),
  by: fc.oneof(fc.nat(100), fc.double({ min: 0, max: 10, noNaN: true })),
});

test('no total ever falls, and whole numbers are exactly what all processes counted', () => {
  fc.assert(
    fc.property(fc.array(step, { maxLength: 80 }), (steps) => {
      const tally = new Tally();
      const live = new Map<number, { readonly share: Share; count: number }>();
      let counted = 0;
      let shown = 0;
      for (const { process, what, by } of steps) {
        const known = live.get(process) ?? { share: tally.begin(), count: 0 };
        live.set(process, known);
        if (what === 'end') {
          known.share.end();
          live.delete(process);
        } else {
          // One that begins anew must show it: from 0 to 0 or more there is nothing to see.
          if (what === 'restart' && known.count > by) known.count = 0;
          known.count += by;
          known.share.count({ n: known.count });
          counted += by;
        }
        expect(tally.total('n')).toBeGreaterThanOrEqual(shown);
        shown = tally.total('n');
      }
      expect(shown).toBeCloseTo(counted, 6);
    }),
  );
});

test('nothing that a process says makes a total fall', () => {
  const saying = fc.dictionary(fc.constantFrom('a', 'b', '__proto__'), fc.double());
  fc.assert(
    fc.property(fc.array(fc.tuple(fc.nat(3), saying)), (said) => {
      const tally = new Tally();
      const shares = [0, 1, 2, 3].map(() => tally.begin());
      let before = new Map<string, number>();
      for (const [process, counters] of said) {
        shares[process]?.count(counters);
        const now = new Map(Object.entries(tally.read()));
        for (const [name, value] of before) expect(now.get(name)).toBeGreaterThanOrEqual(value);
        before = now;
      }
    }),
  );
});
