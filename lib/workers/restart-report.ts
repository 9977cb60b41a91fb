/** What a rolling restart came to. Every slot is in exactly one of the lists. */
export interface RestartReport {
  /**
   * - `done`: every slot that ran has a new process.
   * - `aborted`: a replacement did not become ready; its slot and the later ones have their old processes.
   * - `refused`: nothing was done, because a restart or the end is under way, or nothing runs.
   */
  readonly status: 'done' | 'aborted' | 'refused';
  /** Slots with a new process. */
  readonly replaced: readonly number[];
  /** Slots that were not touched. */
  readonly kept: readonly number[];
  /** The slot whose replacement did not become ready; its old process serves on. */
  readonly failed: readonly number[];
  /** Slots whose old process did not leave in time and was killed. */
  readonly forced: readonly number[];
  readonly durationMs: number;
  /** Why it was aborted or refused. */
  readonly cause?: Error;
}
