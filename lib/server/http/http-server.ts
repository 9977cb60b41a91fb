import { createServer, type IncomingMessage, type Server } from 'node:http';
import type { Duplex } from 'node:stream';
import { getRequestListener, type HttpBindings } from '@hono/node-server';
import { defer, type Observable } from 'rxjs';
import type { Logger } from '../../log/logger.ts';
import type { Client } from '../client.ts';
import type { Encryption } from '../encryption.ts';
import { Http2Engine } from '../http2/http2-engine.ts';
import { Instruments } from '../instruments.ts';
import type { DrainProgress, HostedServer, Service } from '../server.ts';
import { alreadySent } from './already-sent.ts';
import { Answer } from './answer.ts';
import { bindingsOf, callerIn } from './bindings.ts';
import { Connection } from './connection.ts';
import { drainConnections, type Leaving } from './drain.ts';
import { EncryptedClient } from './encrypted-client.ts';
import { receivingParsers } from './receiving.ts';
import { lastWords } from './refuse.ts';
import { type HttpContext, Responder } from './responder.ts';
import { cacheOfLightResponses } from './sound-response.ts';
import { answerUnreadable } from './unreadable.ts';
import { WriteWatch } from './write-watch.ts';

/** How often Node looks for requests that are late with their headers or body; 30 s by default, too slow to matter. */
const CHECK_MS = 500;

/** What requests of HTTP/1.0 clients that name no host are addressed to. */
const NO_HOST = 'localhost';

const unserved = (): Response => new Response(null, { status: 503 });

/**
 * @param overrideGlobalObjects - see `ClusterOptions`; the globals are replaced here.
 */
export const httpContext = (
  logger: Logger,
  overrideGlobalObjects: boolean,
  instruments = new Instruments(logger),
): HttpContext => {
  const answer = getRequestListener(
    (request, env) => {
      // This one is fed by `onRequest` only.
      const bindings = env as HttpBindings & { readonly outgoing: Answer };
      return Connection.of(bindings.incoming)?.server.fetch(request, bindings) ?? unserved();
    },
    { overrideGlobalObjects, hostname: NO_HOST },
  );
  const answerStream = getRequestListener(
    (request, env) => {
      const bindings = bindingsOf(env);
      return bindings === undefined ? unserved() : (callerIn(env)?.server.fetch(request, bindings) ?? unserved());
    },
    // What it does with bodies that nobody reads cuts answers off that are longer than a window.
    { overrideGlobalObjects, hostname: NO_HOST, autoCleanupIncoming: false },
  );
  return { logger, answer, answerStream, cache: cacheOfLightResponses(), sent: alreadySent(), instruments };
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
  const connection = Connection.of(incoming);
  connection?.server.refused(501);
  connection?.conclude(lastWords(501));
};

type AnsweringServer = Server<typeof IncomingMessage, typeof Answer>;

function onUpgrade(this: AnsweringServer, incoming: IncomingMessage, socket: Duplex, head: Buffer): void {
  Connection.of(incoming)?.server.upgrade(incoming, socket, head, () => this.emit('connection', socket));
}

/** What a server needs once somebody has connected. */
interface Engine {
  readonly http: AnsweringServer;
  readonly clients: Set<Client>;
  readonly writes: WriteWatch;
}

/** Speaks HTTP/1 on a connection. */
const begin = ({ http }: Engine, connection: Connection): void => {
  const { socket } = connection;
  socket.once('close', () => connection.abandon());
  http.emit('connection', socket);
};

/** What a change of how clients connect has cost those who were connected. */
const costOf = (cut: number): string =>
  `${cut === 1 ? '1 former connection' : `${cut} former connections`} did not finish in time and had to be cut`;

const NOBODY: ReadonlySet<unknown> = new Set();

/** Whether a connection that was made for `former` may stay when `next` comes into force. */
const stays = (former: Service, next: Service): boolean => {
  if (former.encryption === undefined || next.encryption === undefined) return former.encryption === next.encryption;
  return (former.http2 === undefined) === (next.http2 === undefined) && former.encryption.admits(next.encryption);
};

/**
 * HTTP behind a listener: a `node:http` server that never listens itself.
 *
 * It is made for the first connection: most of a thousand servers are idle, and an idle one is little more than its
 * socket.
 */
export class HttpServer implements HostedServer {
  readonly #context: HttpContext;
  /** Answers on connections that arrive. */
  #responder: Responder | undefined;
  /** Answer on connections that were made in another way than those that arrive now. */
  readonly #formers = new Set<Responder>();
  #engine: Engine | undefined;
  /** Made for the first client that chooses it. */
  #http2: Http2Engine | undefined;
  #draining = false;
  /** How often it was taken back into service. A drain concerns no connection that was accepted after that. */
  #era = 0;

  constructor(context: HttpContext) {
    this.#context = context;
  }

  get connections(): number {
    return this.#engine?.clients.size ?? 0;
  }

