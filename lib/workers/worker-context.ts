import { Observable, type Unsubscribable } from 'rxjs';
import type { Listeners } from '../listener/listener.ts';
import { guarded } from '../reactive/guarded.ts';
import type { Runnable } from '../supervision/runnable.ts';
import type { DrainRequest } from './drain.ts';
import { NotAWorkerError, ProtocolError } from './errors.ts';
import { lameDuck } from './lame-duck.ts';
import type { NodeServer } from './node-server.ts';
import { type Assignment, PROTOCOL, type Sharing } from './protocol.ts';
import { createRuns } from './runs.ts';
import { findRuntime, isRuntime, type Undo, type WorkerRuntime } from './runtime.ts';
import type { CollectedStats } from './statistics.ts';
import type { WorkerTopic } from './topic.ts';
import { workerListeners } from './worker-listeners.ts';

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
  /**
   * Emits when this worker is to leave, and completes; replays. Who subscribes says when it is done, by `exit` or by
   * ending the process; at the deadline it is ended.
   */
  readonly drain$: Observable<DrainRequest>;
  /** Ends the process once everything that was handed to the context has drained. */
  exit(): Promise<never>;
  /**
   * Starts a runnable, says `ready` when it is `Running`, and stops it when this worker is to leave. With several of them
   * it says so when all are.
   *
   * Resolves when the runnable has ended, by itself or because this worker leaves; rejects when it fails. A rejection that
   * nobody catches ends this process as a failed one.
   */
  run(runnable: Runnable): Promise<void>;
  /**
   * Lets a server of Node drain when this worker is to leave: clients are told with their last answer, while it still
   * accepts for a moment; then it is closed, idle connections are, and requests under way are waited for. Its
   * connections and requests are part of every beat. It does not say `ready`.
   */
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
  /** Messages to and from the primary under a name that both know. */
  topic(name: string): WorkerTopic;
}

/** Whether this process was started as a worker. Threads of one are not. */
export const isWorker = (): boolean => findRuntime() !== undefined;

/**
 * What this process knows of itself as a worker; the same object every time.
 *
 * A script that asks for it says itself when it is ready: by `run`, or `ready`. One that never asks is taken to be ready
 * when it listens.
 *
 * Throws a `NotAWorkerError` in a process that is no worker, and in one that waits for a slot; a `ProtocolError` when the
 * worker was started by another release of Sluice.
 */
export const workerContext = (): WorkerContext => {
  const found = findRuntime();
  if (found === undefined) throw new NotAWorkerError();
  if (!isRuntime(found, PROTOCOL)) throw new ProtocolError(process.pid, found, PROTOCOL);
  const assignment = found.assignment();
  if (assignment === undefined) throw new NotAWorkerError('this worker has no slot yet');
  const known = contexts.get(found);
  if (known !== undefined) return known;
  found.claim();
  const context = contextOf(found, assignment);
  contexts.set(found, context);
  return context;
};

/** Whoever asks again means the same: what runs is counted in one place. */
const contexts = new WeakMap<WorkerRuntime, WorkerContext>();

/** What throws in a subscriber must not end the process. Told as the runtime tells it: a logger is slow to load. */
const report = (error: unknown): void => console.error('what a worker was given to call has thrown', error);

const contextOf = (runtime: WorkerRuntime, { slot, port, sharing }: Assignment): WorkerContext => {
  const runs = createRuns(runtime, report);
  return {
    slot,
    get count() {
      return runtime.assignment()?.count ?? 0;
    },
    port,
    sharing,
    listeners: workerListeners(runtime, sharing),
    ready: () => runtime.ready(),
    drain$: guarded(
      new Observable((subscriber) =>
        runtime.onDrain((request) => {
          subscriber.next(request);
          subscriber.complete();
        }),
      ),
      report,
    ),
    exit: () => runtime.exit(),
    run: (runnable) => runs.run(runnable),
    serve: (server) => {
      const duck = lameDuck(server);
      runtime.load(duck.load);
      runtime.hold(duck.drain);
    },
    contribute: (kind, name, read) => undone(runtime.contribute(kind, name, read)),
    expose: (read) => undone(runtime.expose(read)),
    stats: async ({ timeoutMs = STATS_TIMEOUT_MS } = {}) => {
      // Few ask, and what checks the answer takes a while to load.
      const { askStatistics } = await import('./ask-statistics.ts');
      return askStatistics(runtime, timeoutMs);
    },
    topic: (name) => ({
      messages$: guarded(
        new Observable((subscriber) => runtime.onTopic(name, (body) => subscriber.next(body))),
        report,
      ),
      send: (body) => runtime.send({ type: 'topic', topic: name, body }),
    }),
  };
};

/** Workers on one machine answer within milliseconds, unless they are blocked. */
const STATS_TIMEOUT_MS = 1_000;

const undone = (undo: Undo): Unsubscribable => ({ unsubscribe: undo });
