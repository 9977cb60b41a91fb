import { Observable, switchMap } from 'rxjs';
import { type Address, formatAddress } from '../../config/address.ts';
import { openUnread } from '../../listener/door.ts';
import { type Handle, handleOf } from '../../listener/handle.ts';
import type { Acceptor } from '../../listener/listener.ts';
import { takeAddress } from '../../listener/listeners.ts';
import type { SharedSocket } from '../shared-socket.ts';
import { type Passenger, Rotation } from './rotation.ts';

const listen = takeAddress(openUnread);

interface Connection extends Passenger {
  readonly handle: Handle;
}

/** A reset of a connection that waits: whoever gets it finds out. */
const ignore = (): void => {};

/** Nothing is read from it here, and it is never ended: that would end it for whoever has it by then. */
const connectionOf = (socket: Parameters<Acceptor['accept']>[0]): Connection | undefined => {
  const handle = handleOf(socket);
  if (handle === undefined) {
    socket.destroy();
    return undefined;
  }
  socket.on('error', ignore);
  return {
    handle,
    get gone() {
      return socket.destroyed;
    },
    release: () => {
      socket.destroy();
    },
  };
};

/**
 * Connections are accepted here and given to processes in turn, each with its socket, of which a duplicate stays here
 * until the process says that it has taken it. While nobody takes them they wait here.
 */
export const roundRobin = (address: Address): Observable<SharedSocket> =>
  listen(address).pipe(
    switchMap(
      (listener) =>
        new Observable<SharedSocket>((subscriber) => {
          const rotation = new Rotation<Connection>();
          subscriber.add(() => rotation.close());
          listener.attach({
            accept: (socket) => {
              const connection = connectionOf(socket);
              if (connection !== undefined) rotation.add(connection);
            },
          });
          subscriber.next({
            address: listener.address,
            admit: (guest, id) => {
              guest.send({ type: 'listening', id, address: formatAddress(listener.address) });
              return rotation.join({ offer: ({ handle }, answer) => guest.offer(id, handle, answer) });
            },
          });
        }),
    ),
  );
