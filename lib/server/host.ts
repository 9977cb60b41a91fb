import { defer, finalize, type Observable, tap } from 'rxjs';
import type { Address } from '../config/address.ts';
import type { Listener, Listeners } from '../listener/listener.ts';
import { shareLatest } from '../reactive/share-latest.ts';
import type { HostedServer } from './server.ts';

/**
 * An address and the server behind it.
 *
 * The address is held as long as somebody is subscribed to `door$`, so a host passes from one config to the next by a
 * second subscription that begins before the first one ends: the socket never closes in between.
 */
export class Host {
  readonly server: HostedServer;
  /**
   * The listener, shared by everybody who holds the address: bound for the first subscriber, closed after the last.
   *
   * Emits the listener once it is bound, and replays it. Errors when it cannot be bound, and when it fails later;
   * subscribing again binds again, on the port it had before.
   */
  readonly door$: Observable<Listener>;
  #address: Address;
  #listener: Listener | undefined;

  constructor(requested: Address, listeners: Listeners, server: HostedServer) {
    this.#address = requested;
    this.server = server;
    this.door$ = defer(() => listeners(this.#address)).pipe(
      tap((listener) => {
        this.#listener = listener;
        this.#address = listener.address;
      }),
      finalize(() => {
        this.#listener = undefined;
      }),
      shareLatest(),
    );
  }

  /** Where it listens, with the real port as soon as that is known. */
  get address(): Address {
    return this.#address;
  }

  /** The listener while the address is held. */
  get listener(): Listener | undefined {
    return this.#listener;
  }
}
