import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { isAnyPort, overlaps, parseAddress } from '../../lib/config/address.ts';
import { describeIssue } from '../../lib/config/errors.ts';
import { issuesAmong, type Listed } from '../../lib/pool/list-rules.ts';

const entry = (label: string, listen: string, more: Partial<Listed> = {}): Listed => {
  const read = parseAddress(listen);
  return { label, name: label, address: read.ok ? read.address : undefined, disabled: false, dependsOn: [], ...more };
};

const said = (...entries: readonly Listed[]): readonly string[] =>
  [...issuesAmong(entries).values()].flat().map(describeIssue);

describe('addresses', () => {
  test('are wanted once, whatever their spelling, and the first one has it', () => {
    expect(said(entry('a', '127.0.0.1:80'), entry('b', '127.0.0.1:80'), entry('c', '127.0.0.1:80'))).toEqual([
      "b.listen: is the address of 'a' already",
      "c.listen: is the address of 'a' already",
    ]);
    expect(said(entry('a', '[::1]:80'), entry('b', '[0:0::1]:80'))).toEqual([
      "b.listen: is the address of 'a' already",
    ]);
  });

  test('do not overlap', () => {
    expect(said(entry('a', ':80'), entry('b', '127.0.0.1:80'), entry('c', '127.0.0.1:81'))).toEqual([
      "b.listen: overlaps with 'a' (:80)",
    ]);
    expect(said(entry('a', '127.0.0.1:80'), entry('b', '127.0.0.2:80'), entry('c', ':80'))).toEqual([
      "c.listen: overlaps with 'a' (127.0.0.1:80) and 1 more",
    ]);
  });

  test('of servers that are disabled are in nobody’s way, but tell them apart', () => {
    const disabled = { disabled: true };
    expect(said(entry('a', ':80', disabled), entry('b', '127.0.0.1:80'), entry('c', '[::]:80', disabled))).toEqual([]);
    expect(said(entry('a', ':80', disabled), entry('b', ':80'))).toEqual(["b.listen: is the address of 'a' already"]);
  });

  test('whose port the system chooses are as many as anybody likes', () => {
    expect(said(entry('a', '127.0.0.1:0'), entry('b', '127.0.0.1:0'), entry('c', '127.0.0.1:8000-8010'))).toEqual([]);
  });

  test('are compared with those that stay, pair by pair', () => {
    const listen = fc
      .tuple(fc.constantFrom('', '0.0.0.0', '127.0.0.1', '[::1]', 'localhost', '127.0.0.2'), fc.constantFrom(0, 80, 81))
      .map(([host, port]) => `${host}:${port}`);
    fc.assert(
      fc.property(fc.array(listen, { maxLength: 10 }), (listens) => {
        const entries = listens.map((at, index) => entry(`s${index}`, at));
        const found = issuesAmong(entries);
        const kept = entries.filter((one) => !found.has(one)).flatMap(({ address }) => address ?? []);
        const inTheWay = (one: Listed): boolean =>
          kept.some((other) => one.address !== undefined && other !== one.address && overlaps(one.address, other));
        for (const one of entries) {
          expect(inTheWay(one)).toBe(found.has(one));
          if (one.address !== undefined && isAnyPort(one.address)) expect(found.has(one)).toBe(false);
        }
      }),
      { numRuns: 300 },
    );
  });
});

test('names are given once; none is not a name', () => {
  const nameless = { name: undefined };
  expect(
    said(
      entry('api', ':80'),
      entry('#1', ':81', { name: 'api' }),
      entry('#2', ':82', nameless),
      entry('#3', ':83', nameless),
    ),
  ).toEqual(['#1.name: is the name of the server at :80 already']);
  expect(said(entry('api', 'nonsense'), entry('#1', ':81', { name: 'api' }))).toEqual([
    '#1.name: is the name of an earlier server already',
  ]);
});

describe('dependencies', () => {
  const on = (...dependsOn: readonly string[]): Partial<Listed> => ({ dependsOn });

  test('are other servers, by name or by any spelling of their address', () => {
    expect(said(entry('a', '[::1]:80'), entry('b', ':81', on('a', '[0:0::1]:80')))).toEqual([]);
    expect(said(entry('database', ':80'), entry('b', ':81', on('databse', ':82', ':81')))).toEqual([
      'b.dependsOn: there is no such server',
      'b.dependsOn: there is no such server',
      'b.dependsOn: a server cannot depend on itself',
    ]);
    const [issue] = [...issuesAmong([entry('database', ':80'), entry('b', ':81', on('databse'))]).values()].flat();
    expect(issue?.hint).toBe("did you mean 'database'?");
  });

  test('lead nowhere back', () => {
    expect(said(entry('a', ':80', on('b')), entry('b', ':81', on('c')), entry('c', ':82', on('a')))).toEqual([
      'c.dependsOn: depends on itself: c → a → b → c',
    ]);
  });

  test('of a thousand servers in a row are read in a moment', () => {
    const chain = Array.from({ length: 1_000 }, (_, index) => entry(`s${index}`, `:${index + 1}`, on(`s${index + 1}`)));
    expect(said(...chain)).toEqual(['s999.dependsOn: there is no such server']);
  });
});
