import { describe, expect, test } from 'vitest';
import { looksAlike, statusNews } from '../../lib/cluster/health-report.ts';
import { initialHealth } from '../../lib/health/thresholds.ts';

const state = (status: 'ok' | 'warn' | 'down', rising = false, checks = 1) => ({ status, rising, checks });

describe('the status of a server is news', () => {
  test('when it is another one than was told last', () => {
    expect(statusNews('ok', state('warn'))).toBe('warn');
    expect(statusNews('warn', state('down'))).toBe('down');
    expect(statusNews('down', state('warn', true))).toBe('warn');
    expect(statusNews('warn', state('ok'))).toBe('ok');
    for (const status of ['ok', 'warn', 'down'] as const) expect(statusNews(status, state(status))).toBeUndefined();
  });

  test('not before its first check, nor on its way to the first ok', () => {
    expect(statusNews(undefined, state('down', false, 0))).toBeUndefined();
    expect(statusNews(undefined, state('down', true))).toBeUndefined();
    expect(statusNews(undefined, state('warn', true))).toBeUndefined();
    expect(statusNews(undefined, state('ok'))).toBe('ok');
    expect(statusNews(undefined, state('down'))).toBe('down');
  });
});

test('healths look alike but for how long things took; whether anybody looked is a difference', () => {
  const health = { ...initialHealth(0), checks: 1 };
  expect(looksAlike(health, { ...health, latencyMs: 9, checks: 7, since: 3 })).toBe(true);
  for (const other of [
    { status: 'ok' as const },
    { rising: true },
    { falling: true },
    { message: 'no' },
    { checks: 0 },
  ]) {
    expect(looksAlike(health, { ...health, ...other })).toBe(false);
  }
});
