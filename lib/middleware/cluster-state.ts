import type { Observable } from 'rxjs';

/** A cluster, as far as middleware needs to know it: a stream of states that begins with the present one. */
export interface Stateful {
  readonly state$: Observable<string>;
}

/** The latest state of every cluster that middleware asked for; one subscription each, however many ask. */
const latest = new WeakMap<Stateful, { state: string }>();

const observe = (cluster: Stateful): { readonly state: string } => {
  const known = latest.get(cluster);
  if (known !== undefined) return known;
  const seen = { state: 'New' };
  latest.set(cluster, seen);
  // Ends with the cluster: `state$` completes when it has stopped.
  cluster.state$.subscribe((state) => {
    seen.state = state;
  });
  return seen;
};

/** Reads the state of a cluster whenever it is asked. */
export const stateOf = (cluster: Stateful | (() => string)): (() => string) => {
  if (typeof cluster === 'function') return cluster;
  const seen = observe(cluster);
  return () => seen.state;
};
