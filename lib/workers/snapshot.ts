import type { WorkerExit } from './exit.ts';
import type { Heartbeat } from './heartbeat.ts';
import type { WorkerState, WorkersState } from './worker-state.ts';

/** One slot as it is now. */
export interface WorkerSnapshot {
  /** 0 to count − 1; stays the same over all its processes. */
  readonly slot: number;
  readonly state: WorkerState;
  /** The process that serves for it; 0 while there is none. */
  readonly pid: number;
  /** The port it was given; 0 for none. */
  readonly port: number;
  /** When its process was started, milliseconds since the epoch; 0 before the first. */
  readonly startedAt: number;
  /** When it entered `state`, milliseconds since the epoch. */
  readonly since: number;
  /** Milliseconds its process has been active; 0 unless it is. */
  readonly uptimeMs: number;
  /** Processes after the first: respawns, replacements and rolling restarts alike. */
  readonly restarts: number;
  /** Ends that nobody asked for, since the start. */
  readonly crashes: number;
  /** How many of them count towards disabling it. */
  readonly recentCrashes: number;
  /** The process that boots, or is ready and takes over, beside the one that serves. */
  readonly replacement?: { readonly pid: number; readonly ready: boolean };
  readonly lastExit?: WorkerExit;
  /** Why it does not run. */
  readonly error?: Error;
  /** What it said of itself last; absent until it did. */
  readonly heartbeat?: Heartbeat;
}

/** All slots at one moment; never changes after it was handed out. */
export interface WorkersSnapshot {
  readonly state: WorkersState;
  /** How many slots there are to be. */
  readonly count: number;
  /** How many of them are active. */
  readonly active: number;
  /** A rolling restart is under way. */
  readonly restarting: boolean;
  /** By slot. */
  readonly workers: readonly WorkerSnapshot[];
  /** Booted processes that wait for a slot. */
  readonly spares: number;
  /** Why the state is `Error`. */
  readonly error?: Error;
}
