import type { IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';
import type { Handler, MiddlewareHandler } from 'hono';
import type { FilesConfig } from './files-config.ts';
import type { HealthConfig } from './health-config.ts';
import type { Http2Config } from './http2-config.ts';
import type { MiddlewareConfig } from './middleware-config.ts';
import type { ProxyConfig } from './proxy-config.ts';
import type { RedirectConfig } from './redirect-config.ts';
import type { TlsConfig } from './tls-config.ts';

/** What a handler may find beside the request: Node's own objects, as `@hono/node-server` passes them. */
export interface ServerEnv {
  readonly incoming: unknown;
  readonly outgoing: unknown;
}

/** A request in, a response out: the web standard `fetch` handler. */
export type FetchFunction = (request: Request, env: ServerEnv) => Response | Promise<Response>;

/** Anything that answers requests: a Hono app, an object with `fetch`, or a fetch function. */
export type App = FetchFunction | { fetch(request: Request, env: ServerEnv): Response | Promise<Response> };

/** Takes over a connection whose client asked for another protocol; the shape `ws` calls `handleUpgrade`. */
export type UpgradeHandler = (request: IncomingMessage, socket: Duplex, head: Buffer) => void;

/** A fixed answer, as data. */
export interface RespondConfig {
  /** HTTP status from 200 to 599; 200 by default. 204, 205 and 304 go without a body. */
  readonly status?: number;
  /** Headers of the answer, except those that frame the message or manage its connection. */
  readonly headers?: Readonly<Record<string, string>>;
  /** The body as text. Excludes `json`. */
  readonly body?: string;
  /** The body as a JSON value, sent with `content-type: application/json`. Excludes `body`. */
  readonly json?: unknown;
}

interface RouteBase {
  /** What people call it, 1 to 64 printable characters; shown in snapshots. */
  readonly name?: string;
  /**
   * Hono's path pattern: `/users/:id`, `/files/*`, `*` for everything. A pattern in braces (`/:id{[0-9]+}`) is refused
   * when a request could make it slow to match.
   */
  readonly path: string;
  /** Methods answered here, in capitals; all of them by default. */
  readonly methods?: readonly string[];
  /** Hono middleware, or middleware as data (`{ cors: true }`), outermost first. */
  readonly middleware?: readonly (MiddlewareHandler | MiddlewareConfig)[];
}

/** A route answered by code. */
export interface HandlerRoute extends RouteBase {
  readonly handler: Handler;
}

/** A route for WebSockets, answered by code; who asks for a page there gets a 426. */
export interface UpgradeRoute extends RouteBase {
  /** Made by `webSocket()`, or by hand. Middleware of the route has its say before it. */
  readonly upgrade: UpgradeHandler;
}

/** A route answered by data. */
export interface RespondRoute extends RouteBase {
  readonly respond: RespondConfig;
}

/** A route answered by code that is named by its path, so that data can say it. */
export interface ModuleRoute extends RouteBase {
  /**
   * `'./users.ts'` or `'./users.ts#name'`, relative to where relative paths start from: a Hono app, which is mounted
   * under the part of `path` before its `/*`, an object with `fetch`, or a Hono handler.
   */
  readonly module: string;
}

/** A route that sends clients elsewhere. */
export interface RedirectRoute extends RouteBase {
  readonly redirect: string | RedirectConfig;
}

/** A route answered by the files of a directory; its path ends in `/*`. */
export interface FilesRoute extends RouteBase {
  readonly files: string | FilesConfig;
}

/** A route whose requests are passed on, and their answers back. */
export interface ProxyRoute extends RouteBase {
  /** A target alone, or where requests go and how. */
  readonly proxy: string | ProxyConfig;
}

/**
 * One route of a server: a path, and exactly one thing that answers it. The first route that matches wins; one that an
 * earlier route always answers in its place is refused.
 */
export type Route = HandlerRoute | UpgradeRoute | RespondRoute | ModuleRoute | RedirectRoute | FilesRoute | ProxyRoute;

/**
 * How a server that crashed is tried again: after `initialMs`, then twice as long each time up to `maxMs`,
 * with jitter, and at most `intensity` times within `periodMs`; the next crash makes it `failed`.
 */
export interface RestartConfig {
  /** Restarts allowed within `periodMs`; 5 by default, 0 means never. */
  readonly intensity?: number;
  /** Milliseconds over which restarts are counted; 60 000 by default. */
  readonly periodMs?: number;
  /** Milliseconds before the first restart; 100 by default, or `maxMs` when that is less. */
  readonly initialMs?: number;
  /** The longest wait between restarts in milliseconds; 30 000 by default. */
  readonly maxMs?: number;
}

/** How a changed server is replaced: behind its open socket, or after it was stopped. */
export type Strategy = 'hot-swap' | 'stop-then-start';

/**
 * Which request paths are let through: those that everybody reads alike, or also those with escaped slashes and
 * backslashes (`/@scope%2fname`) and empty segments (`/a//b`).
 */
export type PathPolicy = 'strict' | 'lenient';

/** All or nothing, or every server for itself. */
export type CommitMode = 'atomic' | 'independent';

/**
 * Limits and timeouts of one server; all of them have defaults and can change while it serves.
 *
 * Whole numbers; times go up to 2 147 483 647 ms (24 days), because Node's timers fire at once on anything longer.
 */
export interface ServerLimits {
  /**
   * Milliseconds until a request's headers must have arrived (408 otherwise); 10 000, `0` = no limit. At most
   * `requestTimeoutMs`, unless one of them is 0; its default follows a shorter one.
   */
  readonly headersTimeoutMs: number;
  /** Milliseconds until a whole request must have arrived (408 otherwise); 15 000, `0` = no limit. */
  readonly requestTimeoutMs: number;
  /** Milliseconds until the handler must have produced response headers (503 otherwise); 30 000, `0` = no limit. */
  readonly handlerTimeoutMs: number;
  /** Milliseconds an idle connection is kept for its next request; 60 000. */
  readonly keepAliveTimeoutMs: number;
  /**
   * Milliseconds a client may take none of what waits to be sent to it; then its connection is cut. 30 000, `0` = no
   * limit. A connection with nothing to send, such as a quiet event stream or WebSocket, is not concerned.
   */
  readonly writeTimeoutMs: number;
  /** Milliseconds a server that leaves may take to finish what it accepted; 30 000, `0` cuts at once. */
  readonly drainTimeoutMs: number;
  /** Connections served at once, further ones are closed unanswered; `0` = no limit, the default. */
  readonly maxConnections: number;
  /**
   * Requests worked on at once, from their heads to the ends of their answers; further ones get a 503 with
   * `Retry-After`. `0` = no limit, the default.
   */
  readonly maxInFlight: number;
  /** Bytes of request line and headers (431 beyond), from 1 024 to 1 048 576; 16 384. */
  readonly maxHeaderBytes: number;
  /** Bytes of a request body (413 beyond); 10 485 760, `0` = no limit. */
  readonly maxBodyBytes: number;
}

/**
 * One server: where it listens and what answers there. Give `app` or `routes`.
 *
 * A config belongs to the cluster once it was accepted: it is frozen, with its plain data but without apps, handlers and
 * other code, and a change is a new object. Members that are `undefined` count as absent, members that are not known
 * are refused.
 */
export interface ServerConfig extends Partial<ServerLimits> {
  /**
   * `'127.0.0.1:8080'`, `':8080'` (all interfaces), `'[::1]:8080'`, `'127.0.0.1:0'` (any free port),
   * `'127.0.0.1:8000-8010'` (the first free port of a range), `'localhost:8080'` or `'unix:/run/x.sock'`.
   *
   * A port that was found stays the server's as long as it is free: over changes, crashes, restarts and stops.
   */
  readonly listen: string;
  readonly app?: App;
  readonly routes?: readonly Route[];
  /** Middleware around all routes, outermost first; also around the 404 of what none of them answers. Not with `app`. */
  readonly middleware?: readonly (MiddlewareHandler | MiddlewareConfig)[];
  /** Serves `Upgrade` requests (WebSocket); without it they are answered as ordinary requests. */
  readonly upgrade?: UpgradeHandler;
  /** What people call it, 1 to 64 printable characters; the id by default. */
  readonly name?: string;
  /**
   * The http or https URL under which clients reach it, when that differs from where it listens. `{host}` and `{port}`
   * stand for where it really listens; for all interfaces `{host}` is `localhost`.
   */
  readonly expose?: string;
  /** Known, but not running. */
  readonly disabled?: boolean;
  /** Overrides the cluster's `strategy` for this server. */
  readonly strategy?: Strategy;
  readonly restart?: RestartConfig;
  /**
   * Looks after it: what is asked, how often, and what follows from the answers. `true` checks that it accepts
   * connections. Nobody looks by default, nor with `false`.
   */
  readonly health?: HealthConfig | boolean;
  /**
   * Ids of servers of the same config, each once, that start before this one and stop after it; none by default.
   *
   * It is about order, not about fate: this server goes on when one of them crashes, changes or is disabled.
   */
  readonly dependsOn?: readonly string[];
  /** Encrypts connections; without it they are not. */
  readonly tls?: TlsConfig;
  /** Clients may choose HTTP/2 beside HTTP/1.1, in sessions with these settings; needs `tls`. `false` by default. */
  readonly http2?: boolean | Http2Config;
  /**
   * Connections may be used for more than one request; `true` by default. Without it every answer ends its connection,
   * and an HTTP/2 session ends with what was asked first.
   */
  readonly keepAlive?: boolean;
  /**
   * Lines about its requests and connections that contain one of these texts are left out of the log; none by default.
   * What the cluster says of the server is not concerned.
   */
  readonly logFilter?: readonly string[];
  /** Which request paths are let through; `'strict'` by default. Others are answered with 400. */
  readonly paths?: PathPolicy;
}

/**
 * The whole desired set by id; `null` or absent removes a server. Ids are 1 to 64 letters, digits, dots, hyphens and
 * underscores.
 */
export type ClusterConfig = Readonly<Record<string, ServerConfig | null>>;
