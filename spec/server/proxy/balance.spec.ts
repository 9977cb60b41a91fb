import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { type Candidate, choose, creditsAfter, type Order } from '../../../lib/server/proxy/balance.ts';
import { hashText, score } from '../../../lib/server/proxy/rendezvous.ts';

const idle = (inFlight = 0, restsUntil = 0, weight = 1): Candidate => ({
  inFlight,
  restsUntil,
  weight,
  credit: 0,
  place: 0,
});

const candidate = fc.record({
  inFlight: fc.nat(5),
  restsUntil: fc.nat(10),
  weight: fc.integer({ min: 1, max: 9 }),
  credit: fc.integer({ min: -20, max: 20 }),
  place: fc.nat(),
});
const candidates = fc.array(candidate, { minLength: 1, maxLength: 8 });
const orders: fc.Arbitrary<Order> = fc.oneof(
  fc.constantFrom<Order>('round-robin', 'least-in-flight', 'weighted'),
  fc.record({ key: fc.nat() }),
);

/** Who is chosen, time after time, when they take turns by weight. */
const byWeight = (weights: readonly number[], picks: number): readonly number[] => {
  let all: readonly Candidate[] = weights.map((weight) => idle(0, 0, weight));
  let turn = 0;
  return Array.from({ length: picks }, () => {
    const { index = -1 } = choose(all, 'weighted', [], turn, 0) ?? {};
    const credits = creditsAfter(all, index, [], 0);
    all = all.map((one, at) => ({ ...one, credit: credits[at] ?? 0 }));
    turn = (index + 1) % all.length;
    return index;
  });
};

describe('choosing a target', () => {
  test('takes turns', () => {
    const three = [idle(), idle(), idle()];
    expect([0, 1, 2, 3].map((turn) => choose(three, 'round-robin', [], turn, 0)?.index)).toEqual([0, 1, 2, 0]);
  });

  test('by what is in flight takes the one with least, in turn among equals', () => {
    expect(choose([idle(3), idle(1), idle(2)], 'least-in-flight', [], 0, 0)?.index).toBe(1);
    expect(choose([idle(1), idle(1), idle(2)], 'least-in-flight', [], 1, 0)?.index).toBe(1);
  });

  test('by what is in flight lets one of three times the weight have three times as much', () => {
    expect(choose([idle(0), idle(1, 0, 3)], 'least-in-flight', [], 0, 0)?.index).toBe(1);
    expect(choose([idle(0), idle(3, 0, 3)], 'least-in-flight', [], 0, 0)?.index).toBe(0);
  });

  test('never takes one that was tried, nor one that rests while another does not', () => {
    fc.assert(
      fc.property(candidates, orders, fc.array(fc.nat(7)), fc.nat(20), (all, order, tried, turn) => {
        const now = 5;
        const choice = choose(all, order, tried, turn, now);
        const open = all.flatMap((one, index) => (tried.includes(index) ? [] : [{ ...one, index }]));
        expect(choice === undefined).toBe(open.length === 0);
        if (choice === undefined) return;
        const chosen = open.find(({ index }) => index === choice.index);
        const awake = open.filter(({ restsUntil }) => restsUntil <= now);
        expect(chosen).toBeDefined();
        expect(choice.isLastResort).toBe(awake.length === 0);
        if (chosen === undefined) return;
        if (awake.length === 0) {
          expect(chosen.restsUntil).toBe(Math.min(...open.map(({ restsUntil }) => restsUntil)));
          return;
        }
        expect(chosen.restsUntil).toBeLessThanOrEqual(now);
        const most = (of: (one: Candidate) => number): void => {
          expect(of(chosen)).toBe(Math.max(...awake.map(of)));
        };
        if (order === 'least-in-flight') most(({ inFlight, weight }) => -(inFlight + 1) / weight);
        if (order === 'weighted') most(({ credit, weight }) => credit + weight);
        if (typeof order === 'object') most(({ place, weight }) => score(order.key, place, weight));
      }),
    );
  });

  test('in turn gives everybody the same share', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 8 }), fc.integer({ min: 1, max: 20 }), (count, rounds) => {
        const all = Array.from({ length: count }, () => idle());
        const shares = new Array<number>(count).fill(0);
        let turn = 0;
        for (let request = 0; request < count * rounds; request += 1) {
          const { index = 0 } = choose(all, 'round-robin', [], turn, 0) ?? {};
          shares[index] = (shares[index] ?? 0) + 1;
          turn = (index + 1) % count;
        }
        expect(new Set(shares)).toEqual(new Set([rounds]));
      }),
    );
  });
});

describe('taking turns by weight', () => {
  test('spreads the turns of the heavy among those of the light', () => {
    expect(byWeight([5, 1, 1], 7)).toEqual([0, 0, 1, 0, 2, 0, 0]);
  });

  test('gives everybody as many as it weighs in each round, and is never more than a turn of each other away from that', () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 1, max: 20 }), { minLength: 1, maxLength: 6 }), (weights) => {
        const total = weights.reduce((sum, weight) => sum + weight, 0);
        const picks = byWeight(weights, total * 2);
        for (const [index, weight] of weights.entries()) {
          let had = 0;
          for (const [at, pick] of picks.entries()) {
            if (pick === index) had += 1;
            expect(Math.abs(had - ((at + 1) * weight) / total)).toBeLessThan(weights.length);
          }
          expect(had).toBe(weight * 2);
        }
      }),
    );
  });

  test('owes nothing to those that could not be chosen', () => {
    fc.assert(
      fc.property(candidates, fc.array(fc.nat(7)), (all, tried) => {
        const now = 5;
        const choice = choose(all, 'weighted', tried, 0, now);
        if (choice === undefined || choice.isLastResort) return;
        const credits = creditsAfter(all, choice.index, tried, now);
        const sum = (values: readonly number[]): number => values.reduce((one, other) => one + other, 0);
        expect(sum(credits)).toBe(sum(all.map(({ credit }) => credit)));
        for (const [index, { credit, restsUntil }] of all.entries()) {
          if (tried.includes(index) || restsUntil > now) expect(credits[index]).toBe(credit);
        }
      }),
    );
  });
});

describe('a target for each key', () => {
  const places = fc.uniqueArray(fc.webUrl(), { minLength: 2, maxLength: 8 });
  const at = (names: readonly string[]): readonly Candidate[] =>
    names.map((name) => ({ ...idle(), place: hashText(name) }));

  test('is the same one whoever else is there, as long as it is there', () => {
    fc.assert(
      fc.property(places, fc.string(), fc.nat(7), fc.nat(7), (names, text, leaving, turn) => {
        const order = { key: hashText(text) };
        const before = names[choose(at(names), order, [], 0, 0)?.index ?? -1];
        const gone = names[leaving % names.length];
        const left = names.filter((name) => name !== gone).toReversed();
        const after = left[choose(at(left), order, [], turn, 0)?.index ?? -1];
        if (before !== gone) expect(after).toBe(before);
      }),
    );
  });

  test('is another one while that rests, the same for everybody who asks', () => {
    fc.assert(
      fc.property(places, fc.string(), (names, text) => {
        const order = { key: hashText(text) };
        const all = at(names);
        const home = choose(all, order, [], 0, 0)?.index ?? -1;
        const resting = all.map((one, index) => (index === home ? { ...one, restsUntil: 10 } : one));
        const other = choose(resting, order, [], 3, 5)?.index;
        expect(other).not.toBe(home);
        expect(other).toBe(choose(all, order, [home], 0, 5)?.index);
      }),
    );
  });
});
