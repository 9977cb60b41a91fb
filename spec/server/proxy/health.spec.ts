import { describe, expect, test } from 'vitest';
import { afterChoice, afterFailure, afterWake, HEALTHY, type Health } from '../../../lib/server/proxy/health.ts';

describe('the health of a target', () => {
  test('one that cannot be reached rests at once, one whose connection ends from the second time on', () => {
    expect(afterFailure(HEALTHY, false, 100, 1_000).restsUntil).toBe(1_100);
    const once = afterFailure(HEALTHY, true, 100, 1_000);
    expect(once.restsUntil).toBe(0);
    expect(afterFailure(once, true, 100, 1_000).restsUntil).toBe(1_100);
  });

  test('rests get longer, up to half a minute', () => {
    let health: Health = HEALTHY;
    const rests: number[] = [];
    for (let now = 0; rests.length < 8; now = health.restsUntil) {
      health = afterFailure(afterChoice(health, now, 1_000), false, now, 1_000);
      rests.push(health.restsUntil - now);
    }
    expect(rests).toEqual([1_000, 2_000, 4_000, 8_000, 16_000, 30_000, 30_000, 30_000]);
  });

  test('what fails of one cause makes one rest', () => {
    const first = afterFailure(HEALTHY, false, 100, 1_000);
    expect(afterFailure(first, false, 150, 1_000).restsUntil).toBe(1_100);
  });

  test('after a rest one request finds out', () => {
    const resting = afterFailure(HEALTHY, false, 0, 1_000);
    const tried = afterChoice(resting, 1_000, 1_000);
    expect(tried.restsUntil).toBe(2_000);
    expect(afterChoice(HEALTHY, 1_000, 1_000)).toBe(HEALTHY);
  });

  test('one that is said to be back is tried by one request at once, and rests longer when it is not', () => {
    const resting = afterFailure(HEALTHY, false, 100, 1_000);
    const woken = afterWake(resting, 200);
    expect(woken.restsUntil).toBe(200);
    const tried = afterChoice(woken, 200, 1_000);
    expect(tried.restsUntil).toBe(1_200);
    expect(afterFailure(tried, false, 210, 1_000).restsUntil).toBe(2_210);
    expect(afterWake(HEALTHY, 200)).toBe(HEALTHY);
  });
});
