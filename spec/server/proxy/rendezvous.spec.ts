import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { hashText, score } from '../../../lib/server/proxy/rendezvous.ts';

const KEYS = 20_000;

/** How many of so many keys each place has. */
const sharesOf = (places: readonly string[], weights: readonly number[]): readonly number[] => {
  const shares = places.map(() => 0);
  for (let key = 0; key < KEYS; key += 1) {
    const scores = places.map((place, at) => score(hashText(`user-${key}`), hashText(place), weights[at] ?? 1));
    const winner = scores.indexOf(Math.max(...scores));
    shares[winner] = (shares[winner] ?? 0) + 1;
  }
  return shares.map((share) => share / KEYS);
};

const places = ['http://127.0.0.1:3001', 'http://127.0.0.1:3002', 'http://127.0.0.1:3003', 'http://127.0.0.1:3004'];

describe('keys and places', () => {
  test('have a score above nothing, the higher the weight', () => {
    fc.assert(
      fc.property(fc.nat(0xffffffff), fc.nat(0xffffffff), fc.integer({ min: 1, max: 1_000 }), (key, place, weight) => {
        const one = score(key, place, weight);
        expect(one).toBeGreaterThan(0);
        expect(Number.isFinite(one)).toBe(true);
        expect(score(key, place, weight + 1)).toBeGreaterThan(one);
      }),
    );
  });

  test('places that weigh the same have the same share of keys', () => {
    for (const share of sharesOf(places, [1, 1, 1, 1])) expect(Math.abs(share - 0.25)).toBeLessThan(0.015);
  });

  test('one that weighs three times as much has three times as many', () => {
    const [first = 0, ...others] = sharesOf(places, [3, 1, 1, 1]);
    expect(Math.abs(first - 0.5)).toBeLessThan(0.015);
    for (const share of others) expect(Math.abs(share - 1 / 6)).toBeLessThan(0.015);
  });

  test('stay together from one release to the next', () => {
    const homes = ['ada', 'grace', 'edsger', 'barbara'].map((key) => {
      const scores = places.map((place) => score(hashText(key), hashText(place), 1));
      return scores.indexOf(Math.max(...scores));
    });
    expect(homes).toMatchInlineSnapshot(`
      [
        1,
        0,
        3,
        0,
      ]
    `);
  });
});
