import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Duplex } from 'node:stream';
import type { HttpBindings } from '@hono/node-server';

/** Milliseconds a refused or draining client gets to read its answer before the socket is destroyed. */
const LINGER_MS = 500;

/** A WebSocket close frame, unmasked as servers send it: opcode 8, two bytes, status 1001 "going away" (RFC 6455 §5.5.1, §7.4.1). */
const GOING_AWAY = Buffer.from([0x88, 0x02, 0x03, 0xe9]);

const CONNECTION = Symbol('sluice.connection');

interface Bearer {
  [CONNECTION]?: Connection;
}

/** The server a connection belongs to, as far as its requests need to know. */
export interface RequestReceiver {
  /** A request's head has arrived. */
  receive(incoming: IncomingMessage, outgoing: ServerResponse): void;
  /** Has it answered. */
  fetch(request: Request, env: HttpBindings): Response | Promise<Response>;
  /** Turns what a handler threw into the answer its client gets. */
  fail(error: unknown, incoming: IncomingMessage): Response;
  /** The client asks for another protocol. */
  upgrade(incoming: IncomingMessage, socket: Duplex, head: Buffer): void;
}

/** One client's connection: what Node does not tell of it, kept where a request finds it without a look-up. */
export class Connection {
  readonly socket: Duplex & { readonly bytesRead?: number };
  /** Told to leave: its next answer says `Connection: close`. */
  draining = false;
  /** Requests that wait for their answer. */
  open = 0;
  requests = 0;
  /** `performance.now()` of the last sign of life. */
  activeAt = performance.now();
  /** The protocol it was upgraded to; HTTP has nothing more to do with it then. */
  upgraded: string | undefined;
  readonly server: RequestReceiver;
  #bytesSeen = 0;
  #drained: AbortController | undefined;

  constructor(socket: Duplex & Bearer, server: RequestReceiver) {
    this.socket = socket;
    this.server = server;
    socket[CONNECTION] = this;
  }

  /** The connection a request came over; `undefined` when no server of ours accepted it. */
  static of(incoming: IncomingMessage): Connection | undefined {
    return (incoming.socket as typeof incoming.socket & Bearer)[CONNECTION];
  }

  /** Aborts when the connection is told to leave. */
  get drainSignal(): AbortSignal {
    this.#drained ??= new AbortController();
    if (this.draining) this.#drained.abort();
    return this.#drained.signal;
  }

  /** Nothing has been asked, or all that was asked has been answered and handed to the kernel. */
  get idle(): boolean {
    return this.open === 0 && this.upgraded === undefined && this.socket.writableLength === 0 && !this.#halfAsked;
  }

  /** Bytes of a first request have arrived, but no whole head. */
  get #halfAsked(): boolean {
    return this.requests === 0 && (this.socket.bytesRead ?? 0) > 0;
  }

  /** Milliseconds without a sign of life. Bytes that arrived since the last call are one. */
  silentMs(now: number): number {
    const bytes = this.socket.bytesRead ?? 0;
    if (bytes !== this.#bytesSeen) {
      this.#bytesSeen = bytes;
      this.activeAt = Math.max(this.activeAt, now);
    }
    return now - this.activeAt;
  }

  /** Told to leave: says good-bye in the protocol that is spoken, where that has words for it, and tells its handlers. */
  leave(): void {
    if (this.draining) return;
    this.draining = true;
    this.#bytesSeen = this.socket.bytesRead ?? 0;
    if (this.upgraded === 'websocket' && this.socket.writable) this.socket.write(GOING_AWAY);
    this.#drained?.abort();
  }

  /** Ends our side, and the socket as soon as everything has been written. */
  end(): void {
    if (this.socket.destroyed) return;
    this.socket.end(() => this.socket.destroy());
  }

  /**
   * Ends our side, and destroys the socket a moment later.
   *
   * A socket that is destroyed while unread bytes wait in it sends a reset, and a reset overtakes the answer: the
   * client gets time to read it first.
   */
  linger(): void {
    this.socket.end();
    const timer = setTimeout(() => this.socket.destroy(), LINGER_MS);
    timer.unref();
    this.socket.once('close', () => clearTimeout(timer));
  }
}
