import { defer, fromEvent, map, type Observable, of, take } from 'rxjs';

/**
 * The moment an AbortSignal aborts, as a stream.
 *
 * Shape: emits the reason and completes, at once for a signal that has aborted before; stays silent while it has not.
 * Unsubscribing removes the listener.
 */
export const fromAbortSignal = (signal: AbortSignal): Observable<unknown> =>
  defer(() =>
    signal.aborted
      ? of(signal.reason)
      : fromEvent(signal, 'abort').pipe(
          take(1),
          map(() => signal.reason),
        ),
  );
