import type { Observable, Unsubscribable } from 'rxjs';
import type { Listeners } from '../listener/listener.ts';
import type { Runnable } from '../supervision/runnable.ts';
import type { DrainRequest } from './drain.ts';
import type { Sharing } from './protocol.ts';
import type { CollectedStats } from './statistics.ts';
import type { WorkerTopic } from './topic.ts';

/** A server of Node that a context can let drain: `http.Server`, `https.Server`. */
export interface NodeServer {
  readonly listening: boolean;
  on(event: 'request' | 'connection', listener: (...args: never[]) => void): unknown;
  close(callback?: (error?: Error) => void): unknown;
}

/** What a worker knows of itself, and how it talks to the primary. */
export interface WorkerContext {
  /** 0 to count − 1; the process that takes over from this one has the same. */
  readonly slot: number;
  /** How many workers there are to be, as it is now. */
  readonly count: number;
  /** The port all of them serve; 0 for none. */
  readonly port: number;
  readonly sharing: Sharing;
  /** Sockets that the primary holds: `createCluster({ listeners: context.listeners })`. */
  readonly listeners: Listeners;
  /** Says that this worker can be given work. Once; later calls do nothing. */
  ready(): void;
  /** Emits when this worker is to leave, and completes; replays. Who subscribes says when it is done by ending the process, or by `exit`. */
  readonly drain$: Observable<DrainRequest>;
  /** Ends the process once everything that was handed to the context has drained. */
  exit(): Promise<never>;
  /** Starts a runnable, says `ready` when it is `Running`, and stops it when this worker is to leave. Rejects when it fails. */
  run(runnable: Runnable): Promise<void>;
  /** Lets a server of Node drain when this worker is to leave: clients are told with their last answer. */
  serve(server: NodeServer): void;
  /** Adds a number to every beat: counters are summed over workers and outlive them, gauges are kept apart. */
  contribute(kind: 'counter' | 'gauge', name: string, read: () => number): Unsubscribable;
  /**
   * Adds series to what the primary is told when it asks for them, and once more before this process ends. `read` may
   * take its time, up to what the primary waits; what it returns has to survive the way to another process.
   */
  expose(read: () => unknown): Unsubscribable;
  /** The numbers of all workers; asks each of them, and says who did not answer within `timeoutMs` (1 000). */
  stats(options?: { readonly timeoutMs?: number }): Promise<CollectedStats>;
  topic(name: string): WorkerTopic;
}
