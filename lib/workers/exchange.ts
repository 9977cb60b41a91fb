import { Observable } from 'rxjs';
import { ReplacementError, WorkersStateError } from './errors.ts';
import type { Farewell } from './farewell.ts';
import type { Slot } from './slot.ts';

/** How far an exchange has come: the replacement is `ready`, the old process is `leaving`, or is gone. */
export type ExchangeStep =
  | { readonly type: 'ready' | 'leaving' }
  /** `forced`: it did not leave in time and was killed. */
  | { readonly type: 'done'; readonly forced: boolean };

/** The process of one slot is exchanged for another. */
export interface Exchange {
  readonly slot: Slot;
  /**
   * Cold, once: subscribing starts the replacement. Completes after `done`; errors with a `ReplacementError` when the
   * replacement ends before it has taken over. Unsubscribing before that ends the replacement, and the old process serves
   * on; after it nothing is undone.
   */
  readonly steps$: Observable<ExchangeStep>;
  /** After `ready`: the replacement serves, the old process is let go of. */
  takeOver(): void;
  /** The replacement serves, because it has taken over or because the old process ended by itself. */
  readonly isTaken: boolean;
}

export const exchange = (slot: Slot, farewell: () => Farewell): Exchange => {
  let takeOver = (): void => {};
  let isTaken = (): boolean => false;
  const steps$ = new Observable<ExchangeStep>((subscriber) => {
    const next = slot.prepare();
    if (next === undefined) {
      subscriber.error(new WorkersStateError(`worker ${slot.id} cannot be replaced`, 'it leaves'));
      return;
    }
    let taken = false;
    let ready = false;
    isTaken = () => taken || slot.current === next;
    subscriber.add(() => {
      // One that fills in for a process that ended by itself is all the slot has.
      if (!taken && slot.current !== next) slot.dismiss(farewell().intent);
    });
    takeOver = () => {
      if (taken || !ready) return;
      taken = true;
      const old = slot.takeOver(farewell());
      subscriber.next({ type: 'leaving' });
      const done = (forced: boolean): void => {
        subscriber.next({ type: 'done', forced });
        subscriber.complete();
      };
      if (old === undefined) done(false);
      else {
        subscriber.add(
          old.life.status$.subscribe(({ exit }) => {
            if (exit !== undefined) done(exit.forced);
          }),
        );
      }
    };
    subscriber.add(
      next.life.status$.subscribe(({ phase, exit }) => {
        if (taken) return;
        if (phase === 'ready' && !ready) {
          ready = true;
          subscriber.next({ type: 'ready' });
        }
        if (phase === 'exited') subscriber.error(new ReplacementError(slot.id, next.pid, exit));
      }),
    );
  });
  return {
    slot,
    steps$,
    takeOver: () => takeOver(),
    get isTaken() {
      return isTaken();
    },
  };
};
