import type { Observable } from 'rxjs';
import type { ProcessExit } from './exit.ts';
import type { FromWorker, ToWorker } from './protocol.ts';

/** What a process is started with. */
export interface Launch {
  /** Absolute path of the module that is the worker. */
  readonly script: string;
  readonly args: readonly string[];
  /** Added to the environment of the primary; `undefined` takes a variable away. */
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly execArgv: readonly string[];
  /** Absolute paths of modules that it loads before it says hello. */
  readonly preload: readonly string[];
}

/** A child process, as the primary sees it. */
export interface WorkerProcess {
  /** 0 when it could not be started. */
  readonly pid: number;
  /**
   * What it says, checked; what is no message of ours is counted and dropped. Hot; completes with its end.
   */
  readonly messages$: Observable<FromWorker>;
  /** Its end; replays it. A process that could not be started errors with a `SpawnError`. */
  readonly exit$: Observable<ProcessExit>;
  /**
   * Sends a message, in order. Never throws: what does not reach a process that is gone is dropped, and what exceeds the
   * bound of the queue to one that does not read is dropped, the oldest first, where the kind allows that.
   *
   * @param handle - a listening handle or a socket that goes with it.
   * @param sent - called once: with `true` when it was handed over to the system, `false` when it never will be. A
   * process that dies meanwhile may not have read it.
   */
  send(message: ToWorker, handle?: unknown, sent?: (delivered: boolean) => void): void;
  kill(signal: NodeJS.Signals): void;
}

/** Starts processes: the one thing that tests of time replace. */
export type Processes = (launch: Launch) => WorkerProcess;
