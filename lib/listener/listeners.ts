import type { Observable } from 'rxjs';
import type { Address } from '../config/address.ts';
import { openDoor } from './door.ts';
import type { Listeners } from './listener.ts';
import type { Opening } from './opening.ts';
import { takeTcp } from './tcp/tcp.ts';
import { takeUnix } from './unix/unix.ts';

/**
 * Takes addresses of this machine, TCP and unix sockets, by their kind: of a range the first port that is free, and a
 * socket file that a dead process left is no obstacle.
 *
 * @param open - what taking an address means.
 */
export const takeAddress =
  <T>(open: Opening<T>): ((address: Address) => Observable<T>) =>
  (address) =>
    address.kind === 'tcp' ? takeTcp(address, open) : takeUnix(address, open);

/** The listeners of this machine. */
export const systemListeners: Listeners = takeAddress(openDoor);
