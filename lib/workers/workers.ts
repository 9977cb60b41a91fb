import type { Observable } from 'rxjs';
import type { StopOptions } from '../cluster/orders.ts';
import type { Runnable } from '../supervision/runnable.ts';
import type { WorkersEvent } from './event.ts';
import type { RestartReport } from './restart-report.ts';
import type { WorkerSnapshot, WorkersSnapshot } from './snapshot.ts';
import type { Sockets } from './sockets.ts';
import type { CollectedStats, CollectOptions, WorkerReport, WorkersStats } from './statistics.ts';
import type { PrimaryTopic } from './topic.ts';
import type { WorkersState } from './worker-state.ts';

/** How a stop of all workers went. */
export interface WorkersStopReport {
  /** Slots whose process did not leave in time and was killed. */
  readonly forced: readonly number[];
  readonly durationMs: number;
}

/** Several processes, each in a slot of its own, that are started, watched, replaced and stopped. */
export interface Workers extends AsyncDisposable, Runnable {
  readonly name: string;
  /** Every state in order. Hot; replays the latest; never errors; completes after `Stopped` or `Error`. */
  readonly state$: Observable<WorkersState>;
  /** All slots, a new snapshot after every turn in which something changed. Hot; replays the latest; never errors; completes with the end. */
  readonly workers$: Observable<WorkersSnapshot>;
  /** What happens, in order. Hot, without replay; never errors; completes with the end. */
  readonly events$: Observable<WorkersEvent>;
  readonly snapshot: WorkersSnapshot;
  /** Why the state is `Error`. */
  readonly error: Error | undefined;
  /** What a program that ran nothing else should exit with: 0, or 1 when no slot could be kept running or one had to be killed. */
  readonly exitCode: 0 | 1;
  /** Sockets that the primary holds. */
  readonly sockets: Sockets;
  /** Starts every slot, one after the other; resolves when all are active. Rejects, with nothing left running, when none can be started. */
  start(): Promise<void>;
  /** Lets every worker finish, then kills who is late. A second call with a shorter time shortens it. Never rejects. */
  stop(options?: StopOptions): Promise<WorkersStopReport>;
  /** Replaces every worker, one slot after the other, each when its replacement is ready. Never rejects. */
  restart(): Promise<RestartReport>;
  /** Sends a signal to every active worker. */
  signal(name: NodeJS.Signals): void;
  /** Gives a slot that was disabled, or has ended, another chance, with no crash to its name. Resolves when it is active, rejects when it could not be. */
  enable(slot: number): Promise<void>;
  /** Changes how many there are: new slots are started, the last ones leave. Resolves when it is so. */
  scale(count: number | 'auto' | 'physical'): Promise<void>;
  /** Numbers as they were last heard of. */
  stats(): WorkersStats;
  /** One slot; throws an `OptionsError` when there is none of that number. */
  workerStats(slot: number): WorkerSnapshot;
  /**
   * Asks every worker for its numbers; resolves after `timeoutMs` (1 000) at the latest, and says who is missing. With
   * `series` they report what they expose as well, on `reports$`. Those who ask at once share the answers.
   */
  collect(options?: CollectOptions): Promise<CollectedStats>;
  /** What processes report when they are asked to and before they end, and their ends. Hot; completes with the end. */
  readonly reports$: Observable<WorkerReport>;
  /** Messages under a name that the workers know. */
  topic(name: string): PrimaryTopic;
}
