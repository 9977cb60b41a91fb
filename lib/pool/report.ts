/** What became of one server. */
export interface ServerReport {
  readonly server: string;
  readonly bind: string;
  /** `skipped`: it is disabled; or it was to be restarted, and had been stopped on purpose. */
  readonly status: 'started' | 'running' | 'stopped' | 'restarted' | 'skipped' | 'failed';
  /**
   * Why it does not run although it should; of one that has `stopped`, that connections had to be cut for it, as a
   * `PoolError` with `ERR_POOL_STOP`.
   */
  readonly error?: Error;
}

/** What became of all servers that were meant, in the order of the pool. */
export interface PoolReport {
  readonly servers: readonly ServerReport[];
  readonly durationMs: number;
  /** Connections that had something unfinished when they were cut; 0 unless something was stopped. */
  readonly cut: number;
}
