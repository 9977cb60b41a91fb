import type { CommitMode } from '../config/server-config.ts';
import type { Refusal } from './outcome.ts';

/** How long a stop may take. */
export interface StopOptions {
  /** Milliseconds for every server to finish what it accepted, instead of their own `drainTimeoutMs`; 0 cuts at once. */
  readonly drainTimeoutMs?: number;
  /**
   * Somebody else accepts at the same addresses: they are let go of at once, and only connections are waited for.
   * `false` by default: an address is held until nobody connects to it any more.
   */
  readonly handOver?: boolean;
}

/** How one config is committed. */
export interface ApplyOptions {
  /** All or nothing, or every server for itself; as the cluster's options say by default. */
  readonly commit?: CommitMode;
  /**
   * Asked once everything has been prepared, and before any of it is put in force: fulfilment puts it in force, rejection
   * undoes it (`rolledBack` with that cause). Not asked when there is nothing to change or something cannot be prepared.
   *
   * This is the first half of a commit over several clusters: all prepare, then all switch, or none does. Meanwhile the
   * cluster serves as before, and later configs wait.
   *
   * @param refused - servers that stay behind (`commit: 'independent'`).
   */
  readonly confirm?: (refused: readonly Refusal[]) => Promise<unknown>;
}

/** How a stop went. */
export interface StopReport {
  /** Connections that had something unfinished when they were cut. */
  readonly cut: number;
  readonly durationMs: number;
}
