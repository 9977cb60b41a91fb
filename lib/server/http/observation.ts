import type { Readable } from 'node:stream';
import type { EndedRequest, RequestWatcher } from '../instrument.ts';
import { type Instruments, runWithin } from '../instruments.ts';
import type { FindRoute } from '../route-pattern.ts';
import { BODILESS } from './bodiless.ts';
import type { Asked } from './reply.ts';

/** What answers a request. */
interface Answering {
  readonly id: string;
  readonly route?: FindRoute | undefined;
  /** How connections are encrypted; without it they are not. */
  readonly encryption: unknown;
}

/** What is known of a request when its head has arrived. */
export interface Beginning {
  readonly service: Answering;
  readonly asked: Asked;
  readonly protocol: EndedRequest['protocol'];
  /** `performance.now()` at which its head arrived. */
  readonly startedAt: number;
  /** It does not reach a handler: its path may be anything. */
  readonly isRefused: boolean;
}

/** An answer that is followed to its end. */
export interface ObservedReply {
  observed: Observation | undefined;
  /** The status its client was told by somebody else in its place. */
  readonly instead: number | undefined;
  readonly statusCode: number;
  readonly headersSent: boolean;
  /** All of it was handed over. */
  readonly handedOver: boolean;
  on(event: 'close', listener: () => void): unknown;
}

function conclude(this: ObservedReply): void {
  const { observed, instead } = this;
  if (observed === undefined) return;
  this.observed = undefined;
  const told = this.headersSent ? this.statusCode : undefined;
  observed.end(instead ?? told, instead !== undefined || (told !== undefined && this.handedOver));
}

/** What instruments are told of one request; one object for all that they ask. */
export class Observation implements EndedRequest {
  status: number | undefined = undefined;
  complete = false;
  durationMs = 0;
  requestBytes = 0;
  responseBytes = 0;
  readonly #beginning: Beginning;
  readonly #instruments: Instruments;
  readonly #watcher: RequestWatcher | undefined;
  #route: string | undefined;
  #isRouted = false;

  /** Tells of a request that begins; `undefined` when nobody follows it. */
  static begin(instruments: Instruments, beginning: Beginning): Observation | undefined {
    const observation = new Observation(instruments, beginning);
    return observation.#watcher === undefined ? undefined : observation;
  }

  private constructor(instruments: Instruments, beginning: Beginning) {
    this.#instruments = instruments;
    this.#beginning = beginning;
    this.#isRouted = beginning.isRefused;
    this.#watcher = instruments.begin(this);
  }

  get server(): string {
    return this.#beginning.service.id;
  }

  get method(): string {
    return this.#beginning.asked.method ?? '';
  }

  get path(): string {
    const { url = '' } = this.#beginning.asked;
    const query = url.indexOf('?');
    return query < 0 ? url : url.slice(0, query);
  }

  get route(): string | undefined {
    if (this.#isRouted) return this.#route;
    this.#isRouted = true;
    const { service, asked } = this.#beginning;
    const { host, ':authority': authority } = asked.headers;
    this.#route = service.route?.(
      this.method,
      this.path,
      host ?? (typeof authority === 'string' ? authority : undefined),
    );
    return this.#route;
  }

  get protocol(): EndedRequest['protocol'] {
    return this.#beginning.protocol;
  }

  get encrypted(): boolean {
    return this.#beginning.service.encryption !== undefined;
  }

  get headers(): EndedRequest['headers'] {
    return this.#beginning.asked.headers;
  }

  /** Has it answered within what whoever follows it puts around it. */
  run(handle: () => void): void {
    if (this.#watcher?.run === undefined) handle();
    else runWithin(this.#watcher, handle, (error) => this.#instruments.failed(error));
  }

  /** Counts its body where it is pushed into the request: nothing is read that nobody asked for. */
  receive(incoming: Readable): void {
    const push = incoming.push.bind(incoming);
    incoming.push = (chunk: unknown, encoding?: BufferEncoding): boolean => {
      if (chunk instanceof Uint8Array) this.requestBytes += chunk.byteLength;
      return push(chunk, encoding);
    };
  }

  /** A part of the body of its answer is written. */
  wrote(chunk: unknown, encoding?: unknown): void {
    if (typeof chunk === 'string') {
      this.responseBytes += encoding === 'latin1' ? chunk.length : Buffer.byteLength(chunk, encodingOf(encoding));
    } else if (chunk instanceof Uint8Array) this.responseBytes += chunk.byteLength;
  }

  /** Sees to it that its end is told when this answer has come to one. */
  follow(reply: ObservedReply): void {
    reply.observed = this;
    // Not `once`: that would be two more objects for each request, and a second call finds nothing to tell.
    reply.on('close', conclude);
  }

  end(status: number | undefined, complete: boolean): void {
    this.status = status;
    this.complete = complete;
    this.durationMs = performance.now() - this.#beginning.startedAt;
    if (status === 101 || this.method === 'HEAD' || (status !== undefined && BODILESS.has(status))) {
      this.responseBytes = 0;
    }
    try {
      this.#watcher?.end(this);
    } catch (error) {
      this.#instruments.failed(error);
    }
  }
}

const encodingOf = (encoding: unknown): BufferEncoding =>
  typeof encoding === 'string' && Buffer.isEncoding(encoding) ? encoding : 'utf8';
