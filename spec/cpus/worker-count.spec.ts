import fc from 'fast-check';
import { expect, test } from 'vitest';
import { OptionsError } from '../../lib/config/errors.ts';
import { MOST_WORKERS, workerCount } from '../../lib/cpus/worker-count.ts';

const counts = () => ({ available: 8, physical: 4 });
const unread = (): never => {
  throw new Error('nobody should have counted');
};

test('auto, which is the default, is as many as there are CPUs, physical as many as there are cores', () => {
  expect(workerCount('auto', {}, counts)).toBe(8);
  expect(workerCount(undefined, {}, counts)).toBe(8);
  expect(workerCount('physical', {}, counts)).toBe(4);
  expect(workerCount('auto', {})).toBeGreaterThanOrEqual(workerCount('physical', {}));
});

test('WEB_CONCURRENCY wins over both words, and a number wins over it', () => {
  expect(workerCount('auto', { WEB_CONCURRENCY: '3' }, unread)).toBe(3);
  expect(workerCount('physical', { WEB_CONCURRENCY: '3' }, unread)).toBe(3);
  expect(workerCount(undefined, { WEB_CONCURRENCY: '3' }, unread)).toBe(3);
  expect(workerCount(5, { WEB_CONCURRENCY: '3' }, unread)).toBe(5);
  expect(workerCount(5, { WEB_CONCURRENCY: 'many' }, unread)).toBe(5);
});

test.each(['', ' ', '0', '-1', '+2', '02', '2.0', '1e3', ' 2', '2\n', 'auto', 'NaN', '8193', '9007199254740993'])(
  'a WEB_CONCURRENCY of %j is refused by its name',
  (text) => {
    const ask = () => workerCount('auto', { WEB_CONCURRENCY: text }, counts);
    expect(ask).toThrow(OptionsError);
    expect(ask).toThrow(expect.objectContaining({ code: 'ERR_OPTIONS', option: 'WEB_CONCURRENCY' }));
  },
);

test.each([0, -1, 1.5, Number.NaN, Number.POSITIVE_INFINITY, MOST_WORKERS + 1, 1e9])(
  'a count of %s is refused',
  (count) => {
    expect(() => workerCount(count, {}, counts)).toThrow(expect.objectContaining({ option: 'count' }));
  },
);

test('what callers without types ask for is refused too', () => {
  const ask = workerCount as (wanted: unknown, env: Readonly<Record<string, string>>) => number;
  expect(() => ask('all', { WEB_CONCURRENCY: '2' })).toThrow(
    `count must be a whole number from 1 to 8192, 'auto' or 'physical', not "all"`,
  );
});

test('as many as any machine could use is as many as is asked for', () => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: MOST_WORKERS }), (count) => {
      expect(workerCount(count, {}, unread)).toBe(count);
      expect(workerCount('auto', { WEB_CONCURRENCY: String(count) }, unread)).toBe(count);
    }),
  );
});
