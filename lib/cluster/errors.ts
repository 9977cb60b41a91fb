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
