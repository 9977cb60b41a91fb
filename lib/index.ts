export { type Cluster, createCluster, type StopOptions, type StopReport } from './cluster/cluster.ts';
export { CLUSTER_TRANSITIONS, type ClusterState } from './cluster/cluster-state.ts';
export { OptionsError, StartTimeoutError } from './cluster/errors.ts';
export { httpCluster } from './cluster/http-cluster.ts';
export type { ClusterOptions } from './cluster/options.ts';
export type { Outcome, Refusal } from './cluster/outcome.ts';
export type { Change, Plan } from './cluster/plan.ts';
export type { ClusterSnapshot, Draining, ServerConfigView, ServerSnapshot } from './cluster/snapshot.ts';
export { drainSignal } from './server/http/drain-signal.ts';
