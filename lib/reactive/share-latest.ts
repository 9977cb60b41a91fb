import { type MonoTypeOperatorFunction, ReplaySubject, share } from 'rxjs';

/**
 * Shares one subscription to the source and tells every newcomer the latest value first.
 *
 * Shape: hot while somebody listens. The source is subscribed with the first subscriber and unsubscribed with the last,
 * and the latest value is forgotten then, as it is when the source completes or errors: whoever subscribes afterwards
 * starts the source anew. `shareReplay(1)` would keep its source running without any reader.
 */
export const shareLatest = <T>(): MonoTypeOperatorFunction<T> => share({ connector: () => new ReplaySubject<T>(1) });
