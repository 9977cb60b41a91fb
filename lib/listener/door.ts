import { type ListenOptions, Server, type Socket } from 'node:net';
import { Observable, type Subscriber, type Unsubscribable } from 'rxjs';
import { type Address, formatAddress } from '../config/address.ts';
import { BindError, ListenerError } from './errors.ts';
import { listenOnHandle } from './handle.ts';
import type { Acceptor, Listener } from './listener.ts';
import type { Opening } from './opening.ts';
import { withPort } from './with-port.ts';

/**
 * Half-open peers of idle connections are noticed by TCP keep-alive; 15 s is below the idle limits of common NATs.
 * `allowHalfOpen` is what `node:http` asks of its sockets: a client may end its side and still read the answer.
 */
export const SOCKET_OPTIONS = { allowHalfOpen: true, noDelay: true, keepAlive: true, keepAliveInitialDelay: 15_000 };

/** Nobody reads them here: whoever they are handed to finds every byte. */
const UNREAD_OPTIONS = { ...SOCKET_OPTIONS, pauseOnConnect: true };

/** Connections the kernel completes before they are accepted; the kernel's own `somaxconn` caps it. */
const BACKLOG = 4096;

/** What became of a socket nobody waits for any more, or a reset of a parked connection: nobody's business. */
const ignore = (): void => {};

/** Where to listen: somewhere new, or on a bound socket that is there already. */
type Place = ListenOptions | { readonly handle: unknown };

/**
 * A listening socket and those who wait behind it.
 *
 * There may be a thousand of these, all idle: its event listeners are shared functions, and what is rarely needed is
 * made when it is.
 */
class Door implements Listener, Unsubscribable {
  address: Address;
  acceptedAt = 0;
  readonly #server: DoorServer;
  readonly #subscriber: Subscriber<Listener>;
  #bound = false;
  #acceptor: Acceptor | undefined;
  #parked: Socket[] | undefined;

  constructor(address: Address, isRead: boolean, subscriber: Subscriber<Listener>) {
    this.address = address;
    this.#subscriber = subscriber;
    this.#server = new DoorServer(this, isRead);
  }

  open(place: Place): void {
    try {
      if ('handle' in place) listenOnHandle(this.#server, place.handle, BACKLOG);
      else this.#server.listen({ ...place, backlog: BACKLOG });
    } catch (cause) {
      this.fail(cause);
    }
  }

  attach(acceptor: Acceptor): void {
    this.#acceptor = acceptor;
    const parked = this.#parked ?? [];
    this.#parked = undefined;
    for (const socket of parked) if (!socket.destroyed) acceptor.accept(socket);
  }

  limit(maxConnections: number): void {
    // Node reads `undefined` as unlimited, and 0 as none at all.
    if (maxConnections !== 0 || 'maxConnections' in this.#server) {
      Object.assign(this.#server, { maxConnections: maxConnections === 0 ? undefined : maxConnections });
    }
  }

  bind(): void {
    if (this.#subscriber.closed) {
      // Nobody waited for the name to be resolved.
      this.#server.close();
      return;
    }
    this.#bound = true;
    this.address = withPort(this.address, this.#server.address());
    this.#subscriber.next(this);
  }

  take(socket: Socket): void {
    this.acceptedAt = performance.now();
    if (this.#acceptor !== undefined) {
      this.#acceptor.accept(socket);
      return;
    }
    socket.on('error', ignore);
    this.#parked ??= [];
    this.#parked.push(socket);
  }

  fail(cause: unknown): void {
    const name = formatAddress(this.address);
    this.#subscriber.error(this.#bound ? new ListenerError(name, { cause }) : new BindError(name, { cause }));
  }

  /** Closes the socket in this turn. Nobody ever took the parked over: their clients have nothing to wait for. */
  unsubscribe(): void {
    // First of all: who connects from now on is refused, who connected a moment ago is reset.
    this.#server.close();
    this.#server.removeAllListeners('error').on('error', ignore);
    for (const socket of this.#parked ?? []) socket.destroy();
    this.#parked = undefined;
  }
}

class DoorServer extends Server {
  readonly door: Door;

  constructor(door: Door, isRead: boolean) {
    super(isRead ? SOCKET_OPTIONS : UNREAD_OPTIONS, onConnection);
    this.door = door;
    this.on('listening', onListening).on('error', onError);
  }

  /**
   * Closed from outside, to whoever serves here that is a failure like any other. Node's `close` event comes only after
   * the last connection; the address is gone at once.
   */
  override close(callback?: (error?: Error) => void): this {
    super.close(callback);
    this.door.fail(new Error('closed'));
    return this;
  }
}

function onConnection(this: DoorServer, socket: Socket): void {
  this.door.take(socket);
}

function onListening(this: DoorServer): void {
  this.door.bind();
}

function onError(this: DoorServer, cause: Error): void {
  this.door.fail(cause);
}

const openAt = (address: Address, place: Place, isRead: boolean): Observable<Listener> =>
  new Observable((subscriber) => {
    const door = new Door(address, isRead, subscriber);
    subscriber.add(door);
    door.open(place);
  });

/** Listens with `options`: the core of every listener the kernel provides. */
export const openDoor: Opening<Listener> = (address, options) => openAt(address, options, true);

/** The same for connections that are passed on to another process: nothing is read from them. */
export const openUnread: Opening<Listener> = (address, options) => openAt(address, options, false);

/**
 * Listens on a bound socket that another process holds as well; each accepts what the others leave.
 *
 * @param address - what it is bound to.
 * @param handle - as it came from that process. It is closed with the listener.
 */
export const openHandle = (address: Address, handle: unknown): Observable<Listener> =>
  openAt(address, { handle }, true);
