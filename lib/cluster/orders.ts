import type { CommitMode } from '../config/server-config.ts';

/** How long a stop may take. */
export interface StopOptions {
  /** Milliseconds for every server to finish what it accepted, instead of their own `drainTimeoutMs`; 0 cuts at once. */
  readonly drainTimeoutMs?: number;
}

/** How one config is committed. */
export interface ApplyOptions {
  /** All or nothing, or every server for itself; as the cluster's options say by default. */
  readonly commit?: CommitMode;
}

/** How a stop went. */
export interface StopReport {
  /** Connections that had something unfinished when they were cut. */
  readonly cut: number;
  readonly durationMs: number;
}
