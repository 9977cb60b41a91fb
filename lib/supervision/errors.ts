/** A runnable that failed: while it was being started, or later by itself. What it failed with is the `cause`. */
export class RunnableError extends Error {
  override readonly name = 'RunnableError';
  readonly code = 'ERR_RUNNABLE';
  /** The name of the runnable. */
  readonly runnable: string;
  readonly phase: 'start' | 'run';

  constructor(runnable: string, phase: 'start' | 'run', options?: ErrorOptions) {
    super(phase === 'start' ? `runnable ${runnable} failed to start` : `runnable ${runnable} failed`, options);
    this.runnable = runnable;
    this.phase = phase;
  }
}

/** A runnable that was not `Running` in time. */
export class StartTimeoutError extends Error {
  override readonly name = 'StartTimeoutError';
  readonly code = 'ERR_START_TIMEOUT';
  readonly hint = 'a runnable is ready when its state$ emits Running; startTimeoutMs says how long it may take';
  /** The name of the runnable. */
  readonly runnable: string;
  readonly timeoutMs: number;
  /** The last state it reported, if it reported any. */
  readonly state: string | undefined;

  constructor(runnable: string, timeoutMs: number, state: string | undefined) {
    super(`timeout: runnable ${runnable} is ${state ?? 'in no state'} ${timeoutMs} ms after it was started`);
    this.runnable = runnable;
    this.timeoutMs = timeoutMs;
    this.state = state;
  }
}

/** Something to be supervised that cannot be started, stopped or listened to. */
export class NotRunnableError extends TypeError {
  override readonly name = 'NotRunnableError';
  readonly code = 'ERR_NOT_RUNNABLE';
  readonly hint = 'a runnable has start(), stop() and an Observable state$, as a cluster has';
  /** Which one, counted from 1. */
  readonly position: number;
  readonly missing: readonly string[];

  constructor(position: number, missing: readonly string[]) {
    super(`runnable ${position} has no ${missing.join(', ').replace(/, ([^,]+)$/, ' or $1')}`);
    this.position = position;
    this.missing = missing;
  }
}
