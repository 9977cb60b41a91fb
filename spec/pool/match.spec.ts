import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { type Known, matchServers } from '../../lib/pool/match.ts';

const fixed = (listen: string, name?: string): Known => ({ listen, floating: false, name });
const floating = (name?: string, listen = '127.0.0.1:0'): Known => ({ listen, floating: true, name });

const match = (fresh: readonly Known[], present: readonly Known[]): readonly number[] => {
  const found = matchServers(
    fresh,
    (listen) => present.find((one) => one.listen === listen),
    present.filter((one) => one.floating),
  );
  return found.map((one) => (one === undefined ? -1 : present.indexOf(one)));
};

describe('servers of two lists are the same', () => {
  test('by their address, whatever they are called', () => {
    expect(match([fixed('b:1', 'x'), fixed('c:1')], [fixed('a:1'), fixed('b:1', 'y')])).toEqual([1, -1]);
  });

  test('by their name, where the port is left to the system, and on the same terms only', () => {
    const present = [floating('a'), floating('b'), floating('a', '127.0.0.1:1-9')];
    expect(match([floating('b'), floating('a'), floating('c'), floating('b')], present)).toEqual([1, 0, -1, -1]);
  });

  test('in order, where they have no names or equal ones', () => {
    expect(
      match(
        [floating(), floating('x'), floating(), floating('x')],
        [floating('x'), floating(), floating('x'), floating()],
      ),
    ).toEqual([1, 0, 3, 2]);
  });

  test('by the port that was found, for whoever names it first', () => {
    const present = [{ ...floating('a'), bound: 'h:41873' }];
    const find = (listen: string) => present.find(({ bound }) => bound === listen);
    const fresh = [floating('a'), fixed('h:41873'), fixed('h:41873')];
    expect(matchServers(fresh, find, present)).toEqual([undefined, present[0], undefined]);
  });
});

const known = fc.record({
  listen: fc.constantFrom('a:1', 'b:1', 'c:1'),
  floating: fc.boolean(),
  name: fc.constantFrom(undefined, 'x', 'y'),
});

test('nobody is found twice, and a list is found in itself', () => {
  const lists = fc.uniqueArray(known, { selector: (one) => (one.floating ? {} : one.listen) });
  fc.assert(
    fc.property(lists, fc.array(known), (present, fresh) => {
      const found = match(fresh, present).filter((index) => index >= 0);
      expect(new Set(found).size).toBe(found.length);
    }),
  );
  const floatsOnly = fc.array(known.map((one) => ({ ...one, floating: true })));
  fc.assert(
    fc.property(floatsOnly, (list) => {
      expect(match(list, list)).toEqual(list.map((_, index) => index));
    }),
  );
});
