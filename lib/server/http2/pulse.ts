import type { Http2Session } from 'node:http2';
import type { Duplex } from 'node:stream';

/** Milliseconds that a frame may wait while nothing is written. It does not take one. */
const STUCK_MS = 2_000;

/** How often a session with requests is given a frame to send, so that there is one that could wait. */
const PROBE_MS = 5_000;

/** What a session runs on; streams that are no sockets say less. */
export interface CarryingSocket extends Duplex {
  readonly bytesRead?: number;
  readonly bytesWritten?: number;
  /** Its `writeQueueSize` is what was not taken of the write that is under way. */
  readonly _handle?: { readonly writeQueueSize?: number } | null;
}

/**
 * Notices sessions that are over without a word.
 *
 * Some mistakes of a client make nghttp2 say GOAWAY and from then on neither send nor read. Node is told nothing, and
 * waits for ever for answers to leave and for the client to end the connection. All there is to see is that frames wait
 * while nothing is under way.
 */
export class Pulse {
  readonly #http2: Http2Session;
  readonly #socket: CarryingSocket;
  #movedAt: number | undefined;
  #probedAt: number | undefined;

  constructor(http2: Http2Session, socket: CarryingSocket) {
    this.#http2 = http2;
    this.#socket = socket;
  }

  /** There is nothing to answer, and so nothing to notice. */
  rest(): void {
    this.#movedAt = undefined;
    this.#probedAt = undefined;
  }

  /**
   * Whether a session that has requests to answer is over.
   *
   * @param now - on a clock that stands still when nobody could be served.
   */
  isGone(now: number): boolean {
    if (this.#http2.destroyed) return false;
    const { outboundQueueSize = 0 } = this.#http2.state;
    const waits = outboundQueueSize > 0 && (this.#socket._handle?.writeQueueSize ?? 0) === 0;
    if (!waits || this.#movedAt === undefined) this.#movedAt = now;
    this.#probedAt ??= now;
    if (now - this.#probedAt >= PROBE_MS) {
      this.#probedAt = now;
      this.#http2.ping(() => undefined);
    }
    return now - this.#movedAt >= STUCK_MS;
  }
}
