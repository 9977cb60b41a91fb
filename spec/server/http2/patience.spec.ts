import { expect, test } from 'vitest';
import { http2Defaults } from '../../../lib/config/http2-config.ts';
import { Patience } from '../../../lib/server/http2/patience.ts';

/** How often something may be done in one moment. */
const times = (act: () => boolean): number => {
  let count = 0;
  while (count < 1_000_000 && act()) count += 1;
  return count;
};

test('a page that is left breaks off all its streams, twice, and no more in a moment', () => {
  const patience = new Patience(0, http2Defaults);
  expect(times(() => patience.breakOff(0))).toBe(100);
  expect(times(() => patience.breakOff(1_000))).toBeLessThan(40);
});

test('a client that probes its line for hours is not taken for an attacker', () => {
  const patience = new Patience(0, http2Defaults);
  for (let second = 0; second < 10_000; second += 1) {
    expect([1, 2, 3].every((n) => patience.question(second * 1_000 + n))).toBe(true);
  }
});

test('bytes that belong to requests are no chatter, however many', () => {
  const patience = new Patience(0, http2Defaults);
  for (let look = 1; look < 1_000; look += 1) {
    patience.use(50_000_000);
    expect(patience.listen({ bytesRead: look * 50_000_000, bytesWritten: 0 }, look)).toBe(true);
  }
});

test('acknowledgements of what was sent are no chatter, for as long as they are in proportion', () => {
  const patience = new Patience(0, http2Defaults);
  for (let look = 1; look < 1_000; look += 1) {
    const carried = { bytesRead: look * 1_000_000, bytesWritten: look * 50_000_000 };
    expect(patience.listen(carried, look)).toBe(true);
  }
  expect(new Patience(0, http2Defaults).listen({ bytesRead: 2_000_000, bytesWritten: 1_000 }, 1)).toBe(false);
});

test('bytes that belong to nothing are noticed, whatever they say', () => {
  const patience = new Patience(0, http2Defaults);
  let look = 0;
  const heard = times(() => {
    look += 1;
    return patience.listen({ bytesRead: look * 1_000_000 }, look * 500);
  });
  expect(heard).toBeLessThan(3);
});
