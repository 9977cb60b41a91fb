import type { Observable } from 'rxjs';

/**
 * Anything a supervisor can look after: started once it is its turn, stopped in reverse order.
 *
 * `state$` replays the state to a late subscriber; the supervisor waits for `Running` and takes `Error` for a failure.
 */
export interface Runnable {
  readonly name?: string;
  readonly state$: Observable<string>;
  start(): Promise<void> | void;
  stop(options?: { readonly drainTimeoutMs?: number }): Promise<unknown> | unknown;
  /** Asks for the configuration to be read again; absent when there is nothing to reload. */
  reload?(): Promise<void> | void;
}
