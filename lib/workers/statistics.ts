import type { Heartbeat } from './heartbeat.ts';
import type { WorkerSnapshot, WorkersSnapshot } from './snapshot.ts';
import type { WorkerState } from './worker-state.ts';

/** Numbers of all workers together. */
export interface WorkersStats {
  /** Slots there are to be. */
  readonly total: number;
  readonly active: number;
  readonly starting: number;
  readonly stopping: number;
  /** Ended in a way nobody asked for, and not back yet. */
  readonly crashed: number;
  /** Ended because they were told to, or by themselves without a failure. */
  readonly stopped: number;
  readonly disabled: number;
  /** Processes after the first of every slot. */
  readonly restarts: number;
  /** Ends that nobody asked for. */
  readonly crashes: number;
  /** `stop` was called. */
  readonly shuttingDown: boolean;
  /** A rolling restart is under way. */
  readonly restarting: boolean;
  /** Summed over the last beats of all processes that live: a slot that is being replaced has two. */
  readonly connections: number;
  readonly inFlight: number;
  readonly rssBytes: number;
  /** Over all processes there were: what ended ones counted last stays in it. */
  readonly requests: number;
  /** Contributions that are counters, by name; over all processes there were. */
  readonly counters: Readonly<Record<string, number>>;
}

/** What was collected from every worker at one moment. */
export interface CollectedStats extends WorkersStats {
  readonly workers: readonly WorkerSnapshot[];
  /** Slots that did not answer in time, and are there with what they said last. */
  readonly missing: readonly number[];
  /** Everybody who should answer did. */
  readonly complete: boolean;
}

/** How numbers are collected. */
export interface CollectOptions {
  /** Milliseconds that workers have to answer; 1 000 by default, 0 asks nobody. */
  readonly timeoutMs?: number;
  /** Ask for what they expose as well; `false` by default. */
  readonly series?: boolean;
}

/** What a process said of itself when it was asked, or before it ended; and that it has ended. */
export type WorkerReport = { readonly slot: number; readonly pid: number } & (
  | {
      readonly type: 'report';
      readonly beat: Heartbeat;
      /** All that it exposes; nothing when it was not asked for that. */
      readonly series: readonly unknown[];
    }
  | { readonly type: 'ended' }
);

/** What can be told from the states of slots alone. Pure. */
export const countStates = ({
  count,
  state,
  restarting,
  workers,
}: WorkersSnapshot): Pick<
  WorkersStats,
  'total' | 'active' | 'starting' | 'stopping' | 'crashed' | 'stopped' | 'disabled' | 'shuttingDown' | 'restarting'
> => {
  const among = (...states: readonly WorkerState[]): number =>
    workers.filter((worker) => states.includes(worker.state)).length;
  return {
    total: count,
    active: among('active'),
    starting: among('starting'),
    stopping: among('stopping'),
    crashed: among('crashed', 'respawning'),
    stopped: among('stopped'),
    disabled: among('disabled'),
    shuttingDown: state === 'Stopping' || state === 'Stopped',
    restarting,
  };
};
