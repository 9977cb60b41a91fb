import fc from 'fast-check';
import { expect, test } from 'vitest';
import { MAX_RETRY_AFTER_MS, retryAfterMs } from '../../../lib/source/http/retry-after.ts';

const now = new Date('2026-01-01T12:00:00Z');

test.each([
  ['0', 0],
  ['120', 120_000],
  [' 5 ', 5_000],
  ['Thu, 01 Jan 2026 12:00:30 GMT', 30_000],
  ['Thursday, 01-Jan-26 12:00:30 GMT', 30_000],
  ['Thu, 01 Jan 2026 11:00:00 GMT', 0],
  ['999999999999', MAX_RETRY_AFTER_MS],
  ['Fri, 01 Jan 2100 00:00:00 GMT', MAX_RETRY_AFTER_MS],
])('%j is %d ms', (header, ms) => {
  expect(retryAfterMs(header, now)).toBe(ms);
});

test.each([undefined, '', 'soon', '-1', '1.5', '2026-01-01', 'Foo, bar'])('%j is nothing to wait for', (header) => {
  expect(retryAfterMs(header, now)).toBeUndefined();
});

test('whatever a server says, the wait is a time that a timer can wait', () => {
  fc.assert(
    fc.property(
      fc.oneof(
        fc.string(),
        fc.nat().map(String),
        fc.date({ noInvalidDate: true }).map((d) => d.toUTCString()),
      ),
      (header) => {
        const ms = retryAfterMs(header, now);
        if (ms !== undefined) expect(ms >= 0 && ms <= MAX_RETRY_AFTER_MS).toBe(true);
      },
    ),
  );
});
