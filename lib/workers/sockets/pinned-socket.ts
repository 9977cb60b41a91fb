import { map, type Observable, Subscription } from 'rxjs';
import { type Address, formatAddress } from '../../config/address.ts';
import { takeAddress } from '../../listener/listeners.ts';
import { openPin } from '../../listener/pin.ts';
import type { SharedSocket } from '../shared-socket.ts';
import { ownPort } from './own-port.ts';

const pin = takeAddress(ownPort(openPin()));

/**
 * One socket with one queue: bound and pinned here, and every process accepts from it with a duplicate of its own.
 *
 * Nothing is accepted here. Who connects while no process accepts waits in the queue; before the first one listens, the
 * system refuses.
 */
export const pinnedSocket = (address: Address): Observable<SharedSocket> =>
  pin(address).pipe(
    map((pinned) => {
      let common: unknown;
      return {
        address: pinned.address,
        admit: (guest, id, data) => {
          common ??= data;
          const address = formatAddress(pinned.address);
          const shared = data === undefined ? {} : { data: common };
          guest.send({ type: 'listening', id, address, ...shared }, pinned.handle);
          // Its duplicate is its own to close.
          return Subscription.EMPTY;
        },
      };
    }),
  );
