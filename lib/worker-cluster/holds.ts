import { catchError, concat, merge, NEVER, Observable, Subscription, take, throwError, timeout, timer } from 'rxjs';
import { BindTimeoutError } from '../cluster/errors.ts';
import { type Address, formatAddress, isAnyPort } from '../config/address.ts';
import { BindError } from '../listener/errors.ts';
import type { Sockets } from '../workers/sockets.ts';

/** A share in an address that the primary holds; it is let go of with the last share. */
export interface Hold {
  /** With the real port. */
  readonly address: Address;
  /** Once; later calls do nothing. */
  release(): void;
}

export interface HoldsOptions {
  readonly sockets: Sockets;
  /** Milliseconds within which an address has to be bound. */
  readonly startTimeoutMs: number;
  /** Whether workers still accept at an address that nobody wants any more, or at one that overlaps with it. */
  readonly isBeingLeft: (address: Address) => boolean;
  /** Emits when that may have changed. */
  readonly changed$: Observable<unknown>;
}

interface Held {
  readonly address: Address;
  readonly socket: Subscription;
  shares: number;
}

const isTaken = (cause: unknown): boolean => cause instanceof BindError && cause.errno === 'EADDRINUSE';

/** How often an address is asked for again at most while it is being left, beside every change that is heard of. */
const AGAIN_MS = 50;

/** The addresses that the primary holds for its workers. */
export class Holds {
  readonly #options: HoldsOptions;
  readonly #held = new Map<string, Held>();

  constructor(options: HoldsOptions) {
    this.#options = options;
  }

  /** Addresses that are held, in the order in which they were taken. */
  get addresses(): readonly string[] {
    return [...this.#held.keys()];
  }

  /** A share in an address that is held; `undefined` for any other. */
  share(address: Address): Hold | undefined {
    const held = this.#held.get(formatAddress(address));
    return held === undefined ? undefined : this.#hold(held);
  }

  /**
   * Takes an address, or a share in it. An address that workers are leaving is waited for.
   *
   * Cold: emits one hold and completes; errors with a `BindError` or a `BindTimeoutError`. What was emitted is released
   * by whoever got it; unsubscribing before that gives up.
   *
   * @param asked - what to take when somebody else has the address by now, and this leaves the choice.
   */
  take(address: Address, asked = address): Observable<Hold> {
    const { startTimeoutMs } = this.#options;
    const late = (): Observable<never> =>
      throwError(() => new BindTimeoutError(formatAddress(address), startTimeoutMs));
    const elsewhere = (cause: unknown): Observable<Hold> => {
      const canLook = isTaken(cause) && isAnyPort(asked) && !isAnyPort(address);
      return canLook ? this.#attempts(asked) : throwError(() => cause);
    };
    return this.#attempts(address).pipe(catchError(elsewhere), timeout({ first: startTimeoutMs, with: late }), take(1));
  }

  /** Lets go of everything. */
  end(): void {
    for (const { socket } of this.#held.values()) socket.unsubscribe();
    this.#held.clear();
  }

  #attempts(address: Address): Observable<Hold> {
    return new Observable((subscriber) => {
      const shared = this.share(address);
      if (shared !== undefined) {
        subscriber.next(shared);
        return undefined;
      }
      let waiting: Subscription | undefined;
      let attempt: Subscription | undefined;
      const again = (): void => {
        waiting?.unsubscribe();
        attempt = this.#bind(address).subscribe({
          next: (hold) => subscriber.next(hold),
          error: (cause: unknown) => {
            if (!isTaken(cause) || !this.#options.isBeingLeft(address)) {
              subscriber.error(cause);
              return;
            }
            waiting = merge(this.#options.changed$, timer(AGAIN_MS)).pipe(take(1)).subscribe(again);
          },
        });
      };
      again();
      return () => {
        waiting?.unsubscribe();
        attempt?.unsubscribe();
      };
    });
  }

  /** Emits the hold; nobody but the hold decides how long it lasts from then on. */
  #bind(address: Address): Observable<Hold> {
    return new Observable((subscriber) => {
      let isBound = false;
      const socket = new Subscription();
      const bound$ = concat(this.#options.sockets.hold(address), NEVER);
      const binding = bound$.subscribe({
        next: (bound) => {
          if (isBound) return;
          isBound = true;
          // It may be bound before there is a subscription to end it with.
          queueMicrotask(() => {
            if (subscriber.closed) {
              socket.unsubscribe();
              return;
            }
            const held: Held = { address: bound.address, socket, shares: 0 };
            this.#held.set(formatAddress(bound.address), held);
            subscriber.next(this.#hold(held));
          });
        },
        error: (cause: unknown) => {
          // A socket that fails later is bound anew by the next commit that wants it.
          for (const [key, held] of this.#held) if (held.socket === socket) this.#held.delete(key);
          subscriber.error(cause);
        },
      });
      socket.add(binding);
      return () => {
        if (!isBound) socket.unsubscribe();
      };
    });
  }

  #hold(held: Held): Hold {
    held.shares += 1;
    let isOurs = true;
    return {
      address: held.address,
      release: () => {
        if (!isOurs) return;
        isOurs = false;
        held.shares -= 1;
        if (held.shares > 0) return;
        this.#held.delete(formatAddress(held.address));
        held.socket.unsubscribe();
      },
    };
  }
}
