import { type IncomingMessage, type OutgoingHttpHeader, type OutgoingHttpHeaders, ServerResponse } from 'node:http';
import { Connection } from './connection.ts';
import type { Observation, ObservedReply } from './observation.ts';
import { refuse } from './refuse.ts';
import type { Reply } from './reply.ts';

type GivenHeaders = OutgoingHttpHeaders | OutgoingHttpHeader[];

/** What a handler says of the connection; once it is told to leave, that is not for handlers to say. */
const ABOUT_CONNECTION = /^(?:connection|keep-alive)$/i;

const withoutConnection = (headers: GivenHeaders | undefined): GivenHeaders | undefined => {
  if (headers === undefined) return undefined;
  if (!Array.isArray(headers)) {
    return Object.fromEntries(Object.entries(headers).filter(([name]) => !ABOUT_CONNECTION.test(name)));
  }
  // Names and values in turn.
  return headers.filter((_, index) => !ABOUT_CONNECTION.test(String(headers[index - (index % 2)])));
};

/** How a message is framed is not for handlers to say either; they pass it on with what they have fetched elsewhere. */
const isAboutFraming = (name: string): boolean =>
  // Looked at in every answer: hardly any other header is as long.
  (name.length === 17 && name.toLowerCase() === 'transfer-encoding') ||
  (name.length === 7 && name.toLowerCase() === 'trailer');

const withoutFraming = (headers: GivenHeaders | undefined): GivenHeaders | undefined => {
  if (headers === undefined || Array.isArray(headers)) return headers;
  for (const name in headers) {
    if (!isAboutFraming(name)) continue;
    return Object.fromEntries(Object.entries(headers).filter(([each]) => !isAboutFraming(each)));
  }
  return headers;
};

type Done = (error?: Error | null) => void;

/**
 * A response that minds its connection at the last moment, when its head is written: a connection that was told to
 * leave says so in its last answer, and a head that cannot be written becomes a 500.
 */
export class Answer extends ServerResponse<IncomingMessage> implements Reply, ObservedReply {
  /** Which request of its connection it answers, counted from 1; 0 when none of ours. */
  turn = 0;
  observed: Observation | undefined = undefined;
  instead: number | undefined = undefined;
  /** A body of another length than was announced would be read as a part of the next answer, or the next as a part of it. */
  override strictContentLength = true;
  /** It was cut off, whatever its author still writes. */
  #isTorn = false;

  get moot(): boolean {
    return this.destroyed || this.req.socket.destroyed || Connection.of(this.req) === undefined;
  }

  get handedOver(): boolean {
    return this.writableFinished && !this.#isTorn;
  }

  giveUp(status: number, requestId?: string): void {
    const connection = Connection.of(this.req);
    // Half of it is on its way: a client must not take that for all.
    if (this.socket !== null && this.headersSent) {
      this.#isTorn = true;
      connection?.socket.destroy();
    } else if (connection !== undefined) refuse(connection, this, status, requestId);
  }

  override writeHead(statusCode: number, statusMessage?: string, headers?: GivenHeaders): this;
  override writeHead(statusCode: number, headers?: GivenHeaders): this;
  override writeHead(statusCode: number, second?: string | GivenHeaders, third?: GivenHeaders): this {
    // Answered in its name already, or its client is gone: nobody would read it.
    if (this.destroyed) return this;
    const connection = Connection.of(this.req);
    const isSecondText = typeof second === 'string';
    const headers = withoutFraming(isSecondText ? third : second);
    try {
      if (connection === undefined || !connection.draining || this.turn !== connection.requests) {
        return isSecondText ? super.writeHead(statusCode, second, headers) : super.writeHead(statusCode, headers);
      }
      connection.over = true;
      this.shouldKeepAlive = false;
      this.setHeader('connection', 'close');
      const last = withoutConnection(headers);
      return isSecondText ? super.writeHead(statusCode, second, last) : super.writeHead(statusCode, last);
    } catch (error) {
      // A second head is its author's mistake: who wrote the first one answers.
      if (connection === undefined || this.headersSent) throw error;
      connection.server.broken(error, this);
      return this;
    }
  }

  override write(chunk: unknown, callback?: Done): boolean;
  override write(chunk: unknown, encoding: BufferEncoding, callback?: Done): boolean;
  override write(chunk: unknown, second?: BufferEncoding | Done, third?: Done): boolean {
    this.observed?.wrote(chunk, second);
    try {
      return typeof second === 'string' ? super.write(chunk, second, third) : super.write(chunk, second);
    } catch (error) {
      this.#broken(error);
      return false;
    }
  }

  override end(callback?: () => void): this;
  override end(chunk: unknown, callback?: () => void): this;
  override end(chunk: unknown, encoding: BufferEncoding, callback?: () => void): this;
  override end(chunk?: unknown, second?: BufferEncoding | (() => void), third?: () => void): this {
    this.observed?.wrote(chunk, second);
    try {
      return typeof second === 'string' ? super.end(chunk, second, third) : super.end(chunk, second);
    } catch (error) {
      this.#broken(error);
      return this;
    }
  }

  #broken(error: unknown): void {
    if (!this.moot) Connection.of(this.req)?.server.broken(error, this);
  }
}
