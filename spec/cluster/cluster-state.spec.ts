import { expect, test } from 'vitest';
import { CLUSTER_TRANSITIONS, type ClusterState, isTransition } from '../../lib/cluster/cluster-state.ts';

const STATES: readonly ClusterState[] = ['New', 'Booting', 'Running', 'Reloading', 'Stopping', 'Stopped', 'Error'];

test("there are exactly the seven states of go-supervisor's httpcluster", () => {
  expect(Object.keys(CLUSTER_TRANSITIONS).sort()).toEqual([...STATES].sort());
});

test("the legal transitions are go-fsm's typical ones, and the one that leads out of Error", () => {
  const legal = STATES.flatMap((from) => STATES.filter((to) => isTransition(from, to)).map((to) => `${from} → ${to}`));
  const typical = [
    'New → Booting',
    'New → Error',
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
    'Stopped → Error',
    'Error → Error',
    'Error → Stopping',
    'Error → Stopped',
  ];
  expect(legal.sort()).toEqual([...typical, 'Error → Reloading'].sort());
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
