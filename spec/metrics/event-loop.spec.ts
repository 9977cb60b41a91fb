import { expect, test } from 'vitest';
import { EventLoopWatch } from '../../lib/metrics/event-loop.ts';

const block = (ms: number): void => {
  const until = performance.now() + ms;
  while (performance.now() < until);
};

/** Lets timers that are due be late, and be seen to be. */
const turns = async (count: number): Promise<void> => {
  for (let n = 0; n < count; n += 1) await new Promise((resolve) => setTimeout(resolve, 15));
};

test('says how late timers were, and how busy the loop was, since it was asked last', async () => {
  const watch = new EventLoopWatch();
  await turns(2);
  watch.read();
  await turns(2);
  block(120);
  await turns(2);
  const { delays, utilization } = watch.read();
  watch.stop();
  expect(delays.max).toBeGreaterThan(0.05);
  expect(delays.max).toBeLessThan(60);
  expect(delays.p50).toBeLessThanOrEqual(delays.p99);
  expect(delays.p99).toBeLessThanOrEqual(delays.max);
  expect(utilization).toBeGreaterThan(0);
  expect(utilization).toBeLessThanOrEqual(1);
});

test('measures nothing any more once it was stopped', async () => {
  const watch = new EventLoopWatch();
  await turns(2);
  watch.stop();
  watch.read();
  await turns(2);
  block(120);
  await turns(2);
  expect(watch.read().delays).toEqual({ p50: 0, p99: 0, max: 0 });
});
