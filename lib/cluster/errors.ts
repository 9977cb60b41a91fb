import type { Refusal } from './outcome.ts';

/** A server did not get its address within `startTimeoutMs`. */
export class BindTimeoutError extends Error {
  override readonly name = 'BindTimeoutError';
  readonly code = 'ERR_BIND_TIMEOUT';
  readonly address: string;
  readonly timeoutMs: number;
  readonly hint = 'a host name that does not resolve in time is the usual reason; write an IP address';
  constructor(address: string, timeoutMs: number) {
    super(`${address} was not bound within ${timeoutMs} ms`);
    this.address = address;
    this.timeoutMs = timeoutMs;
  }
}

/** What a server answers with was not ready within `startTimeoutMs`: a module that hangs, or a disk that does. */
export class BuildTimeoutError extends Error {
  override readonly name = 'BuildTimeoutError';
  readonly code = 'ERR_BUILD_TIMEOUT';
  readonly server: string;
  readonly timeoutMs: number;
  readonly hint = 'a module that waits for something while it is imported is the usual reason';
  constructor(server: string, timeoutMs: number) {
    super(`what server ${server} answers with was not ready within ${timeoutMs} ms`);
    this.server = server;
    this.timeoutMs = timeoutMs;
  }
}

/** A server was not started because one that it depends on stays behind, and does not run either. */
export class DependencyError extends Error {
  override readonly name = 'DependencyError';
  readonly code = 'ERR_DEPENDENCY';
  readonly server: string;
  /** What it depends on. */
  readonly dependency: string;
  readonly hint: string;
  constructor(server: string, dependency: string, options?: ErrorOptions) {
    super(`server ${server} was not started: it depends on ${dependency}, which cannot be`, options);
    this.server = server;
    this.dependency = dependency;
    this.hint = `see why ${dependency} stays behind`;
  }
}

/** A server was restarted as often as it may be because it was down, and still is: it is left alone. */
export class HealError extends Error {
  override readonly name = 'HealError';
  readonly code = 'ERR_HEAL';
  readonly server: string;
  /** Restarts that are allowed within `periodMs`. */
  readonly intensity: number;
  readonly periodMs: number;
  readonly hint = 'see what its check says; it is looked after on, and restarted again once it was well';
  constructor(
    server: string,
    { intensity, periodMs }: { readonly intensity: number; readonly periodMs: number },
    options?: ErrorOptions,
  ) {
    super(`server ${server} is still down after ${intensity} restarts in ${periodMs} ms`, options);
    this.server = server;
    this.intensity = intensity;
    this.periodMs = periodMs;
  }
}

/** Servers could not be prepared; inside a commit, where it becomes part of the outcome. */
export class UnpreparedError extends Error {
  override readonly name = 'UnpreparedError';
  readonly code = 'ERR_UNPREPARED';
  readonly refusals: readonly [Refusal, ...Refusal[]];
  constructor(refusals: readonly [Refusal, ...Refusal[]]) {
    super(`${refusals.map(({ server }) => server).join(', ')} cannot be prepared`, { cause: refusals[0].cause });
    this.refusals = refusals;
  }
}

/** Everything was prepared, and somebody else does not agree that it is put in force. Never leaves a commit. */
export class UnconfirmedError extends Error {
  override readonly name = 'UnconfirmedError';
  constructor(options: ErrorOptions) {
    super('the switch was not confirmed', options);
  }
}
