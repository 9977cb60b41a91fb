/** What a commit does to one server. */
export interface Change {
  readonly server: string;
  /**
   * - `start`: it did not run.
   * - `update`: it stays on its address; what answers there, or its limits, are exchanged in one turn.
   * - `move`: it answers on another address from now on.
   * - `restart`: it is stopped first and started again (`strategy: 'stop-then-start'`).
   * - `stop`: it finishes what it accepted, then leaves.
   */
  readonly action: 'start' | 'update' | 'move' | 'restart' | 'stop';
  /** Where it answered before; absent for `start`. */
  readonly from?: string;
  /** Where it answers afterwards; absent for `stop`. */
  readonly to?: string;
}

/** What a commit would do, or did: pure data. */
export interface Plan {
  readonly changes: readonly Change[];
  /** Addresses nobody holds yet, in the order in which they are bound. */
  readonly bind: readonly string[];
  /** Addresses nobody wants any more. */
  readonly release: readonly string[];
  /** Servers that are not touched. */
  readonly unchanged: readonly string[];
}
