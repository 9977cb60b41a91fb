import type { Unsubscribable } from 'rxjs';
import type { Address } from '../../config/address.ts';
import { SOCKET_OPTIONS } from '../../listener/door.ts';
import { type Handle, socketOf } from '../../listener/handle.ts';
import type { Acceptor, Listener } from '../../listener/listener.ts';

/** A connection that the primary accepted. */
export interface Fed {
  /** Grows from one connection to the next. */
  readonly connection: number;
  readonly handle: Handle;
  /** Tells the primary that it is here for good. */
  taken(): void;
}

/**
 * A listener of connections that somebody else accepted.
 *
 * What comes before anybody answers is parked unread and not taken: the primary gives it to another process when this one
 * ends, or does not want the address any more.
 */
export class FedListener implements Listener, Unsubscribable {
  readonly address: Address;
  acceptedAt = 0;
  #acceptor: Acceptor | undefined;
  #parked: Fed[] = [];
  #limit = 0;
  #open = 0;
  #last = 0;

  constructor(address: Address) {
    this.address = address;
  }

  attach(acceptor: Acceptor): void {
    this.#acceptor = acceptor;
    const parked = this.#parked;
    this.#parked = [];
    for (const fed of parked) this.#take(fed, acceptor);
  }

  limit(maxConnections: number): void {
    this.#limit = maxConnections;
  }

  /** One that comes again, because the primary has waited long, is the same connection once more. */
  feed(fed: Fed): void {
    if (fed.connection <= this.#last) {
      fed.handle.close();
      return;
    }
    this.#last = fed.connection;
    if (this.#acceptor === undefined) this.#park(fed);
    else this.#take(fed, this.#acceptor);
  }

  /** What was not taken is closed here, and lives on in the primary. */
  unsubscribe(): void {
    for (const { handle } of this.#parked) handle.close();
    this.#parked = [];
  }

  #park(fed: Fed): void {
    this.acceptedAt = performance.now();
    this.#parked.push(fed);
  }

  #take({ handle, taken }: Fed, acceptor: Acceptor): void {
    this.acceptedAt = performance.now();
    // First of all: whoever has read from it must not be asked for it back.
    taken();
    if (this.#limit !== 0 && this.#open >= this.#limit) {
      handle.close();
      return;
    }
    const socket = socketOf(handle, SOCKET_OPTIONS);
    this.#open += 1;
    socket.once('close', () => {
      this.#open -= 1;
    });
    acceptor.accept(socket);
  }
}
