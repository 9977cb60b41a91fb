import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { Duplex } from 'node:stream';
import { getRequestListener, type HttpBindings } from '@hono/node-server';
import { defer, type Observable } from 'rxjs';
import type { Logger } from '../../log/logger.ts';
import { NoResponseError } from '../errors.ts';
import type { DrainProgress, HostedServer, Service } from '../server.ts';
import { Answer } from './answer.ts';
import { limitBody } from './body-limit.ts';
import { Connection, type RequestReceiver } from './connection.ts';
import { drainConnections, type Leaving } from './drain.ts';
import { InFlight, type Pending } from './in-flight.ts';
import { inspect } from './inspect.ts';
import { receivingParsers } from './receiving.ts';
import { lastWords, refuse } from './refuse.ts';
import { failureResponse, reportFailure } from './request-error.ts';
import { isResponse, isThenable } from './result.ts';
import { cacheOfLightResponses, soundResponse } from './sound-response.ts';
import { answerUnreadable } from './unreadable.ts';

/** How often Node looks for requests that are late with their headers or body; 30 s by default, too slow to matter. */
const CHECK_MS = 500;

/** What all HTTP servers of a cluster share. */
export interface HttpContext {
  readonly logger: Logger;
  /** Has a request answered by the server its connection belongs to. */
  readonly answer: (incoming: IncomingMessage, outgoing: ServerResponse) => Promise<unknown>;
  /** Where responses that need no reading keep what they hold. */
  readonly cache: symbol | undefined;
}

/** What requests of HTTP/1.0 clients that name no host are addressed to. */
const NO_HOST = 'localhost';

/**
 * @param overrideGlobalObjects - see `ClusterOptions`; the globals are replaced here.
 */
export const httpContext = (logger: Logger, overrideGlobalObjects: boolean): HttpContext => {
  const answer = getRequestListener(
    (request, env) => {
      // The adapter is fed by `node:http` only, never by HTTP/2.
      const bindings = env as HttpBindings;
      return Connection.of(bindings.incoming)?.server.fetch(request, bindings) ?? new Response(null, { status: 503 });
    },
    { overrideGlobalObjects, hostname: NO_HOST },
  );
  return { logger, answer, cache: cacheOfLightResponses() };
};

const ignore = (): void => {};

const onRequest = (incoming: IncomingMessage, outgoing: Answer): void => {
  const connection = Connection.of(incoming);
  // What comes after the last answer was said not to be looked at: it would never be answered.
  if (connection === undefined || connection.over) return;
  connection.requests += 1;
  outgoing.turn = connection.requests;
  connection.server.receive(incoming, outgoing);
};

/** Node asks nobody else about a request it cannot do anything with. */
const onConnect = (incoming: IncomingMessage, socket: Duplex): void => {
  socket.on('error', ignore);
  Connection.of(incoming)?.conclude(lastWords(501));
};

const onUpgrade = (incoming: IncomingMessage, socket: Duplex, head: Buffer): void =>
  Connection.of(incoming)?.server.upgrade(incoming, socket, head);

type AnsweringServer = Server<typeof IncomingMessage, typeof Answer>;

/** What a server needs once somebody has connected. */
interface Engine {
  readonly http: AnsweringServer;
  readonly connections: Set<Connection>;
  readonly inFlight: InFlight;
}

const NOBODY: ReadonlySet<unknown> = new Set();

/**
 * HTTP/1.1 behind a listener: a `node:http` server that never listens itself.
 *
 * It is made for the first connection: most of a thousand servers are idle, and an idle one is little more than its
 * socket.
 */
export class HttpServer implements HostedServer, RequestReceiver {
  readonly #context: HttpContext;
  #service: Service | undefined;
  #engine: Engine | undefined;
  #draining = false;
  /** How often it was taken back into service. A drain concerns no connection that was accepted after that. */
  #era = 0;

  constructor(context: HttpContext) {
    this.#context = context;
  }

  get connections(): number {
    return this.#engine?.connections.size ?? 0;
  }

  get inFlight(): number {
    return this.#engine?.inFlight.size ?? 0;
  }

