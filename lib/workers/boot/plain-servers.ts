import cluster from 'node:cluster';
import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import type { Socket } from 'node:net';
import type { DrainRequest } from '../drain.ts';
import type { Load } from '../pulse.ts';

/** Node publishes here that a server of any kind has accepted a connection, and that an HTTP server has a request. */
const ACCEPTED = 'net.server.socket';
const REQUESTED = 'http.server.request.start';

const LOOK_MS = 20;

/** How long somebody who has connected has at least to say something. */
const SILENT_MS = 100;

/** How long clients that keep connections open have to be told, with their next answer, to leave them. */
const TELL_MS = 1_000;

/**
 * The servers of a script that has handed nothing over to be drained, and listens to nothing: they are found by the
 * connections that they accept.
 */
export class PlainServers {
  /** And when they were accepted. */
  readonly #sockets = new Map<Socket, number>();
  readonly #accepted = (message: unknown): void => {
    const socket = socketIn(message);
    if (socket === undefined) return;
    this.#sockets.set(socket, performance.now());
    socket.once('close', () => this.#sockets.delete(socket));
  };

  /** Begins to watch, which every new connection pays for. */
  watch(): void {
    subscribe(ACCEPTED, this.#accepted);
  }

  /** Somebody else looks after servers. */
  forget(): void {
    unsubscribe(ACCEPTED, this.#accepted);
    this.#sockets.clear();
  }

  /** Requests are not counted: nobody would want to pay for that who did not ask. */
  load(): Load {
    return { connections: this.#sockets.size, inFlight: 0, requests: 0 };
  }

  /**
   * Lets servers finish: clients are told to leave with their next answer, then listening sockets are closed, as
   * `cluster.worker.disconnect()` does, then what is under way is waited for.
   *
   * @param farewell - what is to be said before that: Node closes the channel as soon as the last connection is closed.
   */
  async drain({ reason, deadlineMs }: DrainRequest, farewell: () => Promise<void>): Promise<void> {
    subscribe(REQUESTED, sendAway);
    // Nobody else accepts when the primary is gone, and the port is to be free soon.
    if (reason !== 'abandoned') await this.#emptied(Math.min(TELL_MS, deadlineMs / 2));
    await farewell();
    cluster.worker?.disconnect();
    await this.#emptied();
  }

  /** Resolves when no connection is left, at the latest after so long; without a limit those that are idle are closed. */
  async #emptied(limitMs?: number): Promise<void> {
    const until = performance.now() + (limitMs ?? Number.POSITIVE_INFINITY);
    while (this.#sockets.size > 0 && performance.now() < until) {
      if (limitMs === undefined) for (const [socket, at] of this.#sockets) closeIdle(socket, at);
      await new Promise((resolve) => setTimeout(resolve, LOOK_MS));
    }
  }
}

/** Of an HTTP server, which is asked again and again: connections become idle one by one. */
const closeIdle = (socket: Socket, acceptedAt: number): void => {
  const server: unknown = Reflect.get(socket, 'server');
  if (typeof server !== 'object' || server === null || !('closeIdleConnections' in server)) return;
  if (typeof server.closeIdleConnections === 'function') server.closeIdleConnections();
  // Idle are those that had a request. Who never sent a byte would be waited for as long as headers may take.
  if (socket.bytesRead === 0 && performance.now() - acceptedAt >= SILENT_MS) socket.destroy();
};

/** The answer says `Connection: close`, unless its handler says otherwise. */
const sendAway = (message: unknown): void => {
  if (typeof message !== 'object' || message === null || !('response' in message)) return;
  const { response } = message;
  if (typeof response === 'object' && response !== null && 'shouldKeepAlive' in response) {
    response.shouldKeepAlive = false;
  }
};

const socketIn = (message: unknown): Socket | undefined => {
  const found = typeof message === 'object' && message !== null && 'socket' in message ? message.socket : undefined;
  return isSocket(found) ? found : undefined;
};

const isSocket = (value: unknown): value is Socket =>
  typeof value === 'object' && value !== null && 'once' in value && typeof value.once === 'function';
