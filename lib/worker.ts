export type { Listeners } from './listener/listener.ts';
export type { Runnable } from './supervision/runnable.ts';
export type { DrainRequest } from './workers/drain.ts';
export {
  NotAWorkerError,
  ProtocolError,
  RunnableError,
  StatisticsTimeoutError,
} from './workers/errors.ts';
export type { NodeServer } from './workers/node-server.ts';
export type { Sharing } from './workers/protocol.ts';
export type { CollectedStats } from './workers/statistics.ts';
export type { WorkerTopic } from './workers/topic.ts';
export { isWorker, type WorkerContext, workerContext } from './workers/worker-context.ts';
