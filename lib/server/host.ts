import { Observable, type Subscriber, type Subscription } from 'rxjs';
import { type Address, isAnyPort } from '../config/address.ts';
import { BindError } from '../listener/errors.ts';
import type { Listener, Listeners } from '../listener/listener.ts';
import type { HostedServer } from './server.ts';

/**
 * An address and the server behind it.
 *
 * The address is held as long as somebody is subscribed to `door$`, so a host passes from one config to the next by a
 * second subscription that begins before the first one ends: the socket never closes in between.
 */
export class Host {
  readonly server: HostedServer;
  /** How many work with it; counted by whoever shares it out. */
  users = 0;
  /**
   * The listener, shared by everybody who holds the address: bound for the first subscriber, closed after the last.
   *
   * Emits the listener once it is bound, and replays it. Errors when it cannot be bound, and when it fails later;
   * subscribing again binds again, on the port it had before, or, when that is taken and `asked` leaves the choice, on
   * another one.
   */
  readonly door$: Observable<Listener> = new Observable((subscriber) => this.#hold(subscriber));
  /** What the server behind it asks for; may leave the choice of the port. */
  asked: Address;
  readonly #listeners: Listeners;
  #address: Address;
  #missed: Address | undefined;
  #listener: Listener | undefined;
  #binding: Subscription | undefined;
  // `share` with a ReplaySubject does the same, at some 3 KiB for each of a thousand servers that hardly ever change.
  #holders: readonly Subscriber<Listener>[] = [];

  /**
   * @param address - where to listen first of all.
   * @param asked - what to fall back on when another port will do.
   */
  constructor(address: Address, listeners: Listeners, server: HostedServer, asked = address) {
    this.#address = address;
    this.asked = asked;
    this.#listeners = listeners;
    this.server = server;
  }

  /** Where it listens, with the real port as soon as that is known. */
  get address(): Address {
    return this.#address;
  }

  /** The listener while the address is held. */
  get listener(): Listener | undefined {
    return this.#listener;
  }

  /** Tells once which port it had before and did not get again. */
  takeMissed(): Address | undefined {
    const missed = this.#missed;
    this.#missed = undefined;
    return missed;
  }

  /**
   * Closes the socket now, unless somebody else holds it as well: the last holder is about to leave.
   *
   * Leaving by way of operators takes 50 µs, and whoever connects meanwhile is reset.
   */
  letGo(): void {
    if (this.#holders.length === 1) this.#close();
  }

  #hold(subscriber: Subscriber<Listener>): () => void {
    this.#holders = [...this.#holders, subscriber];
    if (this.#listener !== undefined) subscriber.next(this.#listener);
    else if (this.#binding === undefined) this.#bind();
    return () => this.#leave(subscriber);
  }

  #leave(subscriber: Subscriber<Listener>): void {
    this.#holders = this.#holders.filter((holder) => holder !== subscriber);
    if (this.#holders.length === 0) this.#close();
  }

  #close(): void {
    const binding = this.#binding;
    this.#binding = undefined;
    this.#listener = undefined;
    binding?.unsubscribe();
  }

  #bind(): void {
    const binding = this.#listeners(this.#address).subscribe({
      next: (listener) => {
        this.#listener = listener;
        this.#address = listener.address;
        for (const holder of this.#holders) holder.next(listener);
      },
      error: (cause: unknown) => {
        if (this.#listener === undefined && this.#canLookElsewhere(cause)) {
          this.#missed = this.#address;
          this.#address = this.asked;
          this.#binding = undefined;
          this.#bind();
          return;
        }
        // Forgotten before anybody hears of it: whoever subscribes again binds again.
        const holders = this.#holders;
        this.#holders = [];
        this.#binding = undefined;
        this.#listener = undefined;
        for (const holder of holders) holder.error(cause);
      },
    });
    if (this.#holders.length > 0 && !binding.closed) this.#binding = binding;
    else binding.unsubscribe();
  }

  #canLookElsewhere(cause: unknown): boolean {
    const isTaken = cause instanceof BindError && cause.errno === 'EADDRINUSE';
    return isTaken && isAnyPort(this.asked) && !isAnyPort(this.#address);
  }
}
