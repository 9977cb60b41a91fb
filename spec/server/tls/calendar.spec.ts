import fc from 'fast-check';
import { expect, test } from 'vitest';
import { readCalendar } from '../../../lib/server/tls/calendar.ts';

const DAY_MS = 86_400_000;

test('a certificate is valid, then expiring, then expired', () => {
  const end = 100 * DAY_MS;
  expect(readCalendar(end, 30, 0)).toEqual({ state: 'valid', changesAt: 70 * DAY_MS });
  expect(readCalendar(end, 30, 70 * DAY_MS)).toEqual({ state: 'expiring', changesAt: end });
  expect(readCalendar(end, 30, end)).toEqual({ state: 'expired', changesAt: Number.POSITIVE_INFINITY });
  expect(readCalendar(end, 0, end - 1).state).toBe('valid');
});

test('it says when it will say something else', () => {
  const time = fc.integer({ min: 0, max: 1e12 });
  fc.assert(
    fc.property(time, fc.integer({ min: 0, max: 3_650 }), time, (end, days, now) => {
      const { state, changesAt } = readCalendar(end, days, now);
      if (changesAt === Number.POSITIVE_INFINITY) return;
      expect(changesAt).toBeGreaterThan(now);
      expect(readCalendar(end, days, changesAt - 1).state).toBe(state);
      expect(readCalendar(end, days, changesAt).state).not.toBe(state);
    }),
  );
});
