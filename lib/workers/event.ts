import type { WorkerExit } from './exit.ts';
import type { RestartReport } from './restart-report.ts';

/**
 * Something that happened to a worker, or to all of them. `at` is milliseconds since the epoch.
 *
 * Errors in it are errors, of which `JSON.stringify` leaves nothing but `{}`: print events with `console.log` or
 * `util.inspect`, or say what is to be written of an error.
 *
 * ```ts
 * const toLine = (event: WorkersEvent): string =>
 *   JSON.stringify(event, (_, value) => (value instanceof Error ? { name: value.name, message: value.message } : value));
 * ```
 */
export type WorkersEvent = { readonly at: number } & (
  | {
      /** A process was started: the first of its slot, after a crash, or to take over. */
      readonly type: 'starting';
      readonly slot: number;
      readonly pid: number;
      readonly why: 'start' | 'respawn' | 'replacement' | 'enable' | 'scale';
    }
  | { readonly type: 'active'; readonly slot: number; readonly pid: number; readonly bootMs: number }
  | { readonly type: 'draining'; readonly slot: number; readonly pid: number; readonly reason: string }
  | { readonly type: 'exit'; readonly slot: number; readonly pid: number; readonly exit: WorkerExit }
  /** It comes back after so long. */
  | { readonly type: 'respawning'; readonly slot: number; readonly delayMs: number }
  | { readonly type: 'disabled'; readonly slot: number; readonly crashes: number; readonly withinMs: number }
  | { readonly type: 'enabled'; readonly slot: number; readonly by: 'caller' | 'cool-down' }
  /** Nothing was heard of it for so long; it will be replaced. */
  | { readonly type: 'unresponsive'; readonly slot: number; readonly pid: number; readonly silentMs: number }
  /** It holds too much memory, or is too old, and will be replaced. */
  | { readonly type: 'outgrown'; readonly slot: number; readonly pid: number; readonly reason: 'memory' | 'age' }
  /** More crashes of all workers together than are allowed: nobody is respawned until the period is over. */
  | { readonly type: 'breaker'; readonly open: boolean; readonly crashes: number }
  | { readonly type: 'restart-begun'; readonly count: number }
  | { readonly type: 'restart-ended'; readonly report: RestartReport }
  | { readonly type: 'scaled'; readonly from: number; readonly to: number }
  /** Something that does not stop anybody, but that somebody should know: `code` is stable. */
  | { readonly type: 'warning'; readonly code: string; readonly message: string; readonly hint?: string }
);
