import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { Duplex } from 'node:stream';
import { getRequestListener, type HttpBindings } from '@hono/node-server';
import { defer, type Observable } from 'rxjs';
import type { Logger } from '../../log/logger.ts';
import { NoResponseError } from '../errors.ts';
import type { DrainProgress, HostedServer, Service } from '../server.ts';
import { limitBody } from './body-limit.ts';
import { Connection, type FailRequest } from './connection.ts';
import { drainConnections } from './drain.ts';
import { InFlight } from './in-flight.ts';
import { inspect } from './inspect.ts';
import { refuse } from './refuse.ts';
import { requestFailed } from './request-error.ts';

/** How often Node looks for requests that are late with their headers or body; 30 s by default, too slow to matter. */
const CHECK_MS = 500;

export interface HttpServerOptions {
  readonly logger: Logger;
  /** See `ClusterOptions.overrideGlobalObjects`. */
  readonly overrideGlobalObjects: boolean;
}

const isResponse = (value: unknown): value is Response =>
  value instanceof Response || (typeof value === 'object' && value !== null && 'status' in value && 'headers' in value);

const isThenable = (value: unknown): value is Promise<unknown> =>
  typeof value === 'object' && value !== null && 'then' in value && typeof value.then === 'function';

/** HTTP/1.1 behind a listener: a `node:http` server that never listens itself. */
export class HttpServer implements HostedServer {
  readonly #http: Server;
  readonly #logger: Logger;
  readonly #connections = new Set<Connection>();
  readonly #inFlight = new InFlight(({ connection, incoming, outgoing }) => {
    this.#logger.warn(`server ${this.#service?.id}: no response headers within the handler timeout`, {
      method: incoming.method,
      path: incoming.url,
    });
    refuse(connection, incoming, outgoing, 503, connection.open - 1);
  });
  readonly #answer: (incoming: IncomingMessage, outgoing: ServerResponse) => Promise<unknown>;
  #service: Service | undefined;
  #draining = false;

  constructor({ logger, overrideGlobalObjects }: HttpServerOptions) {
    this.#logger = logger;
    this.#answer = getRequestListener((request, env) => this.#fetch(request, env as HttpBindings), {
      overrideGlobalObjects,
    });
    this.#http = createServer({ connectionsCheckingInterval: CHECK_MS }, (incoming, outgoing) =>
      this.#receive(incoming, outgoing),
    );
    this.#http.on('checkContinue', (incoming, outgoing) => this.#receive(incoming, outgoing));
    // A server that never listens tracks no connections and enforces no timeouts until it is told that it does.
    this.#http.emit('listening');
  }

  get connections(): number {
    return this.#connections.size;
  }

  get inFlight(): number {
    return this.#inFlight.size;
  }

  accept(socket: Duplex): void {
    const connection = new Connection(socket, this.#fail);
    connection.draining = this.#draining;
    this.#connections.add(connection);
    socket.once('close', () => this.#connections.delete(connection));
    this.#http.emit('connection', socket);
  }

  assign(service: Service): void {
    this.#service = service;
    this.#draining = false;
    const { limits } = service;
    // Node reads these anew for every connection, request and check; `maxHeaderSize` is missing in its types.
    Object.assign(this.#http, {
      headersTimeout: limits.headersTimeoutMs,
      requestTimeout: limits.requestTimeoutMs,
      keepAliveTimeout: limits.keepAliveTimeoutMs,
      maxHeaderSize: limits.maxHeaderBytes,
    });
    // With a listener Node treats every `Upgrade` request as an upgrade, without one as an ordinary request.
    this.#http.removeAllListeners('upgrade');
    if (service.upgrade !== undefined) this.#http.on('upgrade', this.#upgrade);
  }

  drain(timeoutMs: number, open: () => boolean): Observable<DrainProgress> {
    return defer(() => {
      this.#draining = true;
      for (const connection of this.#connections) connection.leave();
      this.#inFlight.closeAfterAnswer();
      return drainConnections(this.#connections, timeoutMs, open);
    });
  }

  destroy(): void {
    for (const connection of this.#connections) connection.socket.destroy();
    this.#inFlight.stop();
    // Ends Node's check of late requests; that it never listened is no news.
    this.#http.close(() => {});
  }

  #receive(incoming: IncomingMessage, outgoing: ServerResponse): void {
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

    this.#answer(incoming, outgoing).catch((error: unknown) => this.#broken(error, incoming, outgoing));
    if (outgoing.writableEnded) return;
    const dueAt = handlerTimeoutMs === 0 ? Number.POSITIVE_INFINITY : connection.activeAt + handlerTimeoutMs;
    this.#inFlight.add({ connection, incoming, outgoing, dueAt });
  }

  /** Calls the service that is in force now; an answer that is there at once is passed on without a promise. */
  #fetch(request: Request, env: HttpBindings): Response | Promise<Response> {
    try {
      const result: unknown = this.#service?.fetch(request, env);
      if (isResponse(result)) return result;
      if (!isThenable(result)) throw new NoResponseError();
      return result.then(
        (late) => (isResponse(late) ? late : this.#fail(new NoResponseError(), env.incoming)),
        (error: unknown) => this.#fail(error, env.incoming),
      );
    } catch (error) {
      return this.#fail(error, env.incoming);
    }
  }

  /** The answer itself could not be written: invalid headers or status, or a body that was used up. */
  #broken(error: unknown, incoming: IncomingMessage, outgoing: ServerResponse): void {
    this.#fail(error, incoming);
    if (outgoing.headersSent) incoming.socket.destroy();
    else outgoing.writeHead(500, { 'content-type': 'text/plain; charset=UTF-8' }).end('Internal Server Error');
  }

  readonly #fail: FailRequest = (error, incoming) =>
    requestFailed(error, this.#service?.id ?? 'unassigned', incoming, this.#logger);

  readonly #upgrade = (incoming: IncomingMessage, socket: Duplex, head: Buffer): void => {
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
      this.#fail(error, incoming);
      socket.destroy();
    };
    try {
      const result: unknown = service.upgrade(incoming, socket, head);
      if (isThenable(result)) result.then(undefined, fail);
    } catch (error) {
      fail(error);
    }
  };
}
