import type { ClusterEvent } from '../admin/cluster-event.ts';
import type { Complaint } from './complaint.ts';
import { isWrongWorker } from './worker-line.ts';

/** What `sluice run` tells people and programs; one of these is one line. */
export type RunEvent =
  | ClusterEvent
  /** The file was read; what becomes of a valid one is the outcome that follows. */
  | { readonly type: 'config'; readonly file: string; readonly status: 'valid'; readonly servers: number }
  /** The file cannot be used; as many errors follow. */
  | { readonly type: 'config'; readonly file: string; readonly status: 'invalid'; readonly problems: number }
  /** Something is wrong: with the file, or with putting it in force. */
  | ({ readonly type: 'error' } & Complaint)
  | { readonly type: 'log'; readonly level: LogLevel; readonly message: string; readonly details?: unknown }
  /** The end: everything has stopped. */
  | { readonly type: 'stopped'; readonly cut: number; readonly durationMs: number };

export type LogLevel = 'error' | 'warn' | 'info' | 'debug';

/** Whether an event is about something that is wrong. */
export const isWrong = (event: RunEvent): boolean =>
  event.type === 'error' ||
  (event.type === 'log' && (event.level === 'error' || event.level === 'warn')) ||
  (event.type === 'worker' && isWrongWorker(event.event));
