import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { eventsBetween } from '../../lib/admin/cluster-event.ts';
import type { ClusterSnapshot } from '../../lib/cluster/snapshot.ts';
import type { Health } from '../../lib/health/health.ts';
import { anySnapshot, cluster, health, server } from '../cli/snapshots.ts';

/** What a listener knows after hearing every event: the state of each server it was told about. */
const heard = (snapshots: readonly ClusterSnapshot[]): ReadonlyMap<string, string> => {
  const known = new Map<string, string>();
  let before: ClusterSnapshot | undefined;
  for (const snapshot of snapshots) {
    for (const event of eventsBetween(before, snapshot)) {
      if (event.type === 'server' && event.url !== undefined) known.set(event.id, `${event.state} ${event.url}`);
    }
    before = snapshot;
  }
  return known;
};

test('whoever hears every event knows the state and the address of every server', () => {
  fc.assert(
    fc.property(fc.array(anySnapshot, { minLength: 1, maxLength: 5 }), (snapshots) => {
      const known = heard(snapshots);
      const last = snapshots.at(-1);
      for (const { id, state, url } of Object.values(last?.servers ?? {})) {
        // Those that still leave are told when they have left.
        if (last?.draining.some((one) => one.server === id)) continue;
        expect(known.get(id)).toBe(`${state} ${url}`);
      }
    }),
  );
});

test('the same snapshot twice is no event', () => {
  fc.assert(
    fc.property(anySnapshot, (snapshot) => {
      expect(eventsBetween(snapshot, { ...snapshot })).toEqual([]);
    }),
  );
});

describe('what counts', () => {
  const types = (before: ClusterSnapshot | undefined, after: ClusterSnapshot): readonly string[] =>
    eventsBetween(before, after).map(({ type }) => type);

  test('counters alone are no event', () => {
    const before = cluster([server('web')]);
    expect(types(before, cluster([server('web', { connections: 5, inFlight: 2, uptimeMs: 9_000 })]))).toEqual([]);
  });

  test('servers come before the state, and a settled state brings a snapshot', () => {
    expect(types(undefined, cluster([server('web')]))).toEqual(['server', 'state', 'snapshot']);
    expect(types(undefined, cluster([], { state: 'Booting' }))).toEqual(['state']);
  });

  test('a generation that leaves is told when it begins to drain and when it is gone', () => {
    const running = cluster([server('web')]);
    const draining = [{ server: 'web', address: '127.0.0.1:9090', connections: 2, since: 7 }];
    const leaving = { ...running, draining };
    expect(eventsBetween(running, leaving)).toEqual([
      { type: 'server', id: 'web', state: 'draining', address: '127.0.0.1:9090', connections: 2 },
    ]);
    const fewer = { ...running, draining: draining.map((one) => ({ ...one, connections: 1 })) };
    expect(eventsBetween(leaving, fewer)).toEqual([]);
    expect(eventsBetween(fewer, running)).toEqual([
      { type: 'server', id: 'web', state: 'stopped', address: '127.0.0.1:9090' },
    ]);
  });

  test('a server that is taken out is told draining and then stopped, once each', () => {
    const draining = [{ server: 'web', address: '127.0.0.1:8080', connections: 0, since: 7 }];
    const out = cluster([server('web', { state: 'stopped' })]);
    const [running, leaving] = [cluster([server('web')]), { ...out, draining }];
    const states = (before: ClusterSnapshot, after: ClusterSnapshot) =>
      eventsBetween(before, after).map((event) => event.type === 'server' && event.state);
    expect([states(running, leaving), states(leaving, out)]).toEqual([['draining'], ['stopped']]);
    expect(states(running, out)).toEqual(['stopped']);
  });

  test('a crash is told with its reason', () => {
    const crashed = cluster([server('web', { state: 'starting', restarts: 1, error: new Error('gone') })]);
    expect(eventsBetween(cluster([server('web')]), crashed)).toMatchObject([
      { type: 'server', id: 'web', state: 'starting', restarts: 1, error: 'gone' },
    ]);
  });
});

describe('the health of a server', () => {
  const steps = (...healths: readonly (Health | undefined)[]): readonly string[] => {
    const snapshots = healths.map((one) => cluster([server('web', one === undefined ? {} : { health: one })]));
    return snapshots.flatMap((after, index) =>
      eventsBetween(snapshots[index - 1], after).flatMap((event) =>
        event.type === 'health' ? [`${event.status}${event.message && `: ${event.message}`}`] : [],
      ),
    );
  };
  const unchecked = health('down', { checks: 0, message: 'not checked yet' });
  const rising = health('warn', { rising: true });

  test('is an event when its status changes, not when its counters do', () => {
    const failed = health('warn', { falling: true, message: 'no answer' });
    expect(steps(health('ok'), health('ok', { checks: 9 }), failed, { ...failed, checks: 9 })).toEqual([
      'ok',
      'warn: no answer',
    ]);
    expect(steps(health('down', { message: 'no answer' }), rising, health('ok'))).toEqual([
      'down: no answer',
      'warn',
      'ok',
    ]);
  });

  test('is none before the first check, and on the way up to the first ok', () => {
    expect(steps(undefined, unchecked, rising, health('ok'))).toEqual(['ok']);
    expect(steps(unchecked, health('down', { message: 'no answer' }))).toEqual(['down: no answer']);
  });

  test('is none any more when nobody looks', () => {
    expect(steps(health('ok'), undefined)).toEqual(['ok']);
  });
});
