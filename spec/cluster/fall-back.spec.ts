import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { fallBack } from '../../lib/cluster/fall-back.ts';
import { diff } from '../../lib/cluster/plan.ts';
import { formatAddress, overlaps } from '../../lib/config/address.ts';
import { anyActual, anyDesired, byId, spec, standing, standings } from './fixtures/specs.ts';

const addressesOf = ({ desired }: ReturnType<typeof fallBack>) =>
  Object.fromEntries([...desired].map(([id, { address }]) => [id, formatAddress(address)]));

describe('a server that fails', () => {
  test('and runs keeps running as it is', () => {
    const before = spec('a', '127.0.0.1:1');
    const result = fallBack(byId([spec('a', '127.0.0.1:2')]), standings([standing(before)]), ['a']);
    expect(result.desired.get('a')).toBe(before);
    expect([...result.behind]).toEqual(['a']);
  });

  test('and does not run is left out', () => {
    const down = standing(spec('a', '127.0.0.1:1'), undefined, false);
    for (const actual of [standings([]), standings([down])]) {
      const result = fallBack(byId([spec('a', '127.0.0.1:2'), spec('b', '127.0.0.1:3')]), actual, ['a']);
      expect(addressesOf(result)).toEqual({ b: '127.0.0.1:3' });
    }
  });

  test('and was to be removed from the config because it is not valid keeps running', () => {
    const before = spec('a', '127.0.0.1:1');
    const result = fallBack(byId([]), standings([standing(before)]), ['a']);
    expect(result.desired.get('a')).toBe(before);
  });

  test('draws those back with it who wanted its address, and those who wanted theirs', () => {
    const actual = standings([
      standing(spec('a', '127.0.0.1:1')),
      standing(spec('b', '127.0.0.1:2')),
      standing(spec('c', '127.0.0.1:3')),
      standing(spec('d', '127.0.0.1:4')),
    ]);
    const desired = byId([
      spec('a', '127.0.0.1:9'),
      spec('b', '127.0.0.1:1'),
      spec('c', '0.0.0.0:2'),
      spec('d', '127.0.0.1:5'),
    ]);
    const result = fallBack(desired, actual, ['a']);
    expect([...result.behind].sort()).toEqual(['a', 'b', 'c']);
    expect(addressesOf(result)).toEqual({
      a: '127.0.0.1:1',
      b: '127.0.0.1:2',
      c: '127.0.0.1:3',
      d: '127.0.0.1:5',
    });
  });

  test('draws a new server back that wanted its address', () => {
    const actual = standings([standing(spec('a', '127.0.0.1:1'))]);
    const desired = byId([spec('a', '127.0.0.1:2'), spec('new', '127.0.0.1:1')]);
    const result = fallBack(desired, actual, ['a']);
    expect(addressesOf(result)).toEqual({ a: '127.0.0.1:1' });
    expect([...result.behind].sort()).toEqual(['a', 'new']);
  });

  test('draws nobody back who exchanges addresses with others', () => {
    const actual = standings([standing(spec('a', '127.0.0.1:1')), standing(spec('b', '127.0.0.1:2'))]);
    const desired = byId([spec('a', '127.0.0.1:2'), spec('b', '127.0.0.1:1'), spec('c', '127.0.0.1:3')]);
    const result = fallBack(desired, actual, ['c']);
    expect([...result.behind]).toEqual(['c']);
    expect(addressesOf(result)).toEqual({ a: '127.0.0.1:2', b: '127.0.0.1:1' });
  });

  test('on a free port keeps the real one, so whoever wants its number is drawn back', () => {
    const actual = standings([standing(spec('a', '127.0.0.1:0'), '127.0.0.1:7')]);
    const desired = byId([spec('a', '127.0.0.1:8'), spec('b', '127.0.0.1:7')]);
    expect([...fallBack(desired, actual, ['a']).behind].sort()).toEqual(['a', 'b']);
  });
});

test('without a failure nothing is taken back', () => {
  const desired = byId([spec('a', '127.0.0.1:1')]);
  const result = fallBack(desired, standings([]), []);
  expect(result.desired).toEqual(desired);
  expect(result.behind.size).toBe(0);
});

const anyFailure = anyActual.chain((actual) =>
  fc.record({
    actual: fc.constant(actual),
    desired: anyDesired(actual),
    failed: fc.subarray(['a', 'b', 'c', 'd', 'e']),
  }),
);

test('whatever fails: who runs and stays behind keeps its spec, who does not is left out, the rest goes ahead', () => {
  fc.assert(
    fc.property(anyFailure, ({ actual, desired, failed }) => {
      const result = fallBack(desired, actual, failed);
      for (const id of failed) expect(result.behind).toContain(id);
      for (const id of result.behind) {
        const there = actual.get(id);
        if (there?.up === true) expect(result.desired.get(id)).toBe(there.spec);
        else expect(result.desired.has(id)).toBe(false);
      }
      for (const [id, one] of desired) if (!result.behind.has(id)) expect(result.desired.get(id)).toBe(one);
      for (const id of result.desired.keys()) expect(desired.has(id) || result.behind.has(id)).toBe(true);
    }),
    { numRuns: 1_000 },
  );
});

test('whatever fails, nobody is left who wants an address that somebody else keeps', () => {
  fc.assert(
    fc.property(anyFailure, ({ actual, desired, failed }) => {
      const result = fallBack(desired, actual, failed);
      const where = [...result.desired].map(([id, one]) => {
        const address = result.behind.has(id) ? (actual.get(id)?.address ?? one.address) : one.address;
        return { id, address };
      });
      const rivals = where.flatMap((one, index) =>
        where
          .slice(index + 1)
          .filter((other) => overlaps(one.address, other.address))
          .map((other) => `${one.id} ${other.id}`),
      );
      expect(rivals).toEqual([]);
    }),
    { numRuns: 1_000 },
  );
});

test('whatever fails, no server is started, changed or stopped that stays behind', () => {
  fc.assert(
    fc.property(anyFailure, ({ actual, desired, failed }) => {
      const result = fallBack(desired, actual, failed);
      const known = new Map([...actual].filter(([id]) => !result.behind.has(id) || result.desired.has(id)));
      const { steps } = diff(known, result.desired, 'hot-swap');
      for (const { server } of steps) expect(result.behind).not.toContain(server);
    }),
    { numRuns: 1_000 },
  );
});
