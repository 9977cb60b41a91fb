import { asyncScheduler, type SchedulerLike, Subscription, timer, type Unsubscribable } from 'rxjs';
import { createFifo } from '../../reactive/fifo.ts';

/** A connection that waits for somebody to take it. */
export interface Passenger {
  /** Whether anybody is still interested in it. */
  readonly gone: boolean;
  /** Somebody else has it now, or nobody ever will: what is held of it here is let go of. */
  release(): void;
}

/** Somebody who takes connections, one at a time. */
export interface Taker<P> {
  /** Exactly one of the two is called, or the taker leaves before. Unsubscribing takes the offer back. */
  offer(passenger: P, answer: { readonly taken: () => void; readonly undelivered: () => void }): Unsubscribable;
}

/** How many wait here while nobody takes them: as many as the queue of a listening socket holds. */
export const MOST_WAITING = 4_096;

/** Milliseconds until somebody to whom an offer could not be sent gets another one. */
const RETRY_MS = 100;

interface Seat<P> {
  readonly taker: Taker<P>;
  /** Closed when it is given up. */
  readonly stay: Subscription;
  passenger: P | undefined;
  offer: Unsubscribable | undefined;
}

/**
 * Gives each connection to the next who is free, in turn; everybody has at most one that is not taken yet.
 *
 * A connection is offered to one taker at a time. It is offered to another only when the first has left, or was not
 * reached: one that is merely slow may take it any moment, and two must not have it.
 */
export class Rotation<P extends Passenger> {
  #free: Seat<P>[] = [];
  /** Offered before and not taken: they have waited longest. */
  #returned: P[] = [];
  readonly #waiting = createFifo<P>();
  readonly #scheduler: SchedulerLike;
  #closed = false;

  constructor(scheduler: SchedulerLike = asyncScheduler) {
    this.#scheduler = scheduler;
  }

  /** How many wait here. */
  get waiting(): number {
    return this.#waiting.size + this.#returned.length;
  }

  /** Somebody connected. More than can wait are let go of unanswered. */
  add(passenger: P): void {
    if (this.#closed || (this.#free.length === 0 && this.waiting >= MOST_WAITING)) {
      passenger.release();
      return;
    }
    this.#waiting.push(passenger);
    this.#settle();
  }

  /** Lets somebody take part until the subscription ends; what was offered and not taken goes to the next. */
  join(taker: Taker<P>): Unsubscribable {
    const stay = new Subscription();
    const seat: Seat<P> = { taker, stay, passenger: undefined, offer: undefined };
    stay.add(() => this.#leave(seat));
    this.#seat(seat);
    return stay;
  }

  /** Nobody gets anything any more, and those who wait are let go of. */
  close(): void {
    this.#closed = true;
    this.#free = [];
    for (;;) {
      const next = this.#next();
      if (next === undefined) return;
      next.release();
    }
  }

  #seat(seat: Seat<P>): void {
    if (this.#closed || seat.stay.closed) return;
    this.#free.push(seat);
    this.#settle();
  }

  #next(): P | undefined {
    return this.#returned.shift() ?? this.#waiting.shift()?.value;
  }

  #settle(): void {
    while (this.#free.length > 0) {
      const passenger = this.#next();
      if (passenger === undefined) return;
      if (passenger.gone) {
        passenger.release();
        continue;
      }
      const seat = this.#free.shift();
      if (seat !== undefined) this.#offer(seat, passenger);
    }
  }

  #offer(seat: Seat<P>, passenger: P): void {
    seat.passenger = passenger;
    seat.offer = seat.taker.offer(passenger, {
      taken: () => {
        if (seat.passenger !== passenger) return;
        seat.passenger = undefined;
        passenger.release();
        this.#seat(seat);
      },
      undelivered: () => {
        if (seat.passenger !== passenger) return;
        seat.passenger = undefined;
        this.#return(passenger);
        seat.stay.add(timer(RETRY_MS, this.#scheduler).subscribe(() => this.#seat(seat)));
      },
    });
  }

  #leave(seat: Seat<P>): void {
    this.#free = this.#free.filter((one) => one !== seat);
    seat.offer?.unsubscribe();
    const { passenger } = seat;
    seat.passenger = undefined;
    if (passenger !== undefined) this.#return(passenger);
  }

  #return(passenger: P): void {
    if (this.#closed) {
      passenger.release();
      return;
    }
    this.#returned.push(passenger);
    this.#settle();
  }
}
