import type { Observable } from 'rxjs';
import type { Address } from '../../config/address.ts';
import { openDoor } from '../door.ts';
import type { Listener } from '../listener.ts';

type TcpAddress = Extract<Address, { kind: 'tcp' }>;

/** Listens on a TCP address; an empty host means every interface, IPv4 and IPv6. */
export const tcpListener = (address: TcpAddress): Observable<Listener> =>
  openDoor(address, { port: address.port, ...(address.host === '' ? {} : { host: address.host }) }, (server) => {
    const bound = server.address();
    return bound !== null && typeof bound === 'object' ? { ...address, port: bound.port } : address;
  });
