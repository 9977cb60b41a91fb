import { describe, expect, test } from 'vitest';
import { narrateOutcome, narrateResumed } from '../../lib/cluster/narrate.ts';
import type { Outcome } from '../../lib/cluster/outcome.ts';
import { eventually, running, saying, until } from './fixtures/clusters.ts';
import { createJournal } from './fixtures/journal.ts';

const at = { revision: 2, durationMs: 1 };
const said = (outcome: Outcome): readonly string[] => {
  const journal = createJournal();
  narrateOutcome(outcome, journal);
  return journal.lines;
};
const plan = { changes: [], bind: [], release: [], unchanged: [] };
const refusal = { server: 'b', cause: new Error('no luck'), issues: [] };

describe('an outcome is written', () => {
  test('when a config is in force, with those that stay behind', () => {
    const change = { server: 'a', action: 'start', to: '127.0.0.1:1' } as const;
    expect(said({ ...at, status: 'committed', plan: { ...plan, changes: [change] }, refused: [refusal] })).toEqual([
      'info: config 2 is in force: 1 server changed',
      'warn: server b stays behind: no luck',
    ]);
  });

  test('when a config is not valid, issue by issue', () => {
    const issue = { path: 'listen', expected: 'x', received: 'y', message: 'is no address' };
    const issues = [
      { ...issue, server: 'a', hint: 'write one' },
      { ...issue, path: '' },
    ];
    expect(said({ ...at, status: 'rejected', issues })).toEqual([
      'warn: config 2 is not valid: a.listen: is no address (write one)',
      'warn: config 2 is not valid: is no address',
    ]);
  });

  test('when a config was undone, and louder when that failed too', () => {
    expect(said({ ...at, status: 'rolledBack', server: 'a', cause: new Error('busy'), unrestored: [refusal] })).toEqual(
      ['warn: config 2 was undone, server a could not be prepared: busy', 'error: server b could not be put back'],
    );
  });

  test('in a whisper when nothing came of it', () => {
    for (const status of ['unchanged', 'superseded', 'cancelled'] as const) {
      expect(said({ ...at, status })).toEqual([`debug: config 2 is ${status}`]);
    }
  });
});

test('a config of the last life that cannot be put in force is written, one that can is not', () => {
  const journal = createJournal();
  narrateResumed({ status: 'unchanged' }, journal);
  narrateResumed({ status: 'rolledBack', server: 'a', cause: new Error('busy'), unrestored: [] }, journal);
  expect(journal.lines).toEqual(['error: server a could not be started with the config of the last life']);
});

test('crashes, failures and cuts of servers are written with their cause', async () => {
  const { cluster, sockets, journal } = await running({
    a: saying('a', '127.0.0.1:0', { restart: { intensity: 1, initialMs: 1, maxMs: 1 } }),
  });
  const crash = () => sockets.crash(cluster.snapshot.servers.a?.address ?? '');
  crash();
  await until(cluster, ({ servers }) => servers.a?.state === 'running' && servers.a.restarts === 1);
  crash();
  await until(cluster, ({ servers }) => servers.a?.state === 'failed');
  await eventually(() => journal.lines.some((line) => line.includes('failed and stays down')));
  const lines = journal.lines.filter((line) => /^(warn|error)/.test(line));
  expect(lines).toEqual(['warn: server a crashed and is started again', 'error: server a failed and stays down']);
  expect(journal.details[journal.lines.indexOf(lines[0] ?? '')]).toMatchObject({ code: 'ERR_LISTENER' });
});