  get inFlight(): number {
    let sum = this.#responder?.inFlight ?? 0;
    for (const former of this.#formers) sum += former.inFlight;
    return sum;
  }

  accept(socket: Duplex): void {
    if (this.#responder === undefined) {
      socket.destroy();
      return;
    }
    const engine = this.#engine ?? this.#start(this.#responder.service);
    this.#engine = engine;
    const { encryption } = this.#responder.service;
    if (encryption !== undefined) {
      this.#encrypt(engine, socket, encryption, this.#responder);
      return;
    }
    const connection = new Connection(socket, this.#responder, this.#era);
    connection.draining = this.#draining;
    engine.clients.add(connection);
    socket.once('close', () => engine.clients.delete(connection));
    begin(engine, connection);
  }

  /** It is a client from its first byte on: whoever waits for it need not know that it has not asked for anything yet. */
  #encrypt(engine: Engine, socket: Duplex, encryption: Encryption, responder: Responder): void {
    const client = new EncryptedClient(socket, this.#era, this.#draining);
    engine.clients.add(client);
    socket.once('close', () => engine.clients.delete(client));
    encryption.secure(socket, {
      secured: (encrypted, protocol) => {
        if (protocol === 'h2') {
          this.#http2 ??= new Http2Engine();
          client.speaks(this.#http2.accept(encrypted, responder, client.era, client.draining));
          return;
        }
        const connection = new Connection(encrypted, responder, client.era);
        connection.draining = client.draining;
        client.speaks(connection);
        begin(engine, connection);
      },
      failed: (error) => responder.service.logger.debug(`server ${responder.service.id}: ${error.message}`),
    });
  }

  assign(service: Service): void {
    if (this.#draining) this.#era += 1;
    this.#draining = false;
    if (this.#responder !== undefined && stays(this.#responder.service, service)) this.#responder.service = service;
    else this.#replace(this.#responder, service);
    if (this.#engine !== undefined) this.#tune(this.#engine, service);
  }

  /** Connections are made in another way from now on: those that exist finish what they began under the old service. */
  #replace(former: Responder | undefined, service: Service): void {
    this.#responder = new Responder(this.#context, service);
    if (former === undefined || this.#engine === undefined) return;
    const { clients } = this.#engine;
    this.#formers.add(former);
    const left = [...clients];
    for (const client of left) client.leave();
    const leaving = (): Leaving => this.#leaving(left.filter((client) => clients.has(client)));
    let cut = 0;
    drainConnections(leaving, former.service.limits.drainTimeoutMs, () => false).subscribe({
      next: (progress) => {
        cut = progress.cut;
      },
      complete: () => {
        if (cut > 0) service.logger.warn(`server ${service.id} changed its protocol; ${costOf(cut)}`);
        this.#formers.delete(former);
        former.stop();
      },
    });
  }

  drain(timeoutMs: number, open: () => boolean): Observable<DrainProgress> {
    return defer(() => {
      this.#draining = true;
      const era = this.#era;
      for (const client of this.#engine?.clients ?? []) client.leave();
      // Read anew at every look: the first connection may still be to come.
      const concerned = (): Leaving =>
        this.#leaving([...(this.#engine?.clients ?? [])].filter((client) => client.era <= era));
      return drainConnections(concerned, timeoutMs, open);
    });
  }

  #leaving(clients: readonly Client[]): Leaving {
    return { clients, receiving: this.#engine === undefined ? NOBODY : receivingParsers(this.#engine.http) };
  }

  destroy(): void {
    if (this.#engine === undefined) return;
    const { http, clients, writes } = this.#engine;
    writes.stop();
    this.#http2?.stop();
    for (const { socket } of clients) socket.destroy();
    this.#responder?.stop();
    for (const former of this.#formers) former.stop();
    // Ends Node's check of late requests; that it never listened is no news.
    http.close(ignore);
  }

  #start(service: Service): Engine {
    // What Node would refuse by itself nobody would hear of: that is looked at with the rest of the head.
    const options = { connectionsCheckingInterval: CHECK_MS, requireHostHeader: false, ServerResponse: Answer };
    const http = createServer(options, onRequest);
    http.on('checkContinue', onRequest).on('checkExpectation', onRequest);
    http.on('clientError', answerUnreadable).on('connect', onConnect);
    // A server that never listens tracks no connections and enforces no timeouts until it is told that it does.
    http.emit('listening');
    const clients = new Set<Client>();
    const engine = { http, clients, writes: new WriteWatch(clients, (client) => this.#stalled(client)) };
    this.#tune(engine, service);
    return engine;
  }

  #stalled({ socket }: Client): void {
    const { id, logger } = this.#responder?.service ?? { id: '', logger: this.#context.logger };
    logger.debug(`server ${id}: a client takes nothing of what is sent to it`);
    socket.destroy();
  }

  #tune({ http, writes }: Engine, { limits, upgrade }: Service): void {
    // Node reads these anew for every connection, request and check; `maxHeaderSize` is missing in its types.
    Object.assign(http, {
      headersTimeout: limits.headersTimeoutMs,
      requestTimeout: limits.requestTimeoutMs,
      keepAliveTimeout: limits.keepAliveTimeoutMs,
      maxHeaderSize: limits.maxHeaderBytes,
    });
    writes.limit(limits.writeTimeoutMs);
    // With a listener Node treats every `Upgrade` request as an upgrade, without one as an ordinary request.
    http.removeAllListeners('upgrade');
    if (upgrade !== undefined) http.on('upgrade', onUpgrade);
  }
}
