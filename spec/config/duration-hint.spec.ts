import { expect, test } from 'vitest';
import { durationHint, withoutDuration } from '../../lib/config/duration-hint.ts';
import { server } from './configs.ts';
import { issuesOf } from './reading.ts';

test.each([
  ['5s', 5_000],
  ['250 ms', 250],
  ['1.5m', 90_000],
  ['2min', 120_000],
  ['1H', 3_600_000],
  ['1d', 86_400_000],
])('%s in the place of milliseconds is told as a number of them', (text, ms) => {
  expect(durationHint('drainTimeoutMs', text)).toBe(`milliseconds: ${ms}`);
});

test.each([
  ['drainTimeoutMs', 'soon'],
  ['drainTimeoutMs', '5'],
  ['drainTimeoutMs', -5],
  ['drainTimeoutMs', '5 constructor'],
  ['maxConnections', '5s'],
  [undefined, '5s'],
])('nothing is made of %s: %j', (key, value) => {
  expect(durationHint(key, value)).toBeUndefined();
});

test('a config with a unit gets the hint', () => {
  expect(issuesOf({ ...server(), drainTimeoutMs: '5s' })).toMatchObject([
    { path: 'drainTimeoutMs', hint: 'milliseconds: 5000' },
  ]);
  expect(issuesOf({ ...server(), restart: { maxMs: '1m' } })).toMatchObject([{ hint: 'milliseconds: 60000' }]);
});

test('the hint can do without the value', () => {
  expect(withoutDuration('milliseconds: 5000')).toBe('milliseconds, without a unit');
  expect(withoutDuration('a number')).toBe('a number');
});
