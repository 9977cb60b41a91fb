export type { Rounding } from './cpus/count-cpus.ts';
export { availableCpus, type CpuOptions, physicalCpus } from './cpus/cpus.ts';
export { UnsupportedSharingError } from './listener/errors.ts';
export { clusterWorkers } from './worker-cluster/cluster-workers.ts';
export {
  CatchUpError,
  NoWorkersError,
  PrepareTimeoutError,
  UndeliveredError,
  WorkerCommitError,
  type WorkerIdentity,
  WorkerLostError,
  WorkerServerError,
  WorkerSilentError,
} from './worker-cluster/errors.ts';
export type {
  WorkerApplyOptions,
  WorkerCluster,
  WorkerClusterConfig,
  WorkerClusterOptions,
  WorkerClusterSnapshot,
  WorkerClusterStopReport,
  WorkerDetail,
} from './worker-cluster/worker-cluster.ts';
export { createWorkers } from './workers/create-workers.ts';
export type { DrainRequest } from './workers/drain.ts';
export {
  AvailabilityError,
  NestedWorkersError,
  NotAWorkerError,
  ProtocolError,
  ReadyTimeoutError,
  ReplacementError,
  RunnableError,
  SharingError,
  SpawnError,
  StatisticsTimeoutError,
  WorkerCrashError,
  WorkersFailedError,
  WorkersStateError,
} from './workers/errors.ts';
export type { WorkersEvent } from './workers/event.ts';
export type { ExitIntent, ProcessExit, WorkerExit } from './workers/exit.ts';
export type { Heartbeat } from './workers/heartbeat.ts';
export type { NodeServer } from './workers/node-server.ts';
export type { RespawnBackoff, WorkersOptions } from './workers/options.ts';
export type { Sharing } from './workers/protocol.ts';
export type { RestartReport } from './workers/restart-report.ts';
export type { WorkerSnapshot, WorkersSnapshot } from './workers/snapshot.ts';
export type { HeldSocket, Sockets } from './workers/sockets.ts';
export type { CollectedStats, CollectOptions, WorkerReport, WorkersStats } from './workers/statistics.ts';
export type { PrimaryTopic, TopicMessage, WorkerTopic } from './workers/topic.ts';
export { isWorker, type WorkerContext, workerContext } from './workers/worker-context.ts';
export type { WorkerState, WorkersState } from './workers/worker-state.ts';
export type { Workers, WorkersStopReport } from './workers/workers.ts';
