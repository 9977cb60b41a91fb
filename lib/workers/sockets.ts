import type { Observable } from 'rxjs';
import type { Address } from '../config/address.ts';

/** An address that the primary holds for its workers. */
export interface HeldSocket {
  /** With the real port. */
  readonly address: Address;
}

/** The sockets behind the addresses that workers share. */
export interface Sockets {
  /**
   * Takes an address and keeps it, whether or not any worker accepts there: who connects meanwhile waits.
   *
   * Cold: emits once it is bound and stays open; errors with a `BindError`. Unsubscribing lets go of it; workers that
   * accept there keep it open until they let go as well. Port 0 and ranges become a port.
   */
  hold(address: Address): Observable<HeldSocket>;
}
