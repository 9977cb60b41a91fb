import { BehaviorSubject } from 'rxjs';
import { expect, test } from 'vitest';
import { eventLogger } from '../../lib/cli/event-logger.ts';
import type { RunEvent } from '../../lib/cli/run-event.ts';
import { narrateOutcome, narrateReport } from '../../lib/cluster/narrate.ts';
import type { Outcome } from '../../lib/cluster/outcome.ts';
import { createSupervisor } from '../../lib/supervision/supervisor.ts';
import { narrate } from '../../lib/workers/narrate.ts';
import { SAID } from './worker-events.ts';

const open = () => {
  const events: RunEvent[] = [];
  return { events, logger: eventLogger((event) => void events.push(event)) };
};

const cause = new Error('taken');
const verdicts = [
  {
    status: 'committed',
    plan: { changes: [], bind: [], release: [], unchanged: [] },
    refused: [{ server: 'web', cause, issues: [] }],
  },
  {
    status: 'rejected',
    issues: [{ server: 'web', path: 'listen', expected: 'an address', received: '5', message: 'no' }],
  },
  { status: 'rolledBack', server: 'web', cause, unrestored: [] },
  { status: 'unchanged' },
  { status: 'superseded' },
  { status: 'cancelled' },
] as const;

test.each(verdicts)('what the cluster logs about an outcome that is $status is not told a second time', (verdict) => {
  const { events, logger } = open();
  const outcome: Outcome = { revision: 1, durationMs: 1, ...verdict };
  narrateOutcome(outcome, logger);
  expect(events).toEqual([]);
});

test('what the cluster logs about a crash is not told a second time', () => {
  const { events, logger } = open();
  const member = { spec: { id: 'web' } };
  narrateReport({ member, status: { state: 'starting', restarts: 1, error: cause } }, logger);
  narrateReport({ member, status: { state: 'failed', restarts: 1, error: cause } }, logger);
  expect(events).toEqual([]);
});

test('what the supervisor logs about the one thing it looks after is not told a second time', async () => {
  const { events, logger } = open();
  const fine = createSupervisor(
    [{ name: 'cluster', state$: new BehaviorSubject('Running'), start: () => {}, stop: () => {} }],
    {
      logger,
    },
  );
  await fine.start();
  await fine.stop();
  const broken = createSupervisor(
    [{ name: 'cluster', state$: new BehaviorSubject('New'), start: () => Promise.reject(cause), stop: () => {} }],
    { logger },
  );
  await expect(broken.start()).rejects.toThrow();
  expect(events).toEqual([]);
});

test('everything else an operator should read is an event, with what it brought along', () => {
  const { events, logger } = open();
  logger.error('request failed', { id: 1 });
  logger.warn('server web stopped; 2 connections did not finish in time and were cut');
  logger.info('SIGTERM: stopping');
  logger.debug('server web is draining');
  expect(events).toEqual([
    { type: 'log', level: 'error', message: 'request failed', details: { id: 1 } },
    { type: 'log', level: 'warn', message: 'server web stopped; 2 connections did not finish in time and were cut' },
    { type: 'log', level: 'info', message: 'SIGTERM: stopping' },
  ]);
});

test('what workers log is told as events, but for warnings, which the log alone tells', () => {
  const { events, logger } = open();
  for (const [event] of SAID) narrate(event, logger);
  expect(events).toEqual([expect.objectContaining({ type: 'log', level: 'warn', message: 'shared instead (look)' })]);
});
