import fc from 'fast-check';
import { expect, test } from 'vitest';
import { heardAt, look, nextLookMs } from '../../lib/workers/liveness.ts';

const limitMs = 2500;

test('a look that comes as planned counts all the time since it was heard of', () => {
  const { silence, exceeded } = look(heardAt(100), 350, { plannedMs: 250, limitMs });
  expect(silence).toEqual({ silentMs: 250, until: 350, unresponsive: false });
  expect(exceeded).toBe(false);
});

test('what a look comes late is not counted', () => {
  const { silence, exceeded } = look(heardAt(0), 60_000, { plannedMs: 250, limitMs });
  expect(silence).toMatchObject({ silentMs: 250, until: 60_000 });
  expect(exceeded).toBe(false);
});

test('the limit is exceeded once', () => {
  const almost = { silentMs: 2250, until: 2250, unresponsive: false };
  const now = look(almost, 2500, { plannedMs: 250, limitMs });
  expect(now).toEqual({ silence: { silentMs: 2500, until: 2500, unresponsive: true }, exceeded: true });
  expect(look(now.silence, 2750, { plannedMs: 250, limitMs }).exceeded).toBe(false);
});

test('looks are ten to a limit, and the last is right when it is due', () => {
  expect(nextLookMs(heardAt(0), limitMs)).toBe(250);
  expect(nextLookMs({ silentMs: 2400, until: 0, unresponsive: false }, limitMs)).toBe(100);
  expect(nextLookMs({ silentMs: 2499.9, until: 0, unresponsive: false }, limitMs)).toBe(1);
  expect(nextLookMs({ silentMs: 9000, until: 0, unresponsive: true }, limitMs)).toBe(250);
});

test('a primary that comes late by any amounts gives up nobody before the limit, and whom it gives up after it', () => {
  fc.assert(
    fc.property(fc.integer({ min: 10, max: 10_000 }), fc.array(fc.nat(20_000), { maxLength: 50 }), (limit, delays) => {
      let silence = heardAt(0);
      let now = 0;
      let awakeMs = 0;
      for (const lateMs of [...delays, ...Array.from({ length: 12 }, () => 0)]) {
        const plannedMs = nextLookMs(silence, limit);
        now += plannedMs + lateMs;
        awakeMs += plannedMs;
        const seen = look(silence, now, { plannedMs, limitMs: limit });
        silence = seen.silence;
        expect(silence.silentMs).toBeLessThanOrEqual(awakeMs + 1e-6);
        expect(silence.unresponsive).toBe(silence.silentMs >= limit);
      }
      expect(silence.unresponsive).toBe(true);
    }),
  );
});
