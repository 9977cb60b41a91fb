import type { Observable } from 'rxjs';
import type { Address } from '../../config/address.ts';
import { type NameSocket, openDoor } from '../door.ts';
import type { Listener } from '../listener.ts';

const withRealPort: NameSocket = (server, asked) => {
  const bound = server.address();
  if (asked.kind !== 'tcp' || bound === null || typeof bound === 'string' || bound.port === asked.port) return asked;
  return { ...asked, port: bound.port };
};

/** Listens on a TCP address; an empty host means every interface, IPv4 and IPv6. */
export const tcpListener = (address: Extract<Address, { kind: 'tcp' }>): Observable<Listener> => {
  const { host, port } = address;
  return openDoor(address, host === '' ? { port } : { host, port }, withRealPort);
};
