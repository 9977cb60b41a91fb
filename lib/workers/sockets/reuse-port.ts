import { map, type Observable, Subscription } from 'rxjs';
import { type Address, formatAddress } from '../../config/address.ts';
import { REUSE_PORT } from '../../listener/handle.ts';
import { takeAddress } from '../../listener/listeners.ts';
import { openPin } from '../../listener/pin.ts';
import type { SharedSocket } from '../shared-socket.ts';
import { ownPort } from './own-port.ts';

const reserve = takeAddress(ownPort(openPin(REUSE_PORT)));

/**
 * A queue for each process: the port is reserved here, so that everybody is told the same one and it stays ours, and
 * every process binds it by itself. Who waits in the queue of a process that closes or dies is reset.
 */
export const reusedPort = (address: Address): Observable<SharedSocket> =>
  reserve(address).pipe(
    map((reserved) => ({
      address: reserved.address,
      admit: (guest, id) => {
        guest.send({ type: 'listening', id, address: formatAddress(reserved.address) });
        return Subscription.EMPTY;
      },
    })),
  );
