import { expect, test } from 'vitest';
import type { ClusterState } from '../../lib/cluster/cluster-state.ts';
import { stateAfter, type Verdict } from '../../lib/cluster/verdict.ts';

const cause = new Error('no');
const restored: Verdict = { status: 'rolledBack', server: 'a', cause, unrestored: [] };
const broken: Verdict = { ...restored, unrestored: [{ server: 'a', cause, issues: [] }] };
const rejected: Verdict = { status: 'rejected', issues: [] };
const committed: Verdict = {
  status: 'committed',
  plan: { changes: [], bind: [], release: [], unchanged: [] },
  refused: [],
};
const BEFORE: readonly ClusterState[] = ['Booting', 'Running', 'Error'];

test('what runs as desired is Running, wherever it came from', () => {
  for (const state of BEFORE) {
    for (const applied of [true, false]) {
      expect(stateAfter(committed, state, applied)).toBe('Running');
      expect(stateAfter({ status: 'unchanged' }, state, applied)).toBe('Running');
    }
  }
});

test('a bad config is no reason to call a cluster broken that has something to fall back on', () => {
  expect(stateAfter(rejected, 'Running', true)).toBe('Running');
  expect(stateAfter(restored, 'Running', true)).toBe('Running');
});

test('a bad first config is', () => {
  for (const verdict of [rejected, restored]) {
    expect(stateAfter(verdict, 'Booting', false)).toBe('Error');
    expect(stateAfter(verdict, 'Running', false)).toBe('Error');
  }
});

test('a bad config does not lead out of Error', () => {
  expect(stateAfter(rejected, 'Error', true)).toBe('Error');
  expect(stateAfter(restored, 'Error', true)).toBe('Error');
});

test('a server that could not be put back is an Error', () => {
  expect(stateAfter(broken, 'Running', true)).toBe('Error');
});

test('a request nobody looked at says nothing about the cluster', () => {
  expect(stateAfter({ status: 'superseded' }, 'Running', true)).toBe('Running');
  expect(stateAfter({ status: 'cancelled' }, 'Running', true)).toBe('Running');
});
