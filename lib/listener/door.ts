import { createServer, type ListenOptions, type Server, type Socket } from 'node:net';
import { Observable } from 'rxjs';
import { type Address, formatAddress } from '../config/address.ts';
import { BindError, ListenerError } from './errors.ts';
import type { Acceptor, Listener } from './listener.ts';

/**
 * Half-open peers of idle connections are noticed by TCP keep-alive; 15 s is below the idle limits of common NATs.
 * `allowHalfOpen` is what `node:http` asks of its sockets: a client may end its side and still read the answer.
 */
const SOCKET_OPTIONS = { allowHalfOpen: true, noDelay: true, keepAlive: true, keepAliveInitialDelay: 15_000 };

/** Connections the kernel completes before they are accepted; the kernel's own `somaxconn` caps it. */
const BACKLOG = 4096;

/** A reset of a parked connection is its client's business; without a listener it would end the process. */
const ignoreReset = (): void => {};

class Door implements Listener {
  readonly address: Address;
  acceptedAt = 0;
  readonly #server: Server;
  #acceptor: Acceptor | undefined;
  #parked: Socket[] = [];

  constructor(server: Server, address: Address) {
    this.#server = server;
    this.address = address;
    server.on('connection', (socket) => {
      this.acceptedAt = performance.now();
      if (this.#acceptor !== undefined) {
        this.#acceptor.accept(socket);
        return;
      }
      socket.on('error', ignoreReset);
      this.#parked.push(socket);
    });
  }

  attach(acceptor: Acceptor): void {
    this.#acceptor = acceptor;
    const parked = this.#parked;
    this.#parked = [];
    for (const socket of parked) if (!socket.destroyed) acceptor.accept(socket);
  }

  limit(maxConnections: number): void {
    // Node reads `undefined` as unlimited, and 0 as none at all.
    Object.assign(this.#server, { maxConnections: maxConnections === 0 ? undefined : maxConnections });
  }

  /** Nobody ever took these over: their clients have nothing to wait for. */
  dropParked(): void {
    for (const socket of this.#parked) socket.destroy();
    this.#parked = [];
  }
}

/** Listens with `options`; `realAddress` says what the bound socket is called. The core of every kernel listener. */
export const openDoor = (
  address: Address,
  options: ListenOptions,
  realAddress: (server: Server) => Address,
): Observable<Listener> =>
  new Observable((subscriber) => {
    const server = createServer(SOCKET_OPTIONS);
    let door: Door | undefined;
    const onError = (cause: Error): void => {
      const name = formatAddress(door?.address ?? address);
      subscriber.error(door === undefined ? new BindError(name, { cause }) : new ListenerError(name, { cause }));
    };
    // Somebody closed the handle from outside: to the cluster that is a crash like any other.
    const onClose = (): void => onError(new Error('closed'));
    subscriber.add(() => {
      server.off('close', onClose);
      // Errors that arrive while the socket is going away concern nobody.
      server.off('error', onError).on('error', ignoreReset);
      server.close();
      door?.dropParked();
    });
    server.on('error', onError);
    server.once('listening', () => {
      if (subscriber.closed) {
        server.close();
        return;
      }
      server.on('close', onClose);
      door = new Door(server, realAddress(server));
      subscriber.next(door);
    });
    try {
      server.listen({ ...options, backlog: BACKLOG });
    } catch (cause) {
      subscriber.error(new BindError(formatAddress(address), { cause }));
    }
  });