  accept(socket: Duplex): void {
    this.#engine ??= this.#start();
    const { http, connections } = this.#engine;
    const connection = new Connection(socket, this, this.#era);
    connection.draining = this.#draining;
    connections.add(connection);
    socket.once('close', () => {
      connections.delete(connection);
      connection.abandon();
    });
    http.emit('connection', socket);
  }

  assign(service: Service): void {
    this.#service = service;
    if (this.#draining) this.#era += 1;
    this.#draining = false;
    if (this.#engine !== undefined) this.#tune(this.#engine.http, service);
  }

  drain(timeoutMs: number, open: () => boolean): Observable<DrainProgress> {
    return defer(() => {
      this.#draining = true;
      const era = this.#era;
      for (const connection of this.#engine?.connections ?? []) connection.leave();
      // Read anew at every look: the first connection may still be to come.
      return drainConnections(() => this.#leaving(era), timeoutMs, open);
    });
  }

  #leaving(era: number): Leaving {
    if (this.#engine === undefined) return { connections: [], receiving: NOBODY };
    const connections = [...this.#engine.connections].filter((connection) => connection.era <= era);
    return { connections, receiving: receivingParsers(this.#engine.http) };
  }

  destroy(): void {
    if (this.#engine === undefined) return;
    const { http, connections, inFlight } = this.#engine;
    for (const { socket } of connections) socket.destroy();
    inFlight.stop();
    // Ends Node's check of late requests; that it never listened is no news.
    http.close(ignore);
  }

  #start(): Engine {
    const http = createServer({ connectionsCheckingInterval: CHECK_MS, ServerResponse: Answer }, onRequest);
    http.on('checkContinue', onRequest).on('clientError', answerUnreadable).on('connect', onConnect);
    // A server that never listens tracks no connections and enforces no timeouts until it is told that it does.
    http.emit('listening');
    if (this.#service !== undefined) this.#tune(http, this.#service);
    return { http, connections: new Set(), inFlight: new InFlight((pending) => this.#late(pending)) };
  }

  #tune(http: AnsweringServer, { limits, upgrade }: Service): void {
    // Node reads these anew for every connection, request and check; `maxHeaderSize` is missing in its types.
    Object.assign(http, {
      headersTimeout: limits.headersTimeoutMs,
      requestTimeout: limits.requestTimeoutMs,
      keepAliveTimeout: limits.keepAliveTimeoutMs,
      maxHeaderSize: limits.maxHeaderBytes,
    });
    // With a listener Node treats every `Upgrade` request as an upgrade, without one as an ordinary request.
    http.removeAllListeners('upgrade');
    if (upgrade !== undefined) http.on('upgrade', onUpgrade);
  }

  #late({ connection, incoming, outgoing }: Pending): void {
    this.#context.logger.warn(`server ${this.#service?.id}: no response headers within the handler timeout`, {
      method: incoming.method,
      path: incoming.url,
    });
    refuse(connection, outgoing, 503);
  }

  receive(incoming: IncomingMessage, outgoing: ServerResponse): void {
    const connection = Connection.of(incoming);
    const service = this.#service;
    if (connection === undefined || service === undefined) {
      incoming.socket.destroy();
      return;
    }
    connection.activeAt = performance.now();
    const { maxBodyBytes, handlerTimeoutMs } = service.limits;
    const refusal = inspect(incoming, maxBodyBytes);
    if (refusal !== undefined) {
      refuse(connection, outgoing, refusal);
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
    this.#engine?.inFlight.add({ connection, incoming, outgoing, dueAt });
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
      const result: unknown = this.#service?.fetch(request, env);
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
    return failureResponse(this.#report(error, incoming, incoming.socket.destroyed || outgoing.destroyed));
  }

  broken(error: unknown, outgoing: ServerResponse): void {
    const incoming = outgoing.req;
    const connection = Connection.of(incoming);
    const moot = connection === undefined || incoming.socket.destroyed || outgoing.destroyed;
    const id = this.#report(error, incoming, moot);
    if (moot || outgoing.writableEnded) return;
    // Half of it is on its way: a client must not take that for all.
    if (outgoing.socket !== null && outgoing.headersSent) connection.socket.destroy();
    else refuse(connection, outgoing, 500, id);
  }

  #report(error: unknown, incoming: IncomingMessage, moot: boolean): string {
    const server = this.#service?.id ?? 'unassigned';
    return reportFailure({ error, server, incoming, moot }, this.#context.logger);
  }

  upgrade(incoming: IncomingMessage, socket: Duplex, head: Buffer): void {
    const connection = Connection.of(incoming);
    const service = this.#service;
    if (connection === undefined || service?.upgrade === undefined) {
      socket.destroy();
      return;
    }
    // Node has taken its own listener off, and a reset is the client's business.
    socket.on('error', ignore);
    // Whoever is told to leave comes back to who serves then; behind an unanswered request no protocol can begin.
    const refusal = inspect(incoming, 0) ?? (connection.draining || connection.busy ? 503 : undefined);
    if (refusal !== undefined) {
      connection.conclude(lastWords(refusal));
      return;
    }
    connection.becomes(incoming.headers.upgrade ?? 'unknown');
    const fail = (error: unknown): void => {
      this.#report(error, incoming, socket.destroyed);
      socket.destroy();
    };
    try {
      const result: unknown = service.upgrade(incoming, socket, head);
      if (isThenable(result)) result.then(undefined, fail);
    } catch (error) {
      fail(error);
    }
  }
}
