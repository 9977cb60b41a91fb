import { Observable } from 'rxjs';

/**
 * Reads an async iterable, and tells it to stop the moment nobody listens any more.
 *
 * RxJS's `from` notices an unsubscribed reader when the next value arrives, which for a quiet watch is never. This
 * calls the iterator's `return()` in the same turn. An iterator made by hand can stop right then; an async generator
 * that is waiting inside an `await` takes `return()` up when that settles, as the language has it.
 *
 * Shape: cold, one iterator per subscriber; the next value is asked for when the one before has been delivered.
 * Completes when the iterator is done; errors with what it throws or rejects with. Neither calls `return()`, an
 * iterator that ended by itself has cleaned up. What `return()` throws or rejects with is dropped: whoever would have
 * been told has left.
 */
export const fromIterator = <T>(iterable: AsyncIterable<T>): Observable<T> =>
  new Observable((subscriber) => {
    const iterator = iterable[Symbol.asyncIterator]();
    let open = true;
    subscriber.add(() => {
      if (open) abandon(iterator);
    });

    const next = async (): Promise<IteratorResult<T>> => {
      try {
        return await iterator.next();
      } catch (error) {
        open = false;
        throw error;
      }
    };
    const read = async (): Promise<void> => {
      while (!subscriber.closed) {
        const result = await next();
        if (result.done) {
          open = false;
          subscriber.complete();
        } else subscriber.next(result.value);
      }
    };
    read().catch((error: unknown) => subscriber.error(error));
  });

const abandon = (iterator: AsyncIterator<unknown>): void => {
  try {
    Promise.resolve(iterator.return?.()).catch(() => undefined);
  } catch {
    // Nobody listens: see above.
  }
};
