import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Http2ServerRequest, Http2ServerResponse } from 'node:http2';
import type { Duplex } from 'node:stream';
import type { Logger } from '../../log/logger.ts';
import { NoResponseError } from '../errors.ts';
import type { Instruments } from '../instruments.ts';
import type { Service } from '../server.ts';
import { Answer } from './answer.ts';
import { limitBody } from './body-limit.ts';
import type { Caller } from './caller.ts';
import { Connection, type RequestReceiver } from './connection.ts';
import { offer, wantsWebSocket, withoutWish } from './handover.ts';
import { InFlight, type Pending } from './in-flight.ts';
import { inspect } from './inspect.ts';
import { Observation } from './observation.ts';
import { turnAway } from './overload.ts';
import { lastWords, refuse } from './refuse.ts';
import type { Asked, Reply, ReplyBindings } from './reply.ts';
import { failureResponse, reportFailure } from './request-error.ts';
import { isResponse, isThenable } from './result.ts';
import { soundResponse } from './sound-response.ts';
import { settleTarget, WHOLE_SERVER } from './target.ts';

/** What all HTTP servers of a cluster share. */
export interface HttpContext {
  readonly logger: Logger;
  /** Has a request answered by the server its connection belongs to. */
  readonly answer: (incoming: IncomingMessage, outgoing: ServerResponse) => Promise<unknown>;
  /** The same for a request that came in a stream of an HTTP/2 session. */
  readonly answerStream: (incoming: Http2ServerRequest, outgoing: Http2ServerResponse) => Promise<unknown>;
  /** Where responses that need no reading keep what they hold. */
  readonly cache: symbol | undefined;
  /** What stands for a response that was written past the adapter. */
  readonly sent: Response;
  /** Who is told of requests. */
  readonly instruments: Instruments;
}

const ignore = (): void => {};

const hasBody = ({ headers }: IncomingMessage): boolean =>
  headers['content-length'] !== undefined || headers['transfer-encoding'] !== undefined;

/**
 * Answers the requests of those connections that were made in one way, with the service that is in force for them.
 */
export class Responder implements RequestReceiver {
  service: Service;
  readonly context: HttpContext;
  readonly #inFlight = new InFlight((pending) => this.#late(pending));

  constructor(context: HttpContext, service: Service) {
    this.context = context;
    this.service = service;
  }

  /** Requests received and not yet answered. */
  get inFlight(): number {
    return this.#inFlight.size;
  }

  /** As many requests are worked on as may be. */
  get isFull(): boolean {
    const { maxInFlight } = this.service.limits;
    return maxInFlight > 0 && this.#inFlight.size >= maxInFlight;
  }

  stop(): void {
    this.#inFlight.stop();
  }

