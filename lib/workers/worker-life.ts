import type { Observable } from 'rxjs';
import type { DrainRequest } from './drain.ts';
import type { ExitIntent, WorkerExit } from './exit.ts';
import type { Heartbeat } from './heartbeat.ts';
import type { WorkerProcess } from './worker-process.ts';

/**
 * One process from its start to its end: `booting` until it has said hello, `waiting` as a spare without a slot,
 * `starting` from its assignment on, `ready`, `draining`, `exited`.
 */
export type LifePhase = 'booting' | 'waiting' | 'starting' | 'ready' | 'draining' | 'exited';

export interface LifeStatus {
  readonly phase: LifePhase;
  /** `performance.now()` of its `ready`; 0 before. */
  readonly readyAt: number;
  readonly heartbeat?: Heartbeat;
  /** Of `exited`. */
  readonly exit?: WorkerExit;
}

/** Something about a process that is reason to replace it, or to tell somebody. */
export type Complaint =
  /** Nothing was heard of it for so many milliseconds: its loop is blocked, or it was stopped. */
  | { readonly type: 'unresponsive'; readonly silentMs: number }
  /** It beats again before it was given up. */
  | { readonly type: 'responsive' }
  /** It holds more memory than it may. */
  | { readonly type: 'memory'; readonly rssBytes: number }
  | { readonly type: 'age'; readonly ageMs: number };

/** A process while it lives, and what can be done to it. */
export interface WorkerLife {
  readonly process: WorkerProcess;
  readonly status: LifeStatus;
  /** Hot; replays the present status; completes after `exited`. */
  readonly status$: Observable<LifeStatus>;
  /** Hot; completes with the end. */
  readonly complaints$: Observable<Complaint>;
  /** Asks it to leave; at the deadline it is killed. The first intent counts, the earliest deadline wins. */
  drain(request: DrainRequest, intent: ExitIntent): void;
  /** Ends it now. */
  kill(intent: ExitIntent): void;
}
