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
  /** It had been given work, did not leave in time and was killed. */
  readonly forced: boolean;
  /** Milliseconds since the epoch. */
  readonly at: number;
  /** What it said of its failure before it ended. */
  readonly error?: Error;
}

/**
 * What the end of a process means.
 *
 * A `code` of `null` is a death by a signal and never a 0. An end is asked for when somebody had an `intent`; any other
 * is unexpected, and a crash unless its exit code is 0.
 *
 * @param killed - it was killed because it had not left in time. Whether that is what ended it is read from the end: it
 *   may have left by itself a moment before.
 */
export const classifyExit = (
  { code, signal }: ProcessExit,
  {
    intent,
    killed,
    at,
    error,
  }: {
    readonly intent: ExitIntent | undefined;
    readonly killed: boolean;
    readonly at: number;
    readonly error: Error | undefined;
  },
): WorkerExit => ({
  code,
  signal,
  ...(intent !== undefined && { intent }),
  crash: intent === undefined && code !== 0,
  forced: killed && signal === 'SIGKILL',
  at,
  ...(error !== undefined && { error }),
});