  #late({ reply }: Pending): void {
    this.service.logger.warn(`server ${this.service.id}: no response headers within the handler timeout`, {
      method: reply.req.method,
      path: reply.req.url,
    });
    reply.giveUp(503);
  }

  receive(incoming: IncomingMessage, outgoing: Answer): void {
    const connection = Connection.of(incoming);
    if (connection === undefined) {
      incoming.socket.destroy();
      return;
    }
    connection.activeAt = performance.now();
    const { maxBodyBytes } = this.service.limits;
    const refusal = inspect(incoming, maxBodyBytes) ?? settleTarget(incoming, this.service.paths);
    const isTooMany = refusal === undefined && this.isFull;
    const observed = this.#observe(incoming, connection.activeAt, isTooMany ? 503 : refusal);
    observed?.follow(outgoing);
    if (refusal !== undefined) {
      refuse(connection, outgoing, refusal);
      return;
    }
    if (!this.service.keepAlive) outgoing.shouldKeepAlive = false;
    if (isTooMany) {
      // Its body would have to be read before the next request.
      if (hasBody(incoming)) outgoing.shouldKeepAlive = false;
      turnAway(outgoing);
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

    if (observed === undefined) {
      if (this.#handle(incoming, outgoing, connection) && outgoing.socket === null) connection.queue(outgoing);
      return;
    }
    if (hasBody(incoming)) observed.receive(incoming);
    observed.run(() => this.#handle(incoming, outgoing, connection));
    if (outgoing.socket === null && !outgoing.destroyed) connection.queue(outgoing);
  }

  /** Has it answered; whether it has to be waited for. */
  #handle(incoming: IncomingMessage, outgoing: Answer, connection: Connection): boolean {
    return this.#answerDirectly(outgoing)
      ? this.#wait(outgoing, connection)
      : this.watch(this.context.answer(incoming, outgoing), outgoing, connection);
  }

  /** Tells whoever wants to know that a request has begun; `undefined` when nobody does. */
  observe(
    asked: Asked,
    protocol: Observation['protocol'],
    startedAt: number,
    refusal: number | undefined,
  ): Observation | undefined {
    const { current } = this.context.instruments;
    if (current === undefined) return undefined;
    const { service } = this;
    return Observation.begin(current, { service, asked, protocol, startedAt, isRefused: refusal !== undefined });
  }

  #observe(incoming: IncomingMessage, startedAt: number, refusal?: number): Observation | undefined {
    return this.observe(incoming, incoming.httpVersionMinor === 0 ? '1.0' : '1.1', startedAt, refusal);
  }

  refused(status: number): void {
    this.context.instruments.current?.tell((instrument) => instrument.refused?.(this.service.id, status));
  }

  #answerDirectly(outgoing: Answer): boolean {
    try {
      return this.service.direct?.(outgoing) ?? false;
    } catch (error) {
      this.broken(error, outgoing);
      return true;
    }
  }

  /** Sees to it that a request that reached its handler comes to an end. Whether it has to be waited for. */
  watch(answered: Promise<unknown>, reply: Reply, caller: Caller): boolean {
    answered.catch((error: unknown) => this.broken(error, reply));
    return this.#wait(reply, caller);
  }

  #wait(reply: Reply, caller: Caller): boolean {
    if (reply.writableEnded || reply.destroyed) return false;
    const { handlerTimeoutMs } = this.service.limits;
    const dueAt = handlerTimeoutMs === 0 ? Number.POSITIVE_INFINITY : caller.activeAt + handlerTimeoutMs;
    this.#inFlight.add({ caller, reply, dueAt });
    return true;
  }

  /** A body of unannounced length has turned out too large. */
  #tooLarge(connection: Connection, outgoing: ServerResponse & Reply): void {
    if (outgoing.writableFinished) connection.linger();
    else outgoing.giveUp(413);
  }

  /** Calls the service that is in force now; an answer that is there at once is passed on without a promise. */
  fetch(request: Request, env: ReplyBindings): Response | Promise<Response> {
    try {
      const result: unknown = this.service.fetch(request, env);
      if (isResponse(result)) return this.#sound(result, env);
      if (!isThenable(result)) throw new NoResponseError();
      // What only looks like a promise may return anything, or call back twice.
      return Promise.resolve(result).then(
        (late) => this.#settle(late, env),
        (error: unknown) => this.fail(error, env),
      );
    } catch (error) {
      return this.fail(error, env);
    }
  }

  #settle(late: unknown, env: ReplyBindings): Response {
    try {
      if (isResponse(late)) return this.#sound(late, env);
      throw new NoResponseError();
    } catch (error) {
      return this.fail(error, env);
    }
  }

  #sound(response: Response, { incoming, outgoing }: ReplyBindings): Response {
    const past = outgoing instanceof Answer ? { outgoing, sent: this.context.sent } : undefined;
    return soundResponse(response, incoming.method, this.context.cache, (error) => this.broken(error, outgoing), past);
  }

  fail(error: unknown, { incoming, outgoing }: ReplyBindings): Response {
    return failureResponse(this.#report(error, incoming, outgoing.moot, outgoing.headersSent));
  }

  broken(error: unknown, reply: Reply): void {
    const { moot } = reply;
    const id = this.#report(error, reply.req, moot, reply.headersSent);
    if (!moot && !reply.writableEnded) reply.giveUp(500, id);
  }

  failed(error: unknown, incoming: IncomingMessage): void {
    this.#report(error, incoming, false, true);
  }

  #report(error: unknown, incoming: Asked, moot: boolean, headersWritten: boolean): string {
    const server = this.service.id;
    return reportFailure({ error, server, incoming, moot, headersWritten }, this.service.logger);
  }

  upgrade(incoming: IncomingMessage, socket: Duplex, head: Buffer, readAgain: () => void): void {
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
    const refusal = misled ?? (connection.draining || connection.busy || this.isFull ? 503 : undefined);
    const now = performance.now();
    if (refusal !== undefined) {
      this.#observe(incoming, now, refusal)?.end(refusal, true);
      connection.conclude(lastWords(refusal));
      return;
    }
    if (upgrade === 'routes') {
      if (wantsWebSocket(incoming)) {
        const answer = offer(incoming, connection, head);
        const observed = this.#observe(incoming, now);
        observed?.follow(answer);
        const handle = (): void => {
          this.watch(this.context.answer(incoming, answer), answer, connection);
        };
        if (observed === undefined) handle();
        else observed.run(handle);
      } else {
        socket.unshift(withoutWish(incoming, head));
        readAgain();
      }
      return;
    }
    this.#observe(incoming, now)?.end(101, true);
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
