/** The states of a cluster. */
export type ClusterState = 'New' | 'Booting' | 'Running' | 'Reloading' | 'Stopping' | 'Stopped' | 'Error';

/**
 * Which state may follow which; nothing else happens.
 *
 * - `New` nothing was started. `Booting` the first config is being put in force.
 * - `Running` what was applied last runs. `Reloading` a config is being put in force while the old one serves.
 * - `Stopping` what was accepted is being finished. `Stopped` nothing runs; starting again leads through `New`.
 * - `Error` there is nothing to fall back to: the first config failed, or the old one could not be put back. The next
 *   good config leads out of it.
 *
 * These are the legal transitions of go-supervisor's `httpcluster` (go-fsm's "typical" table), and `Error → Reloading`,
 * which that runnable forces past its table to recover.
 */
export const CLUSTER_TRANSITIONS: Readonly<Record<ClusterState, readonly ClusterState[]>> = {
  New: ['Booting', 'Error'],
  Booting: ['Running', 'Error'],
  Running: ['Reloading', 'Stopping', 'Error'],
  Reloading: ['Running', 'Error'],
  Stopping: ['Stopped', 'Error'],
  Stopped: ['New', 'Error'],
  Error: ['Error', 'Reloading', 'Stopping', 'Stopped'],
};

/** Whether `to` may follow `from`. */
export const isTransition = (from: ClusterState, to: ClusterState): boolean => CLUSTER_TRANSITIONS[from].includes(to);
