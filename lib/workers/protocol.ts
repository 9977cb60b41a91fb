import type { DrainRequest } from './drain.ts';
import type { Heartbeat } from './heartbeat.ts';

/** The version of these messages: the two ends may be of different releases after a deploy. */
export const PROTOCOL = 1;

/** How an address is shared between workers. */
export type Sharing = 'shared' | 'round-robin' | 'reuse-port';

/** Who a worker is. */
export interface Assignment {
  readonly slot: number;
  readonly count: number;
  /** 0 for none. */
  readonly port: number;
  readonly sharing: Sharing;
  /** Milliseconds between two beats; 0 for none. */
  readonly heartbeatMs: number;
  /** Milliseconds it has when the primary is gone. */
  readonly orphanDrainMs: number;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly args: readonly string[];
}

/** An error on its way to another process. */
export interface ErrorData {
  readonly name: string;
  readonly message: string;
  readonly code?: string;
  readonly hint?: string;
  readonly stack?: string;
  readonly cause?: ErrorData;
}

/** What the primary says to a worker. */
export type ToWorker =
  /** A server of it listens, as Node's own cluster tells. */
  | { readonly type: 'bound' }
  | { readonly type: 'assign'; readonly assignment: Assignment }
  | { readonly type: 'drain'; readonly request: DrainRequest }
  /** How many workers there are from now on. */
  | { readonly type: 'count'; readonly count: number }
  /** The answer to `listen`; in `shared` the listening handle comes with it. `address` has the real port; `data` is of the first who asked. */
  | { readonly type: 'listening'; readonly id: number; readonly address: string; readonly data?: unknown }
  | { readonly type: 'listen-failed'; readonly id: number; readonly error: ErrorData }
  /** A connection for the listener `id`; its socket comes with it, and `accepted` is awaited. */
  | { readonly type: 'connection'; readonly id: number; readonly connection: number }
  /** Asks for `report`, with or without its series, which may be large. `id` is from 1. */
  | { readonly type: 'collect'; readonly id: number; readonly series: boolean }
  /** The answer to `statistics`. */
  | { readonly type: 'collected'; readonly id: number; readonly statistics: unknown }
  /** The answer to `catch-up`: it comes behind everything that was sent before. */
  | { readonly type: 'caught-up' }
  | { readonly type: 'topic'; readonly topic: string; readonly body: unknown };

/** What a worker says to the primary. */
export type FromWorker =
  /** It has booted and waits for its slot. */
  | { readonly type: 'hello'; readonly protocol: number; readonly version: string }
  | { readonly type: 'ready' }
  | { readonly type: 'beat'; readonly beat: Heartbeat }
  /** It leaves, asked or not: nobody gives it new work. */
  | { readonly type: 'draining' }
  /** It is about to end, for this reason. */
  | { readonly type: 'failing'; readonly error: ErrorData }
  /** Asks for an address: `'127.0.0.1:8080'`, `'unix:/run/x.sock'`. `id` is of this process; `data` is for all who ask. */
  | { readonly type: 'listen'; readonly id: number; readonly address: string; readonly data?: unknown }
  | { readonly type: 'unlisten'; readonly id: number }
  | { readonly type: 'accepted'; readonly connection: number }
  /** The answer to `collect`; with an `id` of 0 what it says unasked, with its series, before it ends. */
  | { readonly type: 'report'; readonly id: number; readonly beat: Heartbeat; readonly series: readonly unknown[] }
  /** Asks for the statistics of all workers. */
  | { readonly type: 'statistics'; readonly id: number; readonly timeoutMs: number }
  /** It listens no more, and waits for what was sent to it until the primary knew. */
  | { readonly type: 'catch-up' }
  | { readonly type: 'topic'; readonly topic: string; readonly body: unknown };
