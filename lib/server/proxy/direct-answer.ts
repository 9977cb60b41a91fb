import type { Answer } from '../http/answer.ts';
import { DirectWriter } from './direct-writer.ts';
import type { ProxyError } from './errors.ts';
import { type Dispatching, Exchange, type Sink } from './exchange.ts';
import { passBack } from './headers.ts';
import { type Reporter, refusalOf } from './refusal.ts';
import type { Outbound, ResponseHeaders } from './upstream.ts';

/** An answer that nobody looks at on its way: it is written straight to its client. */
export class DirectAnswer implements Sink {
  readonly #outgoing: Answer;
  readonly #reporter: Reporter;
  readonly #writer: DirectWriter;

  constructor(outgoing: Answer, reporter: Reporter, dispatching: Dispatching, request: Outbound) {
    this.#outgoing = outgoing;
    this.#reporter = reporter;
    const exchange = new Exchange(dispatching, request, this);
    this.#writer = new DirectWriter(outgoing, reporter, exchange);
    outgoing.on('close', () => exchange.leave());
    exchange.start();
  }

  head(status: number, headers: ResponseHeaders): void {
    this.#writer.head(status, passBack(status, headers));
  }

  data(chunk: Uint8Array): boolean {
    return this.#writer.data(chunk);
  }

  end(): void {
    this.#writer.end();
  }

  refuse(error: ProxyError): void {
    if (this.#outgoing.moot || this.#outgoing.headersSent) return;
    const { status, headers, body } = refusalOf(error, this.#reporter, this.#outgoing.req);
    this.#outgoing.writeHead(status, headers);
    this.#outgoing.end(body);
  }

  tear(error: ProxyError): void {
    this.#writer.tear(error);
  }

  /** Nobody asked for another protocol here. */
  switched(): void {
    this.#outgoing.giveUp(502);
  }
}
