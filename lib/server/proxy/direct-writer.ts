import type { Answer } from '../http/answer.ts';
import { Connection } from '../http/connection.ts';
import type { NodeHeaders } from '../http/pump.ts';
import type { ProxyError } from './errors.ts';
import type { Exchange } from './exchange.ts';
import { type Reporter, report } from './refusal.ts';

/**
 * The largest body that is written together with its head, as one text of single bytes: one piece is handed to the system
 * more cheaply than two, as long as copying it costs less than that.
 */
const SMALL_BYTES = 4_096;

/** A head that has not been written, and the first piece of the body. */
interface Held {
  readonly status: number;
  readonly headers: NodeHeaders;
  chunk: Uint8Array | undefined;
}

/** One character for each byte. */
const textOf = (chunk: Uint8Array): string =>
  (Buffer.isBuffer(chunk) ? chunk : Buffer.from(chunk.buffer, chunk.byteOffset, chunk.byteLength)).toString('latin1');

const flush = (writer: DirectWriter): void => writer.flush();

/**
 * Writes an answer to its client as it comes.
 *
 * Most answers come in one piece: head, body and end in one turn. The head and the first piece wait for the end of
 * that turn, so that they leave together.
 */
export class DirectWriter {
  readonly #outgoing: Answer;
  readonly #reporter: Reporter;
  readonly #exchange: Exchange;
  #held: Held | undefined;
  /** Its client is told its length. */
  #isMeasured = false;

  constructor(outgoing: Answer, reporter: Reporter, exchange: Exchange) {
    this.#outgoing = outgoing;
    this.#reporter = reporter;
    this.#exchange = exchange;
  }

  head(status: number, headers: NodeHeaders): void {
    this.#held = { status, headers, chunk: undefined };
    process.nextTick(flush, this);
  }

  /** Returns whether there is room for more. */
  data(chunk: Uint8Array): boolean {
    if (this.#held !== undefined && this.#held.chunk === undefined) {
      this.#held.chunk = chunk;
      return true;
    }
    this.flush();
    return this.#write(chunk);
  }

  end(): void {
    const held = this.#held;
    this.#held = undefined;
    if (held === undefined) {
      this.#outgoing.end();
      return;
    }
    const { status, headers, chunk } = held;
    this.#outgoing.writeHead(status, headers);
    if (chunk === undefined || chunk.byteLength > SMALL_BYTES) this.#outgoing.end(chunk);
    else this.#outgoing.end(textOf(chunk), 'latin1');
  }

  /** The turn in which the head came is over. */
  flush(): void {
    const held = this.#held;
    this.#held = undefined;
    if (held === undefined || this.#outgoing.destroyed) return;
    this.#outgoing.writeHead(held.status, held.headers);
    this.#isMeasured = 'content-length' in held.headers;
    // Whoever waits for a stream of events wants to know that it has begun.
    if (held.chunk === undefined) this.#outgoing.flushHeaders();
    else if (!this.#write(held.chunk)) this.#exchange.pause();
  }

  /** It has broken off: its client must not take a part for all. */
  tear(error: ProxyError): void {
    this.flush();
    if (this.#outgoing.moot) return;
    const id = report(error, this.#reporter, this.#outgoing.req, true);
    // Where the end of the connection is the end of the answer, only a reset says that this was not it.
    const isFramed = this.#isMeasured || this.#outgoing.chunkedEncoding;
    const socket = Connection.of(this.#outgoing.req)?.socket;
    if (!isFramed && socket !== undefined && 'resetAndDestroy' in socket) {
      if (typeof socket.resetAndDestroy === 'function') socket.resetAndDestroy();
    }
    this.#outgoing.giveUp(error.status, id);
  }

  #write(chunk: Uint8Array): boolean {
    if (this.#outgoing.write(chunk)) return true;
    this.#outgoing.once('drain', () => this.#exchange.resume());
    return false;
  }
}
