import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Duplex } from 'node:stream';
import { type Caller, callsFor, type HandlerCaller } from './caller.ts';
import { Outbox, type OutgoingSocket } from './outbox.ts';
import type { Reply } from './reply.ts';

/** Milliseconds a client gets to read its last answer before the socket is destroyed. */
const LINGER_MS = 500;

/** How often a connection that has only its last words left looks whether it is their turn. */
const LOOK_MS = 10;

/** A WebSocket close frame, unmasked as servers send it: opcode 8, two bytes, status 1001 "going away" (RFC 6455 §5.5.1, §7.4.1). */
const GOING_AWAY = Buffer.from([0x88, 0x02, 0x03, 0xe9]);

const CONNECTION = Symbol('sluice.connection');

/** What `node:http` and `node:net` keep on a socket, as far as it is of use here; other streams have none of it. */
interface HttpSocket extends Duplex, OutgoingSocket {
  [CONNECTION]?: Connection;
  readonly bytesRead?: number;
  /** The response whose turn it is. */
  readonly _httpMessage?: ServerResponse | null;
  /** Reads requests; `incoming` is the latest, unless it was read to its end. */
  readonly parser?: { readonly incoming?: IncomingMessage | null } | null;
  /** Called by Node after the last answer of a connection; `net.Socket`'s own destroys the socket. */
  destroySoon?: () => void;
}

/** The server a connection belongs to, as far as its requests need to know. */
export interface RequestReceiver extends HandlerCaller {
  /** A request's head has arrived. */
  receive(incoming: IncomingMessage, outgoing: ServerResponse & Reply): void;
  /** The answer itself could not be given: nobody but the log learns why. */
  broken(error: unknown, reply: Reply): void;
  /** What took a connection over has failed: nobody but the log learns why. */
  failed(error: unknown, incoming: IncomingMessage): void;
  /** Somebody is refused whose request could not be read. */
  refused(status: number): void;
  /** The client asks for another protocol; `readAgain` has what can be read on the connection taken for requests. */
  upgrade(incoming: IncomingMessage, socket: Duplex, head: Buffer, readAgain: () => void): void;
}

function leaveSoon(this: HttpSocket): void {
  this[CONNECTION]?.leaveSoon();
}

/** One client's connection: what Node does not tell of it, kept where a request finds it without a look-up. */
export class Connection implements Caller {
  readonly socket: HttpSocket;
  readonly server: RequestReceiver;
  /** How often its server had been taken back into service when it was accepted. */
  readonly era: number;
  /** Told to leave: its next answer says `Connection: close`. */
  draining = false;
  /** Its last answer is given, or as good as given: whatever else it asks is not looked at. */
  over = false;
  /** Requests that wait for their answer. */
  open = 0;
  requests = 0;
  /** `performance.now()` of the last sign of life. */
  activeAt = performance.now();
  /** The protocol it was upgraded to; HTTP has nothing more to do with it then. */
  upgraded: string | undefined;
  #bytesSeen = 0;
  #bytesBeforeUpgrade = 0;
  #drained: AbortController | undefined;
  #queued: Set<ServerResponse> | undefined;
  #farewell: (() => void) | undefined;
  readonly #outbox = new Outbox();

  constructor(socket: HttpSocket, server: RequestReceiver, era: number) {
    this.socket = socket;
    this.server = server;
    this.era = era;
    socket[CONNECTION] = this;
    callsFor(socket, this);
    socket.destroySoon = leaveSoon;
  }

  /** The connection a request came over; `undefined` when no server of ours accepted it. */
  static of({ socket }: { readonly socket: HttpSocket }): Connection | undefined {
    return socket[CONNECTION];
  }

  /** Aborts when the connection is told to leave. */
  get drainSignal(): AbortSignal {
    if (this.#drained === undefined) {
      const drained = new AbortController();
      this.#drained = drained;
      // Told already: a listener that is added to an aborted signal would never hear of it.
      if (this.draining) queueMicrotask(() => drained.abort());
    }
    return this.#drained.signal;
  }

