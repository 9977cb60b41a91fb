import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Duplex } from 'node:stream';
import type { HttpBindings } from '@hono/node-server';
import type { Logger } from '../../log/logger.ts';
import { NoResponseError } from '../errors.ts';
import type { Service } from '../server.ts';
import { limitBody } from './body-limit.ts';
import { Connection, type RequestReceiver } from './connection.ts';
import { InFlight, type Pending } from './in-flight.ts';
import { inspect } from './inspect.ts';
import { lastWords, refuse } from './refuse.ts';
import { failureResponse, reportFailure } from './request-error.ts';
import { isResponse, isThenable } from './result.ts';
import { soundResponse } from './sound-response.ts';
import { settleTarget, WHOLE_SERVER } from './target.ts';

/** What all HTTP servers of a cluster share. */
export interface HttpContext {
  readonly logger: Logger;
  /** Has a request answered by the server its connection belongs to. */
  readonly answer: (incoming: IncomingMessage, outgoing: ServerResponse) => Promise<unknown>;
  /** Where responses that need no reading keep what they hold. */
  readonly cache: symbol | undefined;
}

const ignore = (): void => {};

/**
 * Answers the requests of those connections that were made in one way, with the service that is in force for them.
 */
export class Responder implements RequestReceiver {
  service: Service;
  readonly #context: HttpContext;
  readonly #inFlight = new InFlight((pending) => this.#late(pending));

  constructor(context: HttpContext, service: Service) {
    this.#context = context;
    this.service = service;
  }

  /** Requests received and not yet answered. */
  get inFlight(): number {
    return this.#inFlight.size;
  }

  stop(): void {
    this.#inFlight.stop();
  }

  #late({ connection, incoming, outgoing }: Pending): void {
    this.#context.logger.warn(`server ${this.service.id}: no response headers within the handler timeout`, {
      method: incoming.method,
      path: incoming.url,
    });
    refuse(connection, outgoing, 503);
  }

  receive(incoming: IncomingMessage, outgoing: ServerResponse): void {
    const connection = Connection.of(incoming);
    if (connection === undefined) {
      incoming.socket.destroy();
      return;
    }
    connection.activeAt = performance.now();
    const { maxBodyBytes, handlerTimeoutMs } = this.service.limits;
    const refusal = inspect(incoming, maxBodyBytes) ?? settleTarget(incoming, this.service.paths);
    if (refusal !== undefined) {
      refuse(connection, outgoing, refusal);
      return;
    }
    if (incoming.url === WHOLE_SERVER) {
      // Nothing that a route could say holds for all of them; an empty answer says that somebody is there.
      outgoing.writeHead(204);
      outgoing.end();
      return;
    }
    // HTTP/1.0 knows no interim answers.
    if (incoming.headers.expect !== undefined && incoming.httpVersionMinor > 0) outgoing.writeContinue();
    if (maxBodyBytes > 0 && incoming.headers['transfer-encoding'] !== undefined) {
      limitBody(incoming, maxBodyBytes, () => this.#tooLarge(connection, outgoing));
    }

    this.#context.answer(incoming, outgoing).catch((error: unknown) => this.broken(error, outgoing));
    if (outgoing.writableEnded || outgoing.destroyed) return;
    const dueAt = handlerTimeoutMs === 0 ? Number.POSITIVE_INFINITY : connection.activeAt + handlerTimeoutMs;
    this.#inFlight.add({ connection, incoming, outgoing, dueAt });
  }

  /** A body of unannounced length has turned out too large. */
  #tooLarge(connection: Connection, outgoing: ServerResponse): void {
    if (outgoing.writableFinished) connection.linger();
    else if (outgoing.socket !== null && outgoing.headersSent) connection.socket.destroy();
    else refuse(connection, outgoing, 413);
  }

  /** Calls the service that is in force now; an answer that is there at once is passed on without a promise. */
  fetch(request: Request, env: HttpBindings): Response | Promise<Response> {
    try {
      const result: unknown = this.service.fetch(request, env);
      if (isResponse(result)) return this.#sound(result, env);
      if (!isThenable(result)) throw new NoResponseError();
      return result.then(
        (late) => this.#settle(late, env),
        (error: unknown) => this.fail(error, env),
      );
    } catch (error) {
      return this.fail(error, env);
    }
  }

  #settle(late: unknown, env: HttpBindings): Response {
    try {
      if (isResponse(late)) return this.#sound(late, env);
      throw new NoResponseError();
    } catch (error) {
      return this.fail(error, env);
    }
  }

  #sound(response: Response, { incoming, outgoing }: HttpBindings): Response {
    return soundResponse(response, incoming.method, this.#context.cache, (error) => this.broken(error, outgoing));
  }

  fail(error: unknown, { incoming, outgoing }: HttpBindings): Response {
    const moot = incoming.socket.destroyed || outgoing.destroyed;
    return failureResponse(this.#report(error, incoming, moot, outgoing.headersSent));
  }

  broken(error: unknown, outgoing: ServerResponse): void {
    const incoming = outgoing.req;
    const connection = Connection.of(incoming);
    const moot = connection === undefined || incoming.socket.destroyed || outgoing.destroyed;
    const id = this.#report(error, incoming, moot, outgoing.headersSent);
    if (moot || outgoing.writableEnded) return;
    // Half of it is on its way: a client must not take that for all.
    if (outgoing.socket !== null && outgoing.headersSent) connection.socket.destroy();
    else refuse(connection, outgoing, 500, id);
  }

  failed(error: unknown, incoming: IncomingMessage): void {
    this.#report(error, incoming, false, true);
  }

  #report(error: unknown, incoming: IncomingMessage, moot: boolean, headersWritten: boolean): string {
    const server = this.service.id;
    return reportFailure({ error, server, incoming, moot, headersWritten }, this.#context.logger);
  }

  upgrade(incoming: IncomingMessage, socket: Duplex, head: Buffer): void {
    const connection = Connection.of(incoming);
    const { upgrade } = this.service;
    if (connection === undefined || upgrade === undefined) {
      socket.destroy();
      return;
    }
    // Node has taken its own listener off, and a reset is the client's business.
    socket.on('error', ignore);
    // Whoever is told to leave comes back to who serves then; behind an unanswered request no protocol can begin.
    const misled = inspect(incoming, 0) ?? settleTarget(incoming, this.service.paths);
    const refusal = misled ?? (connection.draining || connection.busy ? 503 : undefined);
    if (refusal !== undefined) {
      connection.conclude(lastWords(refusal));
      return;
    }
    connection.becomes(incoming.headers.upgrade ?? 'unknown');
    const fail = (error: unknown): void => {
      this.#report(error, incoming, socket.destroyed, false);
      socket.destroy();
    };
    try {
      const result: unknown = upgrade(incoming, socket, head);
      if (isThenable(result)) result.then(undefined, fail);
    } catch (error) {
      fail(error);
    }
  }
}
