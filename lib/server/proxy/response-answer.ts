import type { Duplex } from 'node:stream';
import type { Asked } from '../http/reply.ts';
import type { ProxyError } from './errors.ts';
import { type Dispatching, Exchange, type Sink } from './exchange.ts';
import { passBack } from './headers.ts';
import { type Reporter, refusalOf } from './refusal.ts';
import { ResponseBody } from './response-body.ts';
import type { Target } from './targets.ts';
import type { Outbound, ResponseHeaders } from './upstream.ts';

/** Answers that have no body, whatever is said of its length (RFC 9110 §6.4.1, §15.3.6). */
const BODILESS: ReadonlySet<number> = new Set([204, 205, 304]);

/** The highest status that a `Response` can have. */
const HIGHEST_STATUS = 599;

/** What becomes of a connection when a target agrees to another protocol; answers what stands for it. */
export type Switch = (headers: ResponseHeaders, socket: Duplex, target: Target) => Response;

const refuseSwitch: Switch = (_, socket) => {
  socket.destroy();
  return new Response(null, { status: 502 });
};

/** Headers for a `Response`: as they are, unless a name comes more than once. */
const headersOf = (passed: Readonly<Record<string, string | string[]>>): Headers | Record<string, string> => {
  const plain: Record<string, string> = {};
  for (const name in passed) {
    const value = passed[name];
    if (typeof value !== 'string') return manyHeadersOf(passed);
    plain[name] = value;
  }
  return plain;
};

const manyHeadersOf = (passed: Readonly<Record<string, string | string[]>>): Headers => {
  const headers = new Headers();
  for (const [name, value] of Object.entries(passed)) {
    for (const one of typeof value === 'string' ? [value] : value) headers.append(name, one);
  }
  return headers;
};

/** An answer as a `Response`, for whoever wants to look at it or change it before it is sent. */
export class ResponseAnswer implements Sink {
  /** The answer as soon as its head is there; never rejects. */
  readonly response: Promise<Response>;
  readonly #request: Outbound;
  readonly #reporter: Reporter;
  readonly #asked: Asked;
  readonly #exchange: Exchange;
  readonly #switch: Switch;
  #resolve: (response: Response) => void = () => {};
  #body: ResponseBody | undefined;

  constructor(
    asked: Asked,
    reporter: Reporter,
    dispatching: Dispatching,
    request: Outbound,
    onSwitch: Switch = refuseSwitch,
  ) {
    this.#asked = asked;
    this.#reporter = reporter;
    this.#request = request;
    this.#switch = onSwitch;
    this.response = new Promise((resolve) => {
      this.#resolve = resolve;
    });
    this.#exchange = new Exchange(dispatching, request, this);
    this.#exchange.start();
  }

  /** Its client has left. */
  leave(): void {
    this.#exchange.leave();
  }

  head(status: number, given: ResponseHeaders): void {
    if (status > HIGHEST_STATUS) {
      this.#exchange.fail('malformed', new RangeError(`status ${status}`));
      return;
    }
    const headers = headersOf(passBack(status, given));
    const isEmpty = BODILESS.has(status) || this.#request.method === 'HEAD';
    if (!isEmpty) this.#body = new ResponseBody(this.#exchange, this.#reporter);
    this.#resolve(new Response(this.#body?.stream ?? null, { status, headers }));
  }

  data(chunk: Uint8Array): boolean {
    return this.#body?.data(chunk) ?? true;
  }

  end(): void {
    this.#body?.end();
  }

  refuse(error: ProxyError): void {
    const { body, ...init } = refusalOf(error, this.#reporter, this.#asked);
    this.#resolve(new Response(this.#request.method === 'HEAD' ? null : body, init));
  }

  /** Whoever reads it learns of it, and in the end the server, which logs it and cuts its client off. */
  tear(error: ProxyError): void {
    this.#body?.tear(error);
  }

  switched(headers: ResponseHeaders, socket: Duplex, target: Target): void {
    this.#resolve(this.#switch(headers, socket, target));
  }
}
