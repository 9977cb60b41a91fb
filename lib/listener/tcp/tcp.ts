import type { Observable } from 'rxjs';
import type { Address } from '../../config/address.ts';
import { openDoor } from '../door.ts';
import type { Listener } from '../listener.ts';
import type { Opening } from '../opening.ts';
import { firstFree } from './first-free.ts';

type TcpAddress = Extract<Address, { kind: 'tcp' }>;

/**
 * Takes a TCP address; an empty host means every interface, IPv4 and IPv6. Of a range the first port that is free.
 *
 * @param open - what taking it means.
 */
export const takeTcp = <T>(address: TcpAddress, open: Opening<T>): Observable<T> => {
  const bind = (one: TcpAddress): Observable<T> => {
    const { host, port } = one;
    return open(one, host === '' ? { port } : { host, port });
  };
  return address.range === undefined ? bind(address) : firstFree(address, address.range, bind);
};

/** Listens on a TCP address, as `takeTcp` has it. */
export const tcpListener = (address: TcpAddress): Observable<Listener> => takeTcp(address, openDoor);
