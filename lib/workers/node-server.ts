import type { EventEmitter } from 'node:events';

/** A server of Node that a context can let drain: one of `node:http`, `node:https` or `node:http2`. */
export interface NodeServer extends Pick<EventEmitter, 'prependListener'> {
  readonly listening: boolean;
  close(callback?: (error?: Error) => void): unknown;
  closeIdleConnections?(): void;
}
