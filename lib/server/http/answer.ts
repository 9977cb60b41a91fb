import { type IncomingMessage, type OutgoingHttpHeader, type OutgoingHttpHeaders, ServerResponse } from 'node:http';
import { Connection } from './connection.ts';
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

/**
 * A response that minds its connection at the last moment, when its head is written: a connection that was told to
 * leave says so in its last answer, and a head that cannot be written becomes a 500.
 */
export class Answer extends ServerResponse<IncomingMessage> implements Reply {
  /** Which request of its connection it answers, counted from 1; 0 when none of ours. */
  turn = 0;

  get moot(): boolean {
    return this.destroyed || this.req.socket.destroyed || Connection.of(this.req) === undefined;
  }

  giveUp(status: number, requestId?: string): void {
    const connection = Connection.of(this.req);
    // Half of it is on its way: a client must not take that for all.
    if (this.socket !== null && this.headersSent) connection?.socket.destroy();
    else if (connection !== undefined) refuse(connection, this, status, requestId);
  }

  override writeHead(statusCode: number, statusMessage?: string, headers?: GivenHeaders): this;
  override writeHead(statusCode: number, headers?: GivenHeaders): this;
  override writeHead(statusCode: number, second?: string | GivenHeaders, third?: GivenHeaders): this {
    // Answered in its name already, or its client is gone: nobody would read it.
    if (this.destroyed) return this;
    const connection = Connection.of(this.req);
    try {
      if (connection === undefined || !connection.draining || this.turn !== connection.requests) {
        return typeof second === 'string'
          ? super.writeHead(statusCode, second, third)
          : super.writeHead(statusCode, second);
      }
      connection.over = true;
      this.shouldKeepAlive = false;
      this.setHeader('connection', 'close');
      return typeof second === 'string'
        ? super.writeHead(statusCode, second, withoutConnection(third))
        : super.writeHead(statusCode, withoutConnection(second));
    } catch (error) {
      // A second head is its author's mistake: who wrote the first one answers.
      if (connection === undefined || this.headersSent) throw error;
      connection.server.broken(error, this);
      return this;
    }
  }
}
