import { constants, Http2ServerResponse, type OutgoingHttpHeaders, type ServerHttp2Stream } from 'node:http2';
import { BODILESS } from '../http/bodiless.ts';
import type { Observation, ObservedReply } from '../http/observation.ts';
import { reasonOf } from '../http/refuse.ts';
import type { Reply } from '../http/reply.ts';
import type { Responder } from '../http/responder.ts';

/** What speaks of a connection in HTTP/1, and makes a response malformed here (RFC 9113 §8.2.2). */
const ABOUT_CONNECTION = /^(?:connection|keep-alive|proxy-connection|transfer-encoding|upgrade|http2-settings|te)$/i;

/**
 * A body that is longer goes out in pieces of this size, one after the other: Node counts what waits to be sent as
 * memory of the session and refuses new streams when it is too much, and a piece that is taken is a sign of life.
 */
const PIECE_BYTES = 65_536;

const withoutConnection = (headers: OutgoingHttpHeaders): OutgoingHttpHeaders => {
  for (const name in headers) {
    if (!ABOUT_CONNECTION.test(name)) continue;
    return Object.fromEntries(Object.entries(headers).filter(([name]) => !ABOUT_CONNECTION.test(name)));
  }
  return headers;
};

type Done = (error: Error) => void;

const bytesOf = (chunk: string | Uint8Array | null | undefined, encoding: unknown): number => {
  if (typeof chunk !== 'string') return chunk?.byteLength ?? 0;
  return Buffer.byteLength(chunk, typeof encoding === 'string' && Buffer.isEncoding(encoding) ? encoding : 'utf8');
};

/**
 * An answer in a stream of a session: it drops what only HTTP/1 can say, a head that cannot be written becomes a 500,
 * and an answer that breaks off ends as a reset.
 */
export class StreamAnswer extends Http2ServerResponse implements Reply, ObservedReply {
  /** Answered in its author's place, or its client is gone. */
  override destroyed = false;
  observed: Observation | undefined = undefined;
  instead: number | undefined = undefined;
  /** Whose request it answers; unknown for a moment only. */
  server: Responder | undefined;
  /** When its request arrived, on the clock of its session. */
  askedAt = 0;
  /** It ended before its time because of us, not of its client. */
  #givenUp = false;
  #pumping = false;
  /** Bytes of its body that are still to come, when its length was announced. */
  #lacking: number | undefined;
  /** Writes that its client has taken. */
  #taken = 0;
  #takenSeen = 0;
  #takenAt = 0;

  constructor(stream: ServerHttp2Stream) {
    super(stream);
    stream.once('close', () => {
      this.destroyed = true;
    });
  }

  get moot(): boolean {
    return this.destroyed || this.stream.destroyed || this.stream.closed;
  }

  get handedOver(): boolean {
    // Node ends what its client has reset or left: that its author did is the point.
    return this.writableEnded && this.stream.writableFinished && !this.#givenUp;
  }

  /** Its request has arrived whole, whether or not anybody has read it. */
  get asked(): boolean {
    const { stream } = this;
    return stream.endAfterHeaders || stream.readableEnded || stream.destroyed || stream.state.remoteClose === 1;
  }

