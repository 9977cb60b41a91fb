/** A worker did not say that it is ready in the time it had; it was killed. */
export class ReadyTimeoutError extends Error {
  override readonly name = 'ReadyTimeoutError';
  readonly code = 'ERR_WORKER_READY_TIMEOUT';
  readonly pid: number;
  readonly timeoutMs: number;
  readonly hint: string;
  constructor(pid: number, timeoutMs: number, options?: ErrorOptions) {
    super(`process ${pid} was not ready within ${timeoutMs} ms`, options);
    this.pid = pid;
    this.timeoutMs = timeoutMs;
    this.hint =
      'its script says `context.ready()` or runs something with `context.run()`; `readyTimeoutMs` gives it longer';
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
