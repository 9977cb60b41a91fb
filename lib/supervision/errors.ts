/**
 * A runnable that failed: while it was being started, or later by itself. What it failed with is the `cause`. In a
 * composite also one that ended by itself and should not have; such an end has no cause.
 */
export class RunnableError extends Error {
  override readonly name = 'RunnableError';
  readonly code = 'ERR_RUNNABLE';
  /** The name of the runnable. */
  readonly runnable: string;
  readonly phase: 'start' | 'run' | 'end';

  constructor(runnable: string, phase: 'start' | 'run' | 'end', options?: ErrorOptions) {
    super(`runnable ${runnable} ${whatHappened[phase]}`, options);
    this.runnable = runnable;
    this.phase = phase;
  }
}

const whatHappened = { start: 'failed to start', run: 'failed', end: 'ended by itself' } as const;

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

/** One child of a composite that was no more too often: the `cause` is what happened to it last. */
export class CrashLoopError extends Error {
  override readonly name = 'CrashLoopError';
  readonly code = 'ERR_CRASH_LOOP';
  readonly hint = 'restart.intensity crashes within restart.periodMs are answered with a restart, one more is not';
  /** The name of the composite that gave up. */
  readonly composite: string;
  readonly child: string;
  /** How often it was no more within `periodMs`, this time included. */
  readonly count: number;
  readonly periodMs: number;

  constructor(composite: string, child: string, count: number, periodMs: number, options?: ErrorOptions) {
    super(`${child} of ${composite} crashed ${count === 1 ? 'once' : `${count} times`} within ${periodMs} ms`, options);
    this.composite = composite;
    this.child = child;
    this.count = count;
    this.periodMs = periodMs;
  }
}

/** Members a composite cannot be made of, or none at all in time. */
export class MembersError extends Error {
  override readonly name = 'MembersError';
  readonly code = 'ERR_MEMBERS';
  readonly composite: string;
  /** What is wrong, one sentence each. */
  readonly problems: readonly string[];

  constructor(composite: string, problems: readonly string[], options?: ErrorOptions) {
    super(`the members of ${composite} cannot be used: ${problems.join(', ')}`, options);
    this.composite = composite;
    this.problems = problems;
  }
}

/** One child of a composite, and what it failed with. */
export interface ChildFailure {
  readonly child: string;
  readonly cause: unknown;
}

/** Children of a composite that could not read their configuration again; the others have. */
export class ReloadError extends Error {
  override readonly name = 'ReloadError';
  readonly code = 'ERR_RELOAD';
  readonly composite: string;
  /** Every child that failed, in order; the `cause` of the error is that of the first. */
  readonly failures: readonly ChildFailure[];

  constructor(composite: string, failures: readonly ChildFailure[]) {
    super(`${failures.map(({ child }) => child).join(', ')} of ${composite} failed to reload`, {
      cause: failures[0]?.cause,
    });
    this.composite = composite;
    this.failures = failures;
  }
}

/** A runnable that did not take another configuration in time; it may still get there. */
export class ReloadTimeoutError extends Error {
  override readonly name = 'ReloadTimeoutError';
  readonly code = 'ERR_RELOAD_TIMEOUT';
  /** The name of the runnable. */
  readonly runnable: string;
  readonly timeoutMs: number;

  constructor(runnable: string, timeoutMs: number) {
    super(`timeout: runnable ${runnable} has not reloaded within ${timeoutMs} ms`);
    this.runnable = runnable;
    this.timeoutMs = timeoutMs;
  }
}

/**
 * What a log line says of an error. One that was made here is put in words: its stack shows nothing but this library, and
 * what it wraps had a line of its own when it came.
 */
export const inWords = (error: unknown): unknown => {
  const isOurs = [RunnableError, CrashLoopError, ReloadError].some((kind) => error instanceof kind);
  if (!isOurs || !(error instanceof Error)) return error;
  const causes: string[] = [];
  for (let next: unknown = error; next instanceof Error; next = next.cause) causes.push(next.message);
  return causes.join(': ');
};
