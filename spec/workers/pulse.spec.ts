import { afterEach, expect, onTestFinished, test, vi } from 'vitest';
import { Pulse } from '../../lib/workers/pulse.ts';

const load = { connections: 3, inFlight: 2, requests: 10 };
const made: Pulse[] = [];

const pulse = (read: () => typeof load = () => load): Pulse => {
  const one = new Pulse(read);
  made.push(one);
  return one;
};

afterEach(() => {
  for (const one of made.splice(0)) one.stop();
});

test('a beat says what the process serves, and what it takes', () => {
  const beat = pulse().beat();
  expect(beat).toMatchObject({ sequence: 1, ...load, counters: {}, gauges: {} });
  expect(beat.rssBytes).toBeGreaterThan(1_000_000);
  expect(beat.heapUsedBytes).toBeGreaterThan(1_000_000);
  expect(beat.utilization).toBeGreaterThanOrEqual(0);
  expect(beat.utilization).toBeLessThanOrEqual(1);
});

test('a beat of which the system does not tell the memory has that of the one before', () => {
  const one = pulse();
  const { rssBytes } = one.beat();
  // What a process without a free file descriptor is told.
  const usage = vi.spyOn(process, 'memoryUsage').mockImplementation(() => {
    throw Object.assign(new Error('EMFILE: too many open files, uv_resident_set_memory'), { code: 'EMFILE' });
  });
  onTestFinished(() => usage.mockRestore());
  expect(one.beat()).toMatchObject({ sequence: 2, rssBytes });
});

test('each beat has the next number', () => {
  const one = pulse();
  expect([one.beat(), one.beat(), one.beat()].map(({ sequence }) => sequence)).toEqual([1, 2, 3]);
});

test('a blocked event loop shows in the next beat, and not in the one after', async () => {
  const one = pulse();
  const turns = async (count: number): Promise<void> => {
    for (let turn = 0; turn < count; turn += 1) await new Promise((resolve) => setTimeout(resolve, 15));
  };
  await turns(2);
  one.beat();
  await turns(1);
  const until = performance.now() + 200;
  while (performance.now() < until);
  await turns(2);
  const { delayMs, utilization } = one.beat();
  expect(delayMs.max).toBeGreaterThan(100);
  expect(delayMs.mean).toBeGreaterThan(0);
  expect(delayMs.mean).toBeLessThanOrEqual(delayMs.max);
  expect(utilization).toBeGreaterThan(0.3);
  await turns(3);
  expect(one.beat().delayMs.max).toBeLessThan(delayMs.max);
});

test('contributions are in every beat until they are taken back', () => {
  const one = pulse();
  let jobs = 1;
  const contributed = one.contribute('counter', 'jobs', () => jobs);
  one.contribute('gauge', 'queue', () => 7);
  expect(one.beat()).toMatchObject({ counters: { jobs: 1 }, gauges: { queue: 7 } });
  jobs = 5;
  expect(one.beat().counters).toEqual({ jobs: 5 });
  contributed.unsubscribe();
  expect(one.beat()).toMatchObject({ counters: {}, gauges: { queue: 7 } });
});

test('what cannot be read, and what is no number, is left out; the rest is there', () => {
  const one = pulse();
  one.contribute('gauge', 'broken', () => {
    throw new Error('broken');
  });
  one.contribute('gauge', 'nothing', () => Number.NaN);
  one.contribute('gauge', 'queue', () => 7);
  expect(one.beat().gauges).toEqual({ queue: 7 });
});

test('a name is given once for each kind', () => {
  const one = pulse();
  const first = one.contribute('counter', 'jobs', () => 1);
  expect(() => one.contribute('counter', 'jobs', () => 2)).toThrow(
    expect.objectContaining({ code: 'ERR_OPTIONS', option: 'name' }),
  );
  expect(() => one.contribute('counter', '', () => 2)).toThrow(expect.objectContaining({ option: 'name' }));
  one.contribute('gauge', 'jobs', () => 3);
  first.unsubscribe();
  const second = one.contribute('counter', 'jobs', () => 4);
  first.unsubscribe();
  expect(one.beat()).toMatchObject({ counters: { jobs: 4 }, gauges: { jobs: 3 } });
  second.unsubscribe();
});
