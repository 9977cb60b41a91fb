import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { Duplex } from 'node:stream';
import { getRequestListener, type HttpBindings } from '@hono/node-server';
import { defer, type Observable } from 'rxjs';
import type { Logger } from '../../log/logger.ts';
import { NoResponseError } from '../errors.ts';
import type { DrainProgress, HostedServer, Service } from '../server.ts';
import { limitBody } from './body-limit.ts';
import { Connection, type RequestReceiver } from './connection.ts';
import { drainConnections } from './drain.ts';
import { InFlight, type Pending } from './in-flight.ts';
import { inspect } from './inspect.ts';
import { refuse } from './refuse.ts';
import { requestFailed } from './request-error.ts';

/** How often Node looks for requests that are late with their headers or body; 30 s by default, too slow to matter. */
const CHECK_MS = 500;

/** What all HTTP servers of a cluster share. */
export interface HttpContext {
  readonly logger: Logger;
  /** Has a request answered by the server its connection belongs to. */
  readonly answer: (incoming: IncomingMessage, outgoing: ServerResponse) => Promise<unknown>;
}

/**
 * @param overrideGlobalObjects - see `ClusterOptions`; the globals are replaced here.
 */
export const httpContext = (logger: Logger, overrideGlobalObjects: boolean): HttpContext => ({
  logger,
  answer: getRequestListener(
    (request, env) => {
      // The adapter is fed by `node:http` only, never by HTTP/2.
      const bindings = env as HttpBindings;
      return Connection.of(bindings.incoming)?.server.fetch(request, bindings) ?? new Response(null, { status: 503 });
    },
    { overrideGlobalObjects },
  ),
});

const isResponse = (value: unknown): value is Response =>
  value instanceof Response || (typeof value === 'object' && value !== null && 'status' in value && 'headers' in value);

const isThenable = (value: unknown): value is Promise<unknown> =>
  typeof value === 'object' && value !== null && 'then' in value && typeof value.then === 'function';

const onRequest = (incoming: IncomingMessage, outgoing: ServerResponse): void =>
  Connection.of(incoming)?.server.receive(incoming, outgoing);

const onUpgrade = (incoming: IncomingMessage, socket: Duplex, head: Buffer): void =>
  Connection.of(incoming)?.server.upgrade(incoming, socket, head);

const ignore = (): void => {};

/** What a server needs once somebody has connected. */
interface Engine {
  readonly http: Server;
  readonly connections: Set<Connection>;
  readonly inFlight: InFlight;
}

const NOBODY: ReadonlySet<Connection> = new Set();

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
    const connection = new Connection(socket, this);
    connection.draining = this.#draining;
    connections.add(connection);
    socket.once('close', () => connections.delete(connection));
    http.emit('connection', socket);
  }

  assign(service: Service): void {
    this.#service = service;
    this.#draining = false;
    if (this.#engine !== undefined) this.#tune(this.#engine.http, service);
  }

  drain(timeoutMs: number, open: () => boolean): Observable<DrainProgress> {
    return defer(() => {
      this.#draining = true;
      for (const connection of this.#engine?.connections ?? NOBODY) connection.leave();
      this.#engine?.inFlight.closeAfterAnswer();
      // Read anew at every look: the first connection may still be to come.
      return drainConnections(() => this.#engine?.connections ?? NOBODY, timeoutMs, open);
    });
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
    const http = createServer({ connectionsCheckingInterval: CHECK_MS }, onRequest);
    http.on('checkContinue', onRequest);
    // A server that never listens tracks no connections and enforces no timeouts until it is told that it does.
    http.emit('listening');
    if (this.#service !== undefined) this.#tune(http, this.#service);
    return { http, connections: new Set(), inFlight: new InFlight((pending) => this.#late(pending)) };
  }

  #tune(http: Server, { limits, upgrade }: Service): void {
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
    refuse(connection, incoming, outgoing, 503, connection.open - 1);
  }

  receive(incoming: IncomingMessage, outgoing: ServerResponse): void {
    const connection = Connection.of(incoming);
    const service = this.#service;
    if (connection === undefined || service === undefined) {
      incoming.socket.destroy();
      return;
    }
    connection.requests += 1;
    connection.activeAt = performance.now();
    if (connection.draining) outgoing.shouldKeepAlive = false;

    const { maxBodyBytes, handlerTimeoutMs } = service.limits;
    const refusal = inspect(incoming, maxBodyBytes);
    if (refusal !== undefined) {
      refuse(connection, incoming, outgoing, refusal, connection.open);
      return;
    }
    if (incoming.headers.expect !== undefined) outgoing.writeContinue();
    if (maxBodyBytes > 0 && incoming.headers['transfer-encoding'] !== undefined) {
      limitBody(incoming, maxBodyBytes, () => {
        if (outgoing.headersSent) connection.socket.destroy();
        else refuse(connection, incoming, outgoing, 413, Math.max(0, connection.open - 1));
      });
    }

    this.#context.answer(incoming, outgoing).catch((error: unknown) => this.#broken(error, incoming, outgoing));
    if (outgoing.writableEnded) return;
    const dueAt = handlerTimeoutMs === 0 ? Number.POSITIVE_INFINITY : connection.activeAt + handlerTimeoutMs;
    this.#engine?.inFlight.add({ connection, incoming, outgoing, dueAt });
  }

  /** Calls the service that is in force now; an answer that is there at once is passed on without a promise. */
  fetch(request: Request, env: HttpBindings): Response | Promise<Response> {
    try {
      const result: unknown = this.#service?.fetch(request, env);
      if (isResponse(result)) return result;
      if (!isThenable(result)) throw new NoResponseError();
      return result.then(
        (late) => (isResponse(late) ? late : this.fail(new NoResponseError(), env.incoming)),
        (error: unknown) => this.fail(error, env.incoming),
      );
    } catch (error) {
      return this.fail(error, env.incoming);
    }
  }

  /** The answer itself could not be written: invalid headers or status, or a body that was used up. */
  #broken(error: unknown, incoming: IncomingMessage, outgoing: ServerResponse): void {
    this.fail(error, incoming);
    if (outgoing.headersSent) incoming.socket.destroy();
    else outgoing.writeHead(500, { 'content-type': 'text/plain; charset=UTF-8' }).end('Internal Server Error');
  }

  fail(error: unknown, incoming: IncomingMessage): Response {
    return requestFailed(error, this.#service?.id ?? 'unassigned', incoming, this.#context.logger);
  }

  upgrade(incoming: IncomingMessage, socket: Duplex, head: Buffer): void {
    const connection = Connection.of(incoming);
    const service = this.#service;
    if (connection === undefined || service?.upgrade === undefined) {
      socket.destroy();
      return;
    }
    // Node has taken its own listener off, and a reset is the client's business.
    socket.on('error', () => {});
    if (inspect(incoming, 0) !== undefined) {
      socket.end('HTTP/1.1 400 Bad Request\r\nConnection: close\r\nContent-Length: 0\r\n\r\n');
      return;
    }
    connection.upgraded = incoming.headers.upgrade?.toLowerCase() ?? 'unknown';
    const fail = (error: unknown): void => {
      this.fail(error, incoming);
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
