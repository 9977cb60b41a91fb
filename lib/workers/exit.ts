/** How a process ended, as the system tells it: one of the two is `null`. */
export interface ProcessExit {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
}

/** Why somebody meant it to end; `undefined` where nobody did. */
export type ExitIntent = 'stop' | 'restart' | 'scale' | 'unready' | 'unresponsive' | 'memory' | 'age' | 'abandoned';

/** How a worker ended, and what that means. */
export interface WorkerExit extends ProcessExit {
  /** What it was told to end for; absent when nobody told it. */
  readonly intent?: ExitIntent;
  /** It failed: nobody asked for its end, and it was killed by a signal or had an exit code other than 0. */
  readonly crash: boolean;
  /** It did not leave in time and was killed. */
  readonly forced: boolean;
  /** Milliseconds since the epoch. */
  readonly at: number;
  /** What it said of its failure before it ended. */
  readonly error?: Error;
}
