import { Subscription } from 'rxjs';
import type { Runnable } from '../supervision/runnable.ts';
import type { DrainRequest } from './drain.ts';
import { RunnableError } from './errors.ts';
import { watchRunnable } from './runnable-load.ts';
import type { WorkerRuntime } from './runtime.ts';

/** What a worker runs through its context. */
export interface Runs {
  run(runnable: Runnable): Promise<void>;
}

/** The part of a deadline that is kept back: who is cut off at the last moment still has to be told, and the process to end. */
const KEPT_BACK = 0.1;
const KEPT_BACK_MS = 500;

/** Milliseconds that a runnable has to drain when its process has so many. */
export const drainTimeoutMs = (deadlineMs: number): number =>
  Math.max(0, Math.floor(deadlineMs - Math.min(deadlineMs * KEPT_BACK, KEPT_BACK_MS)));

/**
 * Runs runnables for as long as the worker lives: says `ready` when all of them are `Running`.
 *
 * @param report - what is thrown by a runnable that nobody waits for any more.
 */
export const createRuns = (
  runtime: Pick<WorkerRuntime, 'ready' | 'hold' | 'load'>,
  report: (error: unknown) => void,
): Runs => {
  /** Those that are not `Running` yet. */
  const starting = new Set<Runnable>();

  const begun = (runnable: Runnable): void => {
    if (starting.delete(runnable) && starting.size === 0) runtime.ready();
  };

  const stop = async (runnable: Runnable, { deadlineMs, handOver }: DrainRequest): Promise<void> => {
    // A cluster knows what it means to hand over; to others it says nothing.
    const options = { drainTimeoutMs: drainTimeoutMs(deadlineMs), handOver };
    await runnable.stop(options);
  };

  return {
    run: (runnable) => {
      starting.add(runnable);
      const life = new Subscription();
      return new Promise<void>((resolve, reject) => {
        let leaving = false;
        let started = false;
        const end = (settle: () => void): void => {
          if (life.closed) return;
          // Whoever has failed is waited for by nobody, and keeps nobody from being ready.
          starting.delete(runnable);
          life.unsubscribe();
          settle();
        };
        const fail = (cause: unknown): void => {
          if (leaving || life.closed) {
            report(cause);
            return;
          }
          end(() => reject(cause instanceof Error ? cause : new RunnableError(runnable.name, { cause })));
          // What it had taken is let go of, whatever becomes of this process.
          if (started) void (async () => runnable.stop())().catch(report);
        };
        life.add(watchRunnable(runnable, runtime));
        life.add(
          runtime.hold(async (request) => {
            leaving = true;
            try {
              await stop(runnable, request);
            } finally {
              end(resolve);
            }
          }),
        );
        if (leaving) return;
        let isRunning = false;
        life.add(
          runnable.state$.subscribe({
            next: (state) => {
              if (state === 'Running') {
                isRunning = true;
                begun(runnable);
              } else if (state === 'Error') fail(runnable.error ?? new RunnableError(runnable.name));
              else if (state === 'Stopped' && !leaving) end(resolve);
            },
            error: fail,
            complete: () => {
              // One that had nothing more to tell before it began than that it runs does so until it is stopped.
              if (!leaving && (started || !isRunning)) end(resolve);
            },
          }),
        );
        if (life.closed) return;
        started = true;
        void (async () => runnable.start())().catch(fail);
      });
    },
  };
};
