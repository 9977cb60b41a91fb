import type { DrainRequest } from './drain.ts';
import type { Assignment, FromWorker, ToWorker } from './protocol.ts';
import type { Load } from './pulse.ts';

/**
 * Where a worker finds what it was started with. What executes a worker and what its script imports may be two copies of
 * this code, so they meet here, and only in plain functions: neither knows the other's classes or Observables.
 */
export const RUNTIME: unique symbol = Symbol.for('sluice.worker');

/** Takes back what was registered. */
export type Undo = () => void;

/** Messages to and from the primary, for those who have a conversation of their own. */
export interface RuntimeLink {
  send(message: FromWorker, handle?: unknown, sent?: (delivered: boolean) => void): void;
  /**
   * Hears every message from now on. Who answers `true` has taken the handle that came with it; one that nobody takes is
   * closed.
   */
  onMessage(listener: (message: ToWorker, handle: unknown) => boolean): Undo;
  /** Told once when the primary can be reached no more; at once when it is gone already. */
  onGone(listener: () => void): Undo;
  /** A number that nobody in this process was given before, from 1. */
  nextId(): number;
}

/** What keeps a worker alive, reports of it and ends it. */
export interface WorkerRuntime extends RuntimeLink {
  readonly protocol: number;
  readonly version: string;
  /** Who this worker is, as it is now; `undefined` for a spare that waits for its slot. */
  assignment(): Assignment | undefined;
  /** The script knows of its context: it says itself when it is ready. */
  claim(): void;
  ready(): void;
  /** Told once when this worker is to leave; at once when it leaves already. Whoever listens says `exit` when it is done. */
  onDrain(listener: (request: DrainRequest) => void): Undo;
  /** Something that is waited for when this worker leaves. Its end is enough: a rejection is one as well. */
  hold(drain: (request: DrainRequest) => Promise<unknown>): Undo;
  exit(): Promise<never>;
  contribute(kind: 'counter' | 'gauge', name: string, read: () => number): Undo;
  /** What is served, for every beat: all of them are summed. */
  load(read: () => Load): Undo;
  expose(read: () => unknown): Undo;
  /** Hears what arrives under a name; the first listener gets what came before it. */
  onTopic(topic: string, listener: (body: unknown) => void): Undo;
}

/** The runtime of this process; `undefined` when it is no worker. */
export const findRuntime = (): Pick<WorkerRuntime, 'protocol' | 'version'> | undefined => {
  const found: unknown = Reflect.get(globalThis, RUNTIME);
  return isVersioned(found) ? found : undefined;
};

/** Its functions are those of the protocol that it says. */
export const isRuntime = (
  found: Pick<WorkerRuntime, 'protocol' | 'version'>,
  protocol: number,
): found is WorkerRuntime => found.protocol === protocol;

const isVersioned = (value: unknown): value is Pick<WorkerRuntime, 'protocol' | 'version'> =>
  typeof value === 'object' &&
  value !== null &&
  'protocol' in value &&
  typeof value.protocol === 'number' &&
  'version' in value &&
  typeof value.version === 'string';
