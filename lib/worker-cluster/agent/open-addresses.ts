import { Observable, Subject } from 'rxjs';
import { formatAddress } from '../../config/address.ts';
import type { Listeners } from '../../listener/listener.ts';

/** Listeners that say where somebody listens. */
export interface OpenAddresses {
  readonly listeners: Listeners;
  /** Where somebody listens now, sorted. */
  readonly addresses: readonly string[];
  /** Hot; emits when that has changed. */
  readonly changed$: Observable<void>;
}

export const openAddresses = (listeners: Listeners): OpenAddresses => {
  const open = new Map<string, number>();
  const changed$ = new Subject<void>();
  const add = (address: string, more: 1 | -1): void => {
    const count = (open.get(address) ?? 0) + more;
    if (count === 0) open.delete(address);
    else open.set(address, count);
    changed$.next();
  };
  return {
    changed$,
    get addresses() {
      return [...open.keys()].sort();
    },
    listeners: (address) =>
      new Observable((subscriber) => {
        let bound: string | undefined;
        const closed = (): void => {
          if (bound !== undefined) add(bound, -1);
          bound = undefined;
        };
        const listening = listeners(address).subscribe({
          next: (listener) => {
            if (bound === undefined) {
              bound = formatAddress(listener.address);
              add(bound, 1);
            }
            subscriber.next(listener);
          },
          error: (cause: unknown) => {
            closed();
            subscriber.error(cause);
          },
          complete: () => subscriber.complete(),
        });
        return () => {
          listening.unsubscribe();
          closed();
        };
      }),
  };
};
