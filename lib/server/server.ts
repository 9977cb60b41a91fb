import type { Observable } from 'rxjs';
import type { Http2Spec } from '../config/http2-config.ts';
import type { FetchFunction, PathPolicy, ServerLimits, UpgradeHandler } from '../config/server-config.ts';
import type { Acceptor } from '../listener/listener.ts';
import type { Logger } from '../log/logger.ts';
import type { DirectDispatch } from './direct.ts';
import type { Encryption } from './encryption.ts';
import type { FindRoute } from './route-pattern.ts';

/** What a server answers with from now on: everything that can be exchanged in one turn. */
export interface Service {
  /** The id of the server in the config, for logs. */
  readonly id: string;
  readonly fetch: FetchFunction;
  /** Answers requests of HTTP/1 in its place where that is the same, only cheaper. */
  readonly direct?: DirectDispatch | undefined;
  /** Says which of its routes answers a request, for those who keep a record of it. */
  readonly route?: FindRoute | undefined;
  /** Who takes over connections that ask for another protocol: somebody for all of them, or the route that they ask. */
  readonly upgrade: UpgradeHandler | 'routes' | undefined;
  readonly paths: PathPolicy;
  readonly limits: ServerLimits;
  /** How connections are encrypted; without it they are not. */
  readonly encryption: Encryption | undefined;
  /** With what settings clients may choose HTTP/2; only with encryption, where they can say so. */
  readonly http2: Http2Spec | undefined;
  /** Connections may be used for more than one request. */
  readonly keepAlive: boolean;
  /** Takes what there is to say of its requests and connections. */
  readonly logger: Logger;
}

/** How far a drain has come. */
export interface DrainProgress {
  /** Connections that still have to end. */
  readonly connections: number;
  /** Connections that had something unfinished when the deadline cut them. */
  readonly cut: number;
}

/**
 * What answers behind a listener.
 *
 * 1. *built*: answers nobody; it has no service yet.
 * 2. *assigned*: speaks for its service. Another service takes over with the next request, in one assignment: no
 *    connection is touched, and what the old one began it finishes. Only where connections are made in another way (TLS,
 *    HTTP/2) those that exist are asked to leave; until they have, the service they were made under answers them.
 * 3. *draining*: connections that exist, and those that still arrive, end with their next answer. Assigning a service
 *    again ends that state for connections that come later.
 * 4. *destroyed*: every connection is cut, timers are gone.
 */
export interface HostedServer extends Acceptor {
  readonly connections: number;
  /** Requests received and not yet answered. */
  readonly inFlight: number;
  assign(service: Service): void;
  /**
   * Asks every connection to finish what it began and to leave; cold, and safe to subscribe more than once.
   *
   * Emits when the number of connections changes, and completes when none is left, at the latest after `timeoutMs`
   * milliseconds, when what remains is destroyed. Never errors. Unsubscribing stops waiting; connections that were
   * told to leave still leave after their next answer.
   *
   * @param open - whether connections may still arrive; while it says so, the drain is not over.
   */
  drain(timeoutMs: number, open: () => boolean): Observable<DrainProgress>;
  destroy(): void;
}
