import type { ClusterState } from './cluster-state.ts';
import type { Outcome } from './outcome.ts';

/** What became of a request, without its number and its time. */
export type Verdict = Outcome extends infer O
  ? O extends Outcome
    ? Omit<O, 'revision' | 'durationMs'>
    : never
  : never;

/**
 * Where a verdict leaves the cluster. Pure.
 *
 * A bad config is no reason to call a cluster broken: what ran before still runs. `Error` is for having nothing to fall
 * back to: no config was ever in force, or the one that was could not be put back.
 *
 * @param state - before the verdict.
 * @param applied - whether any config is in force.
 */
export const stateAfter = (verdict: Verdict, state: ClusterState, applied: boolean): 'Running' | 'Error' => {
  switch (verdict.status) {
    case 'committed':
    case 'unchanged':
    case 'superseded':
    case 'cancelled':
      return 'Running';
    case 'rejected':
      return applied && state !== 'Error' ? 'Running' : 'Error';
    case 'rolledBack':
      return applied && state !== 'Error' && verdict.unrestored.length === 0 ? 'Running' : 'Error';
  }
};