  /**
   * Milliseconds for which something of it has waited to be sent and its client has taken none of it.
   *
   * @param now - on the clock of its session.
   */
  stalledMs(now: number): number {
    const waiting = this.headersSent && this.stream.bufferSize > 0;
    if (!waiting || this.#taken !== this.#takenSeen || this.#takenAt === 0) this.#takenAt = now;
    this.#takenSeen = this.#taken;
    return now - this.#takenAt;
  }

  override destroy(error?: Error): this {
    this.#givenUp = true;
    super.destroy(error);
    return this;
  }

  override setHeader(name: string, value: number | string | readonly string[]): this {
    if (!ABOUT_CONNECTION.test(name)) super.setHeader(name, value);
    return this;
  }

  override appendHeader(name: string, value: string | string[]): void {
    if (!ABOUT_CONNECTION.test(name)) super.appendHeader(name, value);
  }

  override writeHead(statusCode: number, headers?: OutgoingHttpHeaders): this;
  override writeHead(statusCode: number, statusMessage: string, headers?: OutgoingHttpHeaders): this;
  override writeHead(statusCode: number, second?: string | OutgoingHttpHeaders, third?: OutgoingHttpHeaders): this {
    if (this.moot) return this;
    const headers = typeof second === 'string' ? third : second;
    try {
      super.writeHead(statusCode, headers === undefined ? undefined : withoutConnection(headers));
      const length: unknown = this.getHeader('content-length');
      if (length !== undefined && !this.#bodiless) this.#lacking = Number(length);
      return this;
    } catch (error) {
      // A second head is its author's mistake: who wrote the first one answers.
      if (this.server === undefined || this.headersSent) throw error;
      this.server.broken(error, this);
      return this;
    }
  }

  override write(chunk: string | Uint8Array, callback?: Done): boolean;
  override write(chunk: string | Uint8Array, encoding: BufferEncoding, callback?: Done): boolean;
  override write(chunk: string | Uint8Array, second?: BufferEncoding | Done, third?: Done): boolean {
    if (this.destroyed || this.#pumping) return false;
    if (!this.headersSent) this.writeHead(this.statusCode);
    const callback = typeof second === 'function' ? second : third;
    if (this.#bodiless) {
      if (callback !== undefined) process.nextTick(callback);
      return true;
    }
    if (this.#lacking !== undefined) {
      this.#lacking -= bytesOf(chunk, second);
      if (!(this.#lacking >= 0)) return this.#mismeasured();
    }
    this.observed?.wrote(chunk, second);
    const taken: Done = (error) => {
      this.#taken += 1;
      callback?.(error);
    };
    return super.write(chunk, typeof second === 'string' ? second : 'utf8', taken);
  }

  override end(callback?: () => void): this;
  override end(data: string | Uint8Array, callback?: () => void): this;
  override end(data: string | Uint8Array, encoding: BufferEncoding, callback?: () => void): this;
  override end(
    first?: string | Uint8Array | (() => void),
    second?: BufferEncoding | (() => void),
    third?: () => void,
  ): this {
    if (this.destroyed || this.#pumping) return this;
    const callback = [first, second, third].find((given) => typeof given === 'function');
    const data = typeof first === 'function' ? undefined : first;
    if (this.#lacking !== undefined && bytesOf(data, second) !== this.#lacking) {
      this.#mismeasured();
      return this;
    }
    if (data === undefined || data === null || data.length === 0) return super.end(callback);
    if (data.length <= PIECE_BYTES / 4) return super.end(data, typeof second === 'string' ? second : 'utf8', callback);
    const encoding = typeof second === 'string' ? second : 'utf8';
    this.#pump(typeof data === 'string' ? Buffer.from(data, encoding) : data, 0, callback);
    return this;
  }

  /** It ended before its time, and its client did it. */
  get brokenOff(): boolean {
    return !this.#givenUp && !this.stream.writableFinished;
  }

  /** Its client has reset it as if there were no error; Node waits for ever for the rest of such an answer. */
  get stuck(): boolean {
    const { stream } = this;
    return stream.closed && !stream.destroyed && !this.#givenUp && !stream.writableFinished;
  }

  giveUp(status: number, requestId?: string): void {
    if (this.moot) return;
    const { stream } = this;
    if (stream.headersSent) {
      this.cut(constants.NGHTTP2_INTERNAL_ERROR);
      return;
    }
    const body = reasonOf(status);
    // What the client is told, for those who keep a record of it.
    this.statusCode = status;
    this.instead = status;
    this.#givenUp = true;
    this.destroyed = true;
    stream.respond({
      ':status': status,
      'content-type': 'text/plain; charset=UTF-8',
      'content-length': body.length,
      ...(requestId === undefined ? {} : { 'x-request-id': requestId }),
    });
    stream.once('finish', () => this.dropRequest());
    if (this.req.method === 'HEAD') stream.end();
    else stream.end(body);
    // To the handler it looks as if its client had left.
    this.emit('close');
  }

  /**
   * The answer is complete, and nobody reads what is left of the request: its client need not send it (RFC 9113 §8.1).
   *
   * Left to itself a stream is not over before the last byte that arrived in it was read.
   */
  dropRequest(): void {
    const { req, stream } = this;
    if (stream.destroyed || req.readableEnded) return;
    stream.close(constants.NGHTTP2_NO_ERROR);
    if (stream.writableFinished) stream.destroy();
    else stream.once('finish', () => stream.destroy());
  }

  /** Ends it as a reset. */
  cut(code: number): void {
    this.#givenUp = true;
    this.destroyed = true;
    this.stream.close(code);
  }

  /** Left to itself its client would reset it, and be taken for one who breaks off what it asks for. */
  #mismeasured(): false {
    this.server?.broken(new TypeError('the body of the response is not as long as its content-length says'), this);
    return false;
  }

  get #bodiless(): boolean {
    return this.req.method === 'HEAD' || BODILESS.has(this.statusCode);
  }

  #pump(bytes: Uint8Array, from: number, callback: (() => void) | undefined): void {
    const to = from + PIECE_BYTES;
    this.#pumping = false;
    if (to >= bytes.byteLength) {
      super.end(bytes.subarray(from), callback);
      return;
    }
    this.write(bytes.subarray(from, to), () => {
      if (!this.destroyed) this.#pump(bytes, to, callback);
    });
    this.#pumping = true;
  }
}
