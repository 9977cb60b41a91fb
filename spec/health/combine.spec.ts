import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  type CombineMode,
  combineHealth,
  combineStatuses,
  type HealthGroup,
  httpStatusOf,
} from '../../lib/health/combine.ts';
import type { HealthStatus } from '../../lib/health/health.ts';

const letters = { o: 'ok', w: 'warn', d: 'down' } as const;
const statusesOf = (text: string): readonly HealthStatus[] =>
  [...text].map((letter) => letters[letter === 'o' || letter === 'w' ? letter : 'd']);

test('a mode that there is not is refused: what nobody understands must not say that all is well', () => {
  const groups: readonly HealthGroup[] = JSON.parse('[{ "mode": "most", "servers": ["a"] }]');
  const refusal = expect.objectContaining({ code: 'ERR_OPTIONS', option: 'mode' });
  expect(() => combineHealth(groups, () => 'ok')).toThrow(refusal);
});

describe('the table of groups', () => {
  // `o` is ok, `w` warn, `d` down.
  const rows: readonly (readonly [
    statuses: string,
    must: HealthStatus,
    should: HealthStatus,
    any: HealthStatus,
    quorum: HealthStatus,
  ])[] = [
    ['', 'ok', 'ok', 'down', 'down'],
    ['o', 'ok', 'ok', 'ok', 'ok'],
    ['w', 'warn', 'warn', 'warn', 'warn'],
    ['d', 'down', 'warn', 'down', 'down'],
    ['ooo', 'ok', 'ok', 'ok', 'ok'],
    ['ood', 'down', 'warn', 'ok', 'ok'],
    ['oow', 'warn', 'warn', 'ok', 'ok'],
    ['ow', 'warn', 'warn', 'ok', 'warn'],
    ['od', 'down', 'warn', 'ok', 'down'],
    ['odd', 'down', 'warn', 'ok', 'down'],
    ['owd', 'down', 'warn', 'ok', 'warn'],
    ['wdd', 'down', 'warn', 'warn', 'down'],
    ['wwd', 'down', 'warn', 'warn', 'warn'],
    ['oodd', 'down', 'warn', 'ok', 'down'],
    ['ooodd', 'down', 'warn', 'ok', 'ok'],
    ['dd', 'down', 'warn', 'down', 'down'],
  ];

  test.each(rows)('%o', (text, must, should, any, quorum) => {
    const statuses = statusesOf(text);
    expect(combineStatuses('must', statuses)).toBe(must);
    expect(combineStatuses('should', statuses)).toBe(should);
    expect(combineStatuses('any', statuses)).toBe(any);
    expect(combineStatuses('quorum', statuses)).toBe(quorum);
    expect(combineStatuses('ignore', statuses)).toBe('ok');
  });
});

const MODES: readonly CombineMode[] = ['must', 'should', 'any', 'quorum', 'ignore'];
const rank = (status: HealthStatus): number => ['down', 'warn', 'ok'].indexOf(status);
const mode = fc.constantFrom(...MODES);
const status = fc.constantFrom<HealthStatus>('ok', 'warn', 'down');
const statuses = fc.array(status, { maxLength: 9 });

test('a server that gets better never makes the whole worse', () => {
  fc.assert(
    fc.property(mode, fc.array(status, { minLength: 1, maxLength: 9 }), fc.nat(), status, (by, all, at, other) => {
      const index = at % all.length;
      const better = all.map((one, place) => (place === index && rank(other) > rank(one) ? other : one));
      expect(rank(combineStatuses(by, better))).toBeGreaterThanOrEqual(rank(combineStatuses(by, all)));
    }),
  );
});

test('the order of servers, and of groups, does not matter', () => {
  fc.assert(
    fc.property(mode, statuses, (by, all) => {
      expect(combineStatuses(by, all.toReversed())).toBe(combineStatuses(by, all));
    }),
  );
});

test('needing all is at least as strict as needing most, and that as needing one', () => {
  fc.assert(
    fc.property(fc.array(status, { minLength: 1, maxLength: 9 }), (all) => {
      const [must, quorum, any] = (['must', 'quorum', 'any'] as const).map((by) => rank(combineStatuses(by, all)));
      expect(must).toBeLessThanOrEqual(quorum ?? -1);
      expect(quorum).toBeLessThanOrEqual(any ?? -1);
    }),
  );
});

test('a quorum of servers that are alike is as they are', () => {
  fc.assert(
    fc.property(status, fc.integer({ min: 1, max: 20 }), (one, count) => {
      expect(
        combineStatuses(
          'quorum',
          Array.from({ length: count }, () => one),
        ),
      ).toBe(one);
    }),
  );
});

describe('a whole', () => {
  const healths: Readonly<Record<string, HealthStatus>> = { a: 'ok', b: 'warn', c: 'down' };
  const of = (...groups: readonly HealthGroup[]): HealthStatus => combineHealth(groups, (server) => healths[server]);

  test('is as its worst group', () => {
    expect(of({ mode: 'must', servers: ['a'] }, { mode: 'any', servers: ['a', 'c'] })).toBe('ok');
    expect(of({ mode: 'must', servers: ['a'] }, { mode: 'should', servers: ['c'] })).toBe('warn');
    expect(of({ mode: 'should', servers: ['c'] }, { mode: 'must', servers: ['c'] })).toBe('down');
  });

  test('of no groups is ok', () => {
    expect(of()).toBe('ok');
  });

  test.each<[CombineMode, HealthStatus]>([
    ['must', 'down'],
    ['should', 'warn'],
    ['any', 'down'],
    ['quorum', 'down'],
    ['ignore', 'ok'],
  ])('counts a server that is not there as down: %s', (by, expected) => {
    expect(of({ mode: by, servers: ['gone'] })).toBe(expected);
  });

  test('is told to load balancers as 200 or 503', () => {
    expect((['ok', 'warn', 'down'] as const).map(httpStatusOf)).toEqual([200, 200, 503]);
  });
});
