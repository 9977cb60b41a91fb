import { expect, test } from 'vitest';
import type { ClusterSnapshot, ServerSnapshot } from '../../../lib/cluster/snapshot.ts';
import { viewOf } from '../../../lib/cluster/snapshot.ts';
import { Reporter } from '../../../lib/worker-cluster/agent/reporter.ts';
import { spec } from '../../cluster/fixtures/specs.ts';

const server = (id: string, more: Partial<ServerSnapshot> = {}): ServerSnapshot => ({
  id,
  name: id,
  state: 'running',
  address: '127.0.0.1:80',
  url: 'http://127.0.0.1:80',
  since: 1,
  uptimeMs: 1,
  config: viewOf(spec(id)),
  connections: 0,
  inFlight: 0,
  restarts: 0,
  ...more,
});

const snapshot = (...servers: readonly ServerSnapshot[]): ClusterSnapshot => ({
  state: 'Running',
  revision: { desired: 1, applied: 1 },
  degraded: false,
  source: 'open',
  servers: Object.fromEntries(servers.map((one) => [one.id, one])),
  draining: [],
});

const inForce = { epoch: 1, revision: 1 };
const listening = ['127.0.0.1:80'];

test('tells of what has changed, once, and of what is gone', () => {
  const reporter = new Reporter();
  const first = reporter.next(snapshot(server('a'), server('b')), inForce, listening, false);
  expect(Object.keys(first?.servers ?? {})).toEqual(['a', 'b']);
  expect(reporter.next(snapshot(server('a'), server('b')), inForce, listening, false)).toBeUndefined();
  const failed = server('b', { state: 'failed', error: new Error('no') });
  expect(reporter.next(snapshot(server('a'), failed), inForce, listening, false)?.servers).toMatchObject({
    b: { state: 'failed', error: { message: 'no' } },
  });
  expect(reporter.next(snapshot(server('a')), inForce, listening, false)?.servers).toEqual({ b: null });
});

test('tells of time that goes by to nobody', () => {
  const reporter = new Reporter();
  reporter.next(snapshot(server('a')), inForce, listening, false);
  expect(reporter.next(snapshot(server('a', { uptimeMs: 9_000 })), inForce, listening, false)).toBeUndefined();
});

test('leaves counters for later when it is soon, and tells of them then', () => {
  const reporter = new Reporter();
  reporter.next(snapshot(server('a')), inForce, listening, true);
  const busy = snapshot(server('a', { connections: 5, inFlight: 2 }));
  expect(reporter.next(busy, inForce, listening, true)).toBeUndefined();
  expect(reporter.next(busy, inForce, listening, false)?.servers).toMatchObject({ a: { connections: 5, inFlight: 2 } });
});

test('tells of another config in force, and of addresses, without any server', () => {
  const reporter = new Reporter();
  reporter.next(snapshot(server('a')), inForce, listening, false);
  expect(reporter.next(snapshot(server('a')), { epoch: 2, revision: 3 }, listening, false)).toEqual({
    epoch: 2,
    revision: 3,
    servers: {},
    draining: [],
    listening,
  });
  expect(reporter.next(snapshot(server('a')), { epoch: 2, revision: 3 }, [], false)?.listening).toEqual([]);
});
