import { Observable } from 'rxjs';

/**
 * Lets everything else that is due have its turn: sockets, timers, files.
 *
 * RxJS's `asapScheduler` runs in a microtask, before any of them. This waits for the event loop to come round.
 *
 * Shape: cold; emits once and completes, one turn after it was subscribed to. Unsubscribing before that cancels it.
 */
export const yieldTurn = (): Observable<void> =>
  new Observable((subscriber) => {
    const immediate = setImmediate(() => {
      subscriber.next();
      subscriber.complete();
    });
    return () => clearImmediate(immediate);
  });
