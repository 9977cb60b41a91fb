import type { Observable } from 'rxjs';

/**
 * Anything a supervisor can look after: started once it is its turn, stopped in reverse order.
 *
 * 1. The supervisor listens to `state$`, then calls `start()`. `Running`, emitted before or after, means ready; the
 *    promise of `start()` need not settle until the runnable ends, but a rejection is a failure at any time.
 * 2. While it runs, the states `Error` and an error of `state$` are failures, and `Stopped` or the completion of
 *    `state$` is an end of its own accord. All other states are shown and mean nothing to the supervisor. A `state$`
 *    that has nothing to tell, such as `of('Running')`, is fine: one that is `Running` and completes before `start()`
 *    is called is taken to be running until it is stopped.
 * 3. `stop()` is called once for everything that was started and has not said `Stopped`, even when starting it failed,
 *    so that what it had taken is let go of. It is done when it returns, or when the promise it returns settles.
 *
 * `state$` replays the present state to a late subscriber; it may complete with the end of one life and replay the
 * next when it is subscribed to again.
 */
export interface Runnable {
  readonly name?: string;
  readonly state$: Observable<string>;
  /** Why the state is `Error`, while it is: the `cause` of what the supervisor reports. */
  readonly error?: unknown;
  start(): Promise<unknown> | unknown;
  stop(options?: { readonly drainTimeoutMs?: number }): Promise<unknown> | unknown;
  /** Asks for the configuration to be read again; absent when there is nothing to reload. */
  reload?(): Promise<unknown> | unknown;
  /** Replaces what runs with new instances of itself, without an end of service; absent when that cannot be done. */
  restart?(): Promise<unknown> | unknown;
}
