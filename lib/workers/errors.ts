import type { ProcessExit, WorkerExit } from './exit.ts';

/** A worker did not say that it is ready in the time it had; it was killed. */
export class ReadyTimeoutError extends Error {
  override readonly name = 'ReadyTimeoutError';
  readonly code = 'ERR_WORKER_READY_TIMEOUT';
  readonly pid: number;
  readonly timeoutMs: number;
  readonly hint = '`readyTimeoutMs` gives it longer';
  constructor(pid: number, timeoutMs: number, options?: ErrorOptions) {
    super(
      `process ${pid} was not ready within ${timeoutMs} ms: its script says context.ready(), or runs something with context.run()`,
      options,
    );
    this.pid = pid;
    this.timeoutMs = timeoutMs;
  }
}

/** A process speaks another version of the messages between primary and workers; it was killed. */
export class ProtocolError extends Error {
  override readonly name = 'ProtocolError';
  readonly code = 'ERR_WORKER_PROTOCOL';
  readonly pid: number;
  /** What the process speaks, and the release it is of. */
  readonly protocol: number;
  readonly version: string;
  readonly hint =
    'its script loads another release of sluice than the primary; after an update the primary is started anew';
  constructor(pid: number, spoken: { readonly protocol: number; readonly version: string }, expected: number) {
    super(`process ${pid} speaks version ${spoken.protocol} of the protocol of workers, not ${expected}`);
    this.pid = pid;
    this.protocol = spoken.protocol;
    this.version = spoken.version;
  }
}

/** A worker ended in a way nobody asked for, and did not say why. */
export class WorkerCrashError extends Error {
  override readonly name = 'WorkerCrashError';
  readonly code = 'ERR_WORKER_CRASH';
  readonly pid: number;
  readonly exitCode: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly hint = 'what it wrote to its output before that may tell';
  constructor(pid: number, { code, signal }: ProcessExit) {
    super(`process ${pid} ${signal === null ? `ended with exit code ${code}` : `was ended by ${signal}`}`);
    this.pid = pid;
    this.exitCode = code;
    this.signal = signal;
  }
}

/** The replacement of a worker did not become ready in a rolling restart; the worker serves on. */
export class ReplacementError extends Error {
  override readonly name = 'ReplacementError';
  readonly code = 'ERR_WORKER_REPLACEMENT';
  readonly slot: number;
  readonly pid: number;
  readonly exit: WorkerExit | undefined;
  readonly hint = 'see the cause; the slots after it were not touched';
  constructor(slot: number, pid: number, exit: WorkerExit | undefined) {
    const cause = exit?.error ?? (exit === undefined ? undefined : new WorkerCrashError(pid, exit));
    super(`the replacement of worker ${slot} did not become ready`, { cause });
    this.slot = slot;
    this.pid = pid;
    this.exit = exit;
  }
}

/** A rolling restart could not let go of a worker: too few were active for too long. */
export class AvailabilityError extends Error {
  override readonly name = 'AvailabilityError';
  readonly code = 'ERR_WORKERS_AVAILABLE';
  readonly active: number;
  readonly minAvailable: number;
  readonly hint = 'see why workers do not come back, or allow fewer with `minAvailable`';
  constructor(active: number, minAvailable: number) {
    super(`a restart needs ${minAvailable} active workers, and there were ${active} for too long`);
    this.active = active;
    this.minAvailable = minAvailable;
  }
}

/** Something was asked of workers that their state does not allow. */
export class WorkersStateError extends Error {
  override readonly name = 'WorkersStateError';
  readonly code = 'ERR_WORKERS_STATE';
  /** What they were doing. */
  readonly state: string;
  readonly hint: string;
  constructor(asked: string, state: string, hint = 'it takes workers that are Running') {
    super(`${asked} while ${state}`);
    this.state = state;
    this.hint = hint;
  }
}

/** A process could not be started; `cause` has the system's word. */
export class SpawnError extends Error {
  override readonly name = 'SpawnError';
  readonly code = 'ERR_WORKER_SPAWN';
  /** The module it was to run. */
  readonly script: string;
  readonly hint = 'EAGAIN, EMFILE and ENOMEM are limits of this system; ENOENT says that the program of Node is gone';
  constructor(script: string, options?: ErrorOptions) {
    super(`no process could be started for ${script}`, options);
    this.script = script;
  }
}

/** Something that only a worker can do was asked for in another process. */
export class NotAWorkerError extends Error {
  override readonly name = 'NotAWorkerError';
  readonly code = 'ERR_NOT_A_WORKER';
  readonly hint = '`isWorker()` tells whether this process is a worker';
  constructor(message = 'this process is no worker') {
    super(message);
  }
}

/** A worker was to start workers of its own. */
export class NestedWorkersError extends Error {
  override readonly name = 'NestedWorkersError';
  readonly code = 'ERR_WORKER_NESTED';
  readonly hint = 'a script that is both asks `isWorker()` first, or the workers get a `script` of their own';
  constructor() {
    super('a worker cannot start workers');
  }
}

/** Addresses are shared in another way already, which cannot be changed once a process has started workers. */
export class SharingError extends Error {
  override readonly name = 'SharingError';
  readonly code = 'ERR_WORKER_SHARING';
  readonly sharing: string;
  readonly hint =
    'all workers of one process share alike; NODE_CLUSTER_SCHED_POLICY and `node:cluster` decide it as well';
  constructor(sharing: string) {
    super(`sharing cannot be '${sharing}': this process has begun to share addresses in another way`);
    this.sharing = sharing;
  }
}

/** The primary did not answer a worker in time. */
export class StatisticsTimeoutError extends Error {
  override readonly name = 'StatisticsTimeoutError';
  readonly code = 'ERR_WORKER_STATISTICS_TIMEOUT';
  readonly timeoutMs: number;
  readonly hint = 'the primary is busy, stopped or gone';
  constructor(timeoutMs: number) {
    super(`the primary did not tell the statistics within ${timeoutMs} ms`);
    this.timeoutMs = timeoutMs;
  }
}

/** Something that a worker ran has failed, and does not say why. */
export class RunnableError extends Error {
  override readonly name = 'RunnableError';
  readonly code = 'ERR_WORKER_RUNNABLE';
  readonly runnable: string | undefined;
  constructor(runnable: string | undefined, options?: ErrorOptions) {
    super(`${runnable ?? 'what the worker runs'} has failed`, options);
    this.runnable = runnable;
  }
}

/** No worker could be started, or none can be kept running any more. */
export class WorkersFailedError extends Error {
  override readonly name = 'WorkersFailedError';
  readonly code = 'ERR_WORKERS_FAILED';
  /** How many slots there were. */
  readonly count: number;
  /** That of the cause, when it has one. */
  readonly hint: string;
  constructor(count: number, when: 'start' | 'later', cause: Error | undefined) {
    const what = when === 'start' ? 'no worker could be started' : 'no worker can be kept running';
    super(cause === undefined ? what : `${what}: ${cause.message}`, { cause });
    this.count = count;
    this.hint =
      cause !== undefined && 'hint' in cause && typeof cause.hint === 'string'
        ? cause.hint
        : 'see the cause, which is what the first of them failed with';
  }
}
