import type { Cause } from '../cluster/outcome.ts';

/** Which process something is about. */
export interface WorkerIdentity {
  readonly slot: number;
  readonly pid: number;
}

/** How many causes of causes are looked at. */
const MOST_CAUSES = 8;

/** The first hint on the way down. */
const hintOf = (cause: unknown, depth = 0): string | undefined => {
  if (!(cause instanceof Error) || depth === MOST_CAUSES) return undefined;
  const hint: unknown = 'hint' in cause ? cause.hint : undefined;
  return typeof hint === 'string' ? hint : hintOf(cause.cause, depth + 1);
};

/** One worker kept a commit from being put in force in any; `cause` is what it said. */
export class WorkerCommitError extends Error {
  override readonly name = 'WorkerCommitError';
  readonly code = 'ERR_WORKER_COMMIT';
  readonly slot: number;
  readonly pid: number;
  readonly hint: string | undefined;
  constructor({ slot, pid }: WorkerIdentity, cause: Cause) {
    super(`worker ${slot} (process ${pid}): ${cause.message}`, { cause });
    this.slot = slot;
    this.pid = pid;
    this.hint = hintOf(cause);
  }
}

/** A worker ended while it prepared a config. */
export class WorkerLostError extends Error {
  override readonly name = 'WorkerLostError';
  readonly code = 'ERR_WORKER_LOST';
  readonly hint = 'see why it ended: the events of the workers and their log say so';
  constructor() {
    super('it ended before it had prepared the config');
  }
}

/** A config did not reach a worker. */
export class UndeliveredError extends Error {
  override readonly name = 'UndeliveredError';
  readonly code = 'ERR_WORKER_UNDELIVERED';
  readonly hint = 'it has just ended, or it stands still, with more waiting for it than is kept';
  constructor() {
    super('the config did not reach it');
  }
}

/** A worker that was to prepare a config does not beat any more: its loop is blocked, or it was stopped. */
export class WorkerSilentError extends Error {
  override readonly name = 'WorkerSilentError';
  readonly code = 'ERR_WORKER_SILENT';
  readonly silentMs: number;
  readonly hint = 'code that never gives way is the usual reason; the worker is replaced';
  constructor(silentMs: number) {
    super(`nothing has been heard of it for ${silentMs} ms`);
    this.silentMs = silentMs;
  }
}

/** A worker did not say within `prepareTimeoutMs` whether it has prepared a config. */
export class PrepareTimeoutError extends Error {
  override readonly name = 'PrepareTimeoutError';
  readonly code = 'ERR_WORKER_PREPARE_TIMEOUT';
  readonly timeoutMs: number;
  readonly hint = 'a module that waits for something while it is imported is the usual reason; see `prepareTimeoutMs`';
  constructor(timeoutMs: number) {
    super(`it had not prepared the config within ${timeoutMs} ms`);
    this.timeoutMs = timeoutMs;
  }
}

/** There is no worker that a config could be put in force in. */
export class NoWorkersError extends Error {
  override readonly name = 'NoWorkersError';
  readonly code = 'ERR_WORKERS_ABSENT';
  readonly hint = 'see why none runs: the snapshot of the workers has the last exit of each slot';
  constructor(options?: ErrorOptions) {
    super('no worker runs that could prepare the config', options);
  }
}

/** A process was sent a config that is in force, and cannot run it; it ends, and is tried again as after any crash. */
export class CatchUpError extends Error {
  override readonly name = 'CatchUpError';
  readonly code = 'ERR_WORKER_CATCH_UP';
  readonly hint: string | undefined;
  constructor(cause: Error) {
    super(`the config in force cannot be run by this worker: ${cause.message}`, { cause });
    this.hint = hintOf(cause);
  }
}

/** A server does not run in a worker, or is not well there; `cause` is what the worker says of it. */
export class WorkerServerError extends Error {
  override readonly name = 'WorkerServerError';
  readonly code = 'ERR_WORKER_SERVER';
  readonly slot: number;
  readonly pid: number;
  readonly hint: string | undefined;
  constructor({ slot, pid }: WorkerIdentity, cause: Error) {
    super(`in worker ${slot} (process ${pid}): ${cause.message}`, { cause });
    this.slot = slot;
    this.pid = pid;
    this.hint = hintOf(cause);
  }
}
