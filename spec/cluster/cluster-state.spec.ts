import { expect, test } from 'vitest';
import { CLUSTER_TRANSITIONS, type ClusterState, isTransition } from '../../lib/cluster/cluster-state.ts';

const STATES: readonly ClusterState[] = ['New', 'Booting', 'Running', 'Reloading', 'Stopping', 'Stopped', 'Error'];

test('there are exactly seven states', () => {
  expect(Object.keys(CLUSTER_TRANSITIONS).sort()).toEqual([...STATES].sort());
});

test('only the listed transitions are legal', () => {
  const legal = STATES.flatMap((from) =>
    STATES.filter((to) => isTransition(from, to)).map((to) => `${from} → ${to}`),
  ).sort();
  expect(legal).toEqual(
    [
      'New → Booting',
      'Booting → Running',
      'Booting → Error',
      'Running → Reloading',
      'Running → Stopping',
      'Running → Error',
      'Reloading → Running',
      'Reloading → Error',
      'Stopping → Stopped',
      'Stopping → Error',
      'Stopped → New',
      'Error → Reloading',
      'Error → Stopping',
    ].sort(),
  );
});

test('nothing follows itself', () => {
  expect(STATES.filter((state) => isTransition(state, state))).toEqual([]);
});

test('every state can be reached, and from every state the cluster can come to rest', () => {
  const reach = (from: ClusterState): ReadonlySet<ClusterState> => {
    const seen = new Set<ClusterState>([from]);
    for (const state of seen) for (const next of CLUSTER_TRANSITIONS[state]) seen.add(next);
    return seen;
  };
  expect([...reach('New')].sort()).toEqual([...STATES].sort());
  for (const state of STATES) expect(reach(state)).toContain('Stopped');
});
