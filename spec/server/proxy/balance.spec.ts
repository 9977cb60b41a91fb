import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { type Candidate, choose } from '../../../lib/server/proxy/balance.ts';

const idle = (inFlight = 0, restsUntil = 0): Candidate => ({ inFlight, restsUntil });

const candidates = fc.array(fc.record({ inFlight: fc.nat(5), restsUntil: fc.nat(10) }), { minLength: 1, maxLength: 8 });
const balances = fc.constantFrom('round-robin', 'least-in-flight');

describe('choosing a target', () => {
  test('takes turns', () => {
    const three = [idle(), idle(), idle()];
    expect([0, 1, 2, 3].map((turn) => choose(three, 'round-robin', [], turn, 0)?.index)).toEqual([0, 1, 2, 0]);
  });

  test('by what is in flight takes the one with least, in turn among equals', () => {
    expect(choose([idle(3), idle(1), idle(2)], 'least-in-flight', [], 0, 0)?.index).toBe(1);
    expect(choose([idle(1), idle(1), idle(2)], 'least-in-flight', [], 1, 0)?.index).toBe(1);
  });

  test('never takes one that was tried, nor one that rests while another does not', () => {
    fc.assert(
      fc.property(candidates, balances, fc.array(fc.nat(7)), fc.nat(20), (all, balance, tried, turn) => {
        const now = 5;
        const choice = choose(all, balance, tried, turn, now);
        const open = all.flatMap((candidate, index) => (tried.includes(index) ? [] : [{ ...candidate, index }]));
        expect(choice === undefined).toBe(open.length === 0);
        if (choice === undefined) return;
        const chosen = open.find(({ index }) => index === choice.index);
        const awake = open.filter(({ restsUntil }) => restsUntil <= now);
        expect(chosen).toBeDefined();
        expect(choice.isLastResort).toBe(awake.length === 0);
        if (awake.length > 0) expect(chosen?.restsUntil).toBeLessThanOrEqual(now);
        else expect(chosen?.restsUntil).toBe(Math.min(...open.map(({ restsUntil }) => restsUntil)));
        if (awake.length > 0 && balance === 'least-in-flight') {
          expect(chosen?.inFlight).toBe(Math.min(...awake.map(({ inFlight }) => inFlight)));
        }
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
