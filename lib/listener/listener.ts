import type { Duplex } from 'node:stream';
import type { Observable } from 'rxjs';
import type { Address } from '../config/address.ts';

/** Takes over a connection that a listener accepted. */
export interface Acceptor {
  accept(socket: Duplex): void;
}

/**
 * Owns an address, and outlives the servers behind it.
 *
 * 1. *bound*: the address is taken, connections are accepted and **parked**: nobody reads them yet.
 * 2. *attached*: parked connections are handed over, later ones go straight to the acceptor. Attaching another one is
 *    one assignment: the socket never closes to reconfigure.
 * 3. *closed*: when the last subscriber of the Observable that brought it has left.
 */
export interface Listener {
  /** Where it really listens: port 0 has become a port. */
  readonly address: Address;
  /** `performance.now()` of the last accepted connection; 0 before the first. */
  readonly acceptedAt: number;
  attach(acceptor: Acceptor): void;
  /** Connections open at once; further ones are closed unanswered. `0` = no limit. */
  limit(maxConnections: number): void;
}

/**
 * Takes an address: a cold Observable that emits the listener once it is bound and stays open.
 *
 * Errors with a `BindError` when the address cannot be had, later with whatever made the socket fail.
 * Unsubscribing closes the socket in the same turn; connections that were handed over stay.
 */
export type Listeners = (address: Address) => Observable<Listener>;
