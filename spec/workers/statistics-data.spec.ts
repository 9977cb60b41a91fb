import { expect, test } from 'vitest';
import type { CollectedStats } from '../../lib/workers/statistics.ts';
import { readStatistics, toStatisticsData } from '../../lib/workers/statistics-data.ts';
import { heartbeat } from './fake-process.ts';

const stats: CollectedStats = {
  total: 2,
  active: 1,
  starting: 0,
  stopping: 0,
  crashed: 1,
  stopped: 0,
  disabled: 0,
  restarts: 3,
  crashes: 2,
  shuttingDown: false,
  restarting: true,
  connections: 1,
  inFlight: 1,
  rssBytes: 100,
  requests: 9,
  counters: { jobs: 1.5 },
  missing: [1],
  complete: false,
  workers: [
    {
      slot: 0,
      state: 'active',
      pid: 10,
      port: 8080,
      startedAt: 1,
      since: 2,
      uptimeMs: 3,
      restarts: 3,
      crashes: 1,
      recentCrashes: 0,
      replacement: { pid: 11, ready: false },
      heartbeat,
    },
    {
      slot: 1,
      state: 'crashed',
      pid: 0,
      port: 8080,
      startedAt: 1,
      since: 2,
      uptimeMs: 0,
      restarts: 0,
      crashes: 1,
      recentCrashes: 1,
      lastExit: { code: null, signal: 'SIGSEGV', crash: true, forced: false, at: 5 },
    },
  ],
};

const travel = (value: unknown): unknown => JSON.parse(JSON.stringify(value));

test('statistics arrive in another process as they were', () => {
  expect(readStatistics(travel(toStatisticsData(stats)))).toEqual(stats);
});

test('errors arrive as errors, with their codes', () => {
  const error = Object.assign(new Error('no'), { code: 'ERR_SPAWN' });
  const [, crashed] = stats.workers;
  if (crashed?.lastExit === undefined) throw new Error('the second one has crashed');
  const withErrors = { ...stats, workers: [{ ...crashed, error, lastExit: { ...crashed.lastExit, error } }] };
  const [read] = readStatistics(travel(toStatisticsData(withErrors)))?.workers ?? [];
  expect(read?.error).toBeInstanceOf(Error);
  expect(read?.error).toMatchObject({ message: 'no', code: 'ERR_SPAWN' });
  expect(read?.lastExit?.error).toMatchObject({ message: 'no', code: 'ERR_SPAWN' });
});

test.each([undefined, null, 'text', {}, { ...stats, workers: [{}] }, { ...stats, missing: 'none' }])(
  'what is no statistics is refused: %o',
  (value) => {
    expect(readStatistics(value)).toBeUndefined();
  },
);
