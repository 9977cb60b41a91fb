import { setPump } from '../http/pump.ts';
import { DirectWriter } from './direct-writer.ts';
import type { ProxyError } from './errors.ts';
import type { Exchange } from './exchange.ts';
import type { Reporter } from './refusal.ts';

/** Bytes that may come before anybody has begun to read: most answers are shorter, and whole by then. */
const AHEAD_BYTES = 65_536;

/**
 * The body of an answer that is a `Response`: a stream for whoever reads it, and when nobody has, written straight to
 * the client in the end. Until one of them begins, little is read from the target.
 */
export class ResponseBody {
  readonly stream: ReadableStream<Uint8Array>;
  readonly #exchange: Exchange;
  #waiting: Uint8Array[] = [];
  #waitingBytes = 0;
  #hasEnded = false;
  #torn: ProxyError | undefined;
  #reader: ReadableStreamDefaultController<Uint8Array> | undefined;
  #writer: DirectWriter | undefined;

  constructor(exchange: Exchange, reporter: Reporter) {
    this.#exchange = exchange;
    this.stream = new ReadableStream<Uint8Array>(
      { pull: (controller) => this.#read(controller), cancel: () => exchange.leave() },
      // Nothing is asked for before somebody reads.
      { highWaterMark: 0 },
    );
    setPump(this.stream, (outgoing, status, headers) => {
      const writer = new DirectWriter(outgoing, reporter, exchange);
      this.#writer = writer;
      writer.head(status, headers);
      let hasRoom = true;
      for (const chunk of this.#waiting) hasRoom = writer.data(chunk);
      this.#waiting = [];
      if (this.#torn !== undefined) writer.tear(this.#torn);
      else if (this.#hasEnded) writer.end();
      else if (hasRoom) exchange.resume();
    });
  }

  /** Returns whether there is room for more. */
  data(chunk: Uint8Array): boolean {
    if (this.#writer !== undefined) return this.#writer.data(chunk);
    if (this.#reader !== undefined) {
      // One piece for each time it is asked for.
      this.#reader.enqueue(chunk);
      this.#reader = undefined;
      return false;
    }
    this.#waiting.push(chunk);
    this.#waitingBytes += chunk.byteLength;
    return this.#waitingBytes < AHEAD_BYTES;
  }

  end(): void {
    this.#hasEnded = true;
    this.#writer?.end();
    this.#reader?.close();
  }

  tear(error: ProxyError): void {
    this.#torn = error;
    this.#writer?.tear(error);
    this.#reader?.error(error);
  }

  #read(controller: ReadableStreamDefaultController<Uint8Array>): void {
    const next = this.#waiting.shift();
    if (next !== undefined) {
      this.#waitingBytes -= next.byteLength;
      controller.enqueue(next);
    } else if (this.#torn !== undefined) {
      controller.error(this.#torn);
    } else if (this.#hasEnded) {
      controller.close();
    } else {
      this.#reader = controller;
      this.#exchange.resume();
    }
  }
}
