import fc from 'fast-check';
import { expect, test } from 'vitest';
import { afterFailure, type Breaker, breakerAt, CLOSED } from '../../lib/workers/intensity.ts';

const limit = { maxIntensity: 2, intensityPeriodMs: 1000 };

const failing = (times: readonly number[], from: Breaker = CLOSED): Breaker =>
  times.reduce((breaker, at) => afterFailure(breaker, at, limit), from);

test('as many failures as are allowed keep it closed, one more within the period opens it', () => {
  expect(failing([0, 500])).toMatchObject({ state: 'closed', failures: [0, 500] });
  expect(failing([0, 500, 1000])).toEqual({ state: 'open', since: 1000, failures: [0, 500, 1000] });
});

test('failures that are further apart never open it', () => {
  expect(failing([0, 500, 1001, 1501, 2002, 2502]).state).toBe('closed');
});

test('0 is no limit', () => {
  const none = { ...limit, maxIntensity: 0 };
  expect([1, 2, 3, 4, 5].reduce((breaker, at) => afterFailure(breaker, at, none), CLOSED)).toBe(CLOSED);
});

test('open for a period, half open for the next, closed after it', () => {
  const open = failing([0, 1, 2]);
  expect(breakerAt(open, 1001, limit)).toBe(open);
  expect(breakerAt(open, 1002, limit)).toEqual({ state: 'half-open', since: 1002, failures: [] });
  expect(breakerAt(open, 2001, limit)).toEqual({ state: 'half-open', since: 1002, failures: [] });
  expect(breakerAt(open, 2002, limit)).toEqual({ state: 'closed', since: 2002, failures: [] });
});

test('one failure while it is half open opens it for another period', () => {
  expect(failing([0, 1, 2, 1500])).toEqual({ state: 'open', since: 1500, failures: [1500] });
});

test('failures while it is open do not keep it open for longer', () => {
  expect(failing([0, 1, 2, 500, 900])).toMatchObject({ state: 'open', since: 2, failures: [0, 1, 2, 500, 900] });
});

test('looking at it in between changes nothing of what becomes of it', () => {
  fc.assert(
    fc.property(fc.array(fc.tuple(fc.nat(700), fc.boolean()), { maxLength: 40 }), (steps) => {
      let now = 0;
      let looked = CLOSED;
      let unlooked = CLOSED;
      for (const [wait, fails] of steps) {
        now += wait;
        looked = breakerAt(looked, now, limit);
        if (!fails) continue;
        looked = afterFailure(looked, now, limit);
        unlooked = afterFailure(unlooked, now, limit);
      }
      expect(breakerAt(unlooked, now, limit)).toEqual(looked);
    }),
  );
});

test('in any period that was closed throughout, no more fail than are allowed', () => {
  fc.assert(
    fc.property(fc.array(fc.nat(700), { maxLength: 40 }), (waits) => {
      let now = 0;
      let breaker = CLOSED;
      const recent: number[] = [];
      for (const wait of waits) {
        now += wait;
        breaker = afterFailure(breaker, now, limit);
        if (breaker.state === 'closed') recent.push(now);
        else recent.length = 0;
        expect(recent.filter((at) => now - at <= limit.intensityPeriodMs).length).toBeLessThanOrEqual(2);
      }
    }),
  );
});
