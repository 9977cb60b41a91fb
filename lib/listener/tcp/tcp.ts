import type { Observable } from 'rxjs';
import type { Address } from '../../config/address.ts';
import { type NameSocket, openDoor } from '../door.ts';
import type { Listener } from '../listener.ts';
import { firstFree } from './first-free.ts';

const withRealPort: NameSocket = (server, asked) => {
  const bound = server.address();
  if (asked.kind !== 'tcp' || bound === null || typeof bound === 'string' || bound.port === asked.port) return asked;
  return { ...asked, port: bound.port };
};

const bind = (address: Extract<Address, { kind: 'tcp' }>): Observable<Listener> => {
  const { host, port } = address;
  return openDoor(address, host === '' ? { port } : { host, port }, withRealPort);
};

/**
 * Listens on a TCP address; an empty host means every interface, IPv4 and IPv6. Of a range the first port that is free.
 */
export const tcpListener = (address: Extract<Address, { kind: 'tcp' }>): Observable<Listener> =>
  address.range === undefined ? bind(address) : firstFree(address, address.range, bind);
