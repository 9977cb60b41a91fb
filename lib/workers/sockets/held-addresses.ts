import {
  asyncScheduler,
  finalize,
  NEVER,
  Observable,
  of,
  ReplaySubject,
  type SchedulerLike,
  Subject,
  type Subscription,
  share,
  switchMap,
  takeUntil,
  tap,
  timer,
} from 'rxjs';
import { type Address, formatAddress } from '../../config/address.ts';
import type { SharedSocket } from '../shared-socket.ts';
import type { Newcomers } from '../sockets.ts';

interface Held {
  /** Held by the first subscriber, let go of after the last. */
  readonly socket$: Observable<SharedSocket>;
  holders: number;
  bound: boolean;
  /** Nobody else holds it just now. */
  linger: Subscription | undefined;
}

export interface Lingering {
  /**
   * How long an address is held on for those who come after the last holder, from when all are there that are to come; 0
   * for not at all.
   */
  readonly ms: number;
  /** Who is expected; replays. `'none'` by default. */
  readonly newcomers$?: Observable<Newcomers>;
  readonly scheduler?: SchedulerLike;
}

/** Addresses that are held, each as long as anybody holds it. */
export class HeldAddresses {
  /** By what was asked for, and by what it has become. */
  readonly #held = new Map<string, Held>();
  readonly #closed = new Subject<void>();
  readonly #open: (address: Address) => Observable<SharedSocket>;
  readonly #linger: Lingering;

  constructor(open: (address: Address) => Observable<SharedSocket>, linger: Lingering) {
    this.#open = open;
    this.#linger = linger;
  }

  /**
   * Holds what has that name: the socket that there is, or a new one at the address.
   *
   * Cold; emits the socket once it is bound and stays open; completes when everything is closed, errors when it cannot be
   * bound. Unsubscribing lets go of it.
   *
   * @param isReplaced - asked as it is let go of: whether somebody will come for it soon.
   */
  hold(name: string, address: Address, isReplaced: () => boolean = () => false): Observable<SharedSocket> {
    return new Observable((subscriber) => {
      const held = this.#held.get(name) ?? this.#make(name, address);
      held.holders += 1;
      subscriber.add(() => {
        held.holders -= 1;
        if (held.holders === 0 && held.bound && isReplaced()) this.#lingerOn(held);
      });
      // After that finalizer, which therefore runs while the address is still held.
      subscriber.add(
        held.socket$.pipe(tap(() => held.linger?.unsubscribe())).subscribe({
          next: (socket) => subscriber.next(socket),
          error: (error: unknown) => subscriber.error(error),
          complete: () => subscriber.complete(),
        }),
      );
    });
  }

  /** Everybody is told that it is over, and every socket is closed. */
  close(): void {
    this.#closed.next();
    this.#closed.complete();
  }

  #make(name: string, address: Address): Held {
    const names = new Set([name]);
    const forget = (): void => {
      held.bound = false;
      for (const one of names) if (this.#held.get(one) === held) this.#held.delete(one);
    };
    const socket$ = this.#open(address).pipe(
      tap({
        next: (socket) => {
          held.bound = true;
          const real = formatAddress(socket.address);
          names.add(real);
          this.#held.set(real, held);
        },
        // Before anybody hears of it: whoever asks again in that moment gets another one.
        error: forget,
      }),
      finalize(forget),
      takeUntil(this.#closed),
      share({ connector: () => new ReplaySubject(1) }),
    );
    const held: Held = { socket$, holders: 0, bound: false, linger: undefined };
    this.#held.set(name, held);
    return held;
  }

  #lingerOn(held: Held): void {
    const { ms, newcomers$ = of('none' as const), scheduler = asyncScheduler } = this.#linger;
    if (ms === 0) return;
    const after = { some: NEVER, none: timer(ms, scheduler), never: of(0) };
    const over$ = newcomers$.pipe(switchMap((newcomers) => after[newcomers]));
    held.linger = held.socket$
      .pipe(
        takeUntil(over$),
        finalize(() => {
          held.linger = undefined;
        }),
      )
      // A socket that fails meanwhile is found out by whoever asks for it next.
      .subscribe({ error: () => {} });
  }
}
