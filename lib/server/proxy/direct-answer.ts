import type { Answer } from '../http/answer.ts';
import { Connection } from '../http/connection.ts';
import type { ProxyError } from './errors.ts';
import { type Dispatching, Exchange, type Sink } from './exchange.ts';
import { passBack } from './headers.ts';
import { type Reporter, refusalOf, report } from './refusal.ts';
import type { Outbound, ResponseHeaders } from './upstream.ts';

const flush = (answer: DirectAnswer): void => answer.flush();

/**
 * An answer that is written straight to its client, for routes without middleware.
 *
 * Most answers come in one piece: head, body and end in one turn. The head and the first piece wait for the end of
 * that turn, so that they leave together.
 */
export class DirectAnswer implements Sink {
  readonly #outgoing: Answer;
  readonly #reporter: Reporter;
  readonly #exchange: Exchange;
  #held: Uint8Array | undefined;
  #isHolding = false;
  /** Its client can tell where it ends. */
  #isFramed = true;

  constructor(outgoing: Answer, reporter: Reporter, dispatching: Dispatching, request: Outbound) {
    this.#outgoing = outgoing;
    this.#reporter = reporter;
    this.#exchange = new Exchange(dispatching, request, this);
    outgoing.once('close', () => this.#exchange.leave());
    this.#exchange.start();
  }

  head(status: number, given: ResponseHeaders): void {
    const headers = passBack(status, given);
    this.#outgoing.writeHead(status, headers);
    this.#isFramed = 'content-length' in headers || this.#outgoing.chunkedEncoding;
    this.#isHolding = true;
    process.nextTick(flush, this);
  }

  data(chunk: Uint8Array): boolean {
    if (this.#isHolding && this.#held === undefined) {
      this.#held = chunk;
      return true;
    }
    this.flush();
    return this.#write(chunk);
  }

  end(): void {
    this.#isHolding = false;
    const held = this.#held;
    this.#held = undefined;
    this.#outgoing.end(held);
  }

  /** The turn in which the head came is over. */
  flush(): void {
    if (!this.#isHolding) return;
    this.#isHolding = false;
    const held = this.#held;
    this.#held = undefined;
    if (this.#outgoing.destroyed) return;
    if (held === undefined) this.#outgoing.flushHeaders();
    else if (!this.#write(held)) this.#exchange.pause();
  }

  refuse(error: ProxyError): void {
    if (this.#outgoing.moot || this.#outgoing.headersSent) return;
    const { status, headers, body } = refusalOf(error, this.#reporter, this.#outgoing.req);
    this.#outgoing.writeHead(status, headers);
    this.#outgoing.end(body);
  }

  tear(error: ProxyError): void {
    if (this.#outgoing.moot) return;
    const id = report(error, this.#reporter, this.#outgoing.req, true);
    const socket = Connection.of(this.#outgoing.req)?.socket;
    // Where the end of the connection is the end of the answer, only a reset says that this was not it.
    if (!this.#isFramed && socket !== undefined && 'resetAndDestroy' in socket) {
      if (typeof socket.resetAndDestroy === 'function') socket.resetAndDestroy();
    }
    this.#outgoing.giveUp(error.status, id);
  }

  /** Nobody asked for another protocol here. */
  switched(): void {
    this.#outgoing.giveUp(502);
  }

  #write(chunk: Uint8Array): boolean {
    if (this.#outgoing.write(chunk)) return true;
    this.#outgoing.once('drain', () => this.#exchange.resume());
    return false;
  }
}