  /**
   * Nothing has been asked, or all that was asked has been answered and handed to the kernel.
   *
   * @param receiving - the parsers that are within a request.
   */
  isIdle(receiving: ReadonlySet<unknown>): boolean {
    const { bytesRead = 0, parser, writableLength } = this.socket;
    if (this.busy || this.upgraded !== undefined || writableLength > 0) return false;
    const halfAsked = bytesRead > 0 && (this.requests === 0 || receiving.has(parser));
    return !halfAsked;
  }

  /** Something that was asked is not answered yet. */
  get busy(): boolean {
    return this.open > 0 || Boolean(this.socket._httpMessage);
  }

  /** The response to a request that is not answered yet. */
  answerTo(incoming: IncomingMessage): ServerResponse | undefined {
    const current = this.socket._httpMessage;
    if (current?.req === incoming) return current;
    return [...(this.#queued ?? [])].find(({ req }) => req === incoming);
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

  stalledMs(now: number): number {
    return this.#outbox.stalledMs(this.socket, now);
  }

  /** Told to leave: says good-bye in the protocol that is spoken, where that has words for it, and tells its handlers. */
  leave(): void {
    if (this.draining) return;
    this.draining = true;
    this.#bytesSeen = this.socket.bytesRead ?? 0;
    // Before the handshake is answered there is nobody to say it to.
    const { bytesWritten = Number.POSITIVE_INFINITY, writable } = this.socket;
    if (this.#farewell !== undefined) this.#farewell();
    else if (this.upgraded === 'websocket' && writable && bytesWritten > this.#bytesBeforeUpgrade) {
      this.socket.write(GOING_AWAY);
    }
    this.#drained?.abort();
  }

  /** From now on it speaks another protocol. */
  becomes(protocol: string): void {
    this.upgraded = protocol.toLowerCase();
    this.#bytesBeforeUpgrade = this.socket.bytesWritten ?? 0;
  }

  /**
   * From now on `say` says good-bye, in place of the bare close frame: somebody speaks the protocol who knows when a
   * message ends. It is called once, when the connection is told to leave, and sees to it that the connection ends.
   */
  sayFarewellBy(say: () => void): void {
    this.#farewell = say;
  }

  /**
   * The last answer has been written.
   *
   * Whoever asked for the end has nothing more to say, and waiting for its own end costs a quarter of a short-lived
   * connection's time (measured). It is waited for when it may have.
   */
  leaveSoon(): void {
    const { incoming } = this.socket.parser ?? {};
    if (this.draining || (incoming && !incoming.complete)) this.linger();
    else this.end();
  }

  /** Ends our side, and the socket as soon as everything has been written. */
  end(): void {
    if (this.socket.destroyed) return;
    this.over = true;
    this.socket.end(() => this.socket.destroy());
  }

  /**
   * Ends our side after `words`, and destroys the socket when the client has ended its own, or a moment later.
   *
   * A socket that is destroyed while unread bytes wait in it, of a body nobody wanted or of another request, sends a
   * reset, and a reset overtakes the answer: the client gets time to read it first.
   */
  linger(words = ''): void {
    this.over = true;
    if (words !== '' && this.socket.writable) this.socket.write(words);
    this.socket.end(() => {
      if (this.socket.destroyed) return;
      const timer = setTimeout(() => this.socket.destroy(), LINGER_MS);
      timer.unref();
      this.socket.once('close', () => clearTimeout(timer));
    });
  }

  /** Says `words` after everything that was asked before has been answered, and ends the connection. */
  conclude(words: string): void {
    this.over = true;
    if (this.socket.destroyed) return;
    if (!this.busy) this.linger(words);
    else setTimeout(() => this.conclude(words), LOOK_MS).unref();
  }

  /** A pipelined response waits for those before it: Node will not tell it when the connection ends. */
  queue(outgoing: ServerResponse): void {
    const queued = this.#queued ?? new Set();
    this.#queued = queued.add(outgoing);
    outgoing.once('close', () => queued.delete(outgoing));
  }

  /** The socket is closed: those who still wait for their turn learn that it will not come. */
  abandon(): void {
    for (const outgoing of this.#queued ?? []) {
      if (outgoing.socket !== null) continue;
      outgoing.destroyed = true;
      outgoing.emit('close');
    }
  }
}
