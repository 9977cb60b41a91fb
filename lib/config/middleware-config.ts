/** Changes to headers: first what is removed, then what is set, then what is added. Names are not case sensitive. */
export interface HeaderChanges {
  readonly remove?: readonly string[];
  /** Replaces every value of a header. */
  readonly set?: Readonly<Record<string, string>>;
  /** Keeps the values that are there. */
  readonly add?: Readonly<Record<string, string | readonly string[]>>;
}

/** Changes to the headers of a request before the handler, and of the response after it. */
export interface HeadersConfig {
  readonly request?: HeaderChanges;
  readonly response?: HeaderChanges;
}

/** How clients learn the state of the cluster. */
export interface StateHeaderConfig {
  /** The header; `x-server-state` by default. */
  readonly headerName?: string;
}

/** When requests are refused because of the state of the cluster. */
export interface StateGuardConfig {
  /** Paths that are always let through: whole ones, or beginnings that end with an asterisk. */
  readonly allow?: readonly string[];
  /** States in which everything is let through; `Running` and `Reloading` by default. */
  readonly states?: readonly string[];
  /** Milliseconds after which clients may come again, rounded up to seconds; 1 000 by default. */
  readonly retryAfterMs?: number;
}

/** Which other sites may read the answers; see `hono/cors`. */
export interface CorsConfig {
  /** Origins that may; `'*'` by default. */
  readonly origin?: string | readonly string[];
  readonly allowMethods?: readonly string[];
  readonly allowHeaders?: readonly string[];
  readonly exposeHeaders?: readonly string[];
  /** Seconds for which browsers may remember it. */
  readonly maxAge?: number;
  /** Whether cookies may come along; not with the origin `'*'`. */
  readonly credentials?: boolean;
}

/** Headers that tell browsers to be careful; see `hono/secure-headers`. `false` leaves one out, a text replaces it. */
export interface SecureHeadersConfig {
  /** Sources by directive, in camel case: `{ defaultSrc: ["'self'"] }`. */
  readonly contentSecurityPolicy?: Readonly<Record<string, readonly string[]>>;
  readonly crossOriginEmbedderPolicy?: boolean | string;
  readonly crossOriginOpenerPolicy?: boolean | string;
  readonly crossOriginResourcePolicy?: boolean | string;
  readonly originAgentCluster?: boolean | string;
  readonly referrerPolicy?: boolean | string;
  readonly strictTransportSecurity?: boolean | string;
  readonly xContentTypeOptions?: boolean | string;
  readonly xDnsPrefetchControl?: boolean | string;
  readonly xDownloadOptions?: boolean | string;
  readonly xFrameOptions?: boolean | string;
  readonly xPermittedCrossDomainPolicies?: boolean | string;
  readonly xXssProtection?: boolean | string;
}

/** Who may ask, by name and password; see `hono/basic-auth`. */
export interface BasicAuthConfig {
  readonly users: readonly { readonly username: string; readonly password: string }[];
  /** What browsers show when they ask for a password. */
  readonly realm?: string;
}

/** Who may ask, by token; see `hono/bearer-auth`. */
export interface BearerAuthConfig {
  readonly tokens: readonly string[];
  readonly realm?: string;
}

/** Which answers are compressed; see `hono/compress`. */
export interface CompressConfig {
  /** Both by default, as the client likes. */
  readonly encoding?: 'gzip' | 'deflate';
  /** Smaller bodies are sent as they are; 1 024 bytes by default. */
  readonly threshold?: number;
}

/** How answers are compared with what the client has; see `hono/etag`. */
export interface EtagConfig {
  readonly weak?: boolean;
}

/** How requests are told apart; see `hono/request-id`. */
export interface RequestIdConfig {
  /** The header; `X-Request-Id` by default. */
  readonly headerName?: string;
}

/** Middleware as data, by name. `true` stands for settings that are all left to their defaults. */
export interface MiddlewareSettings {
  readonly accessLog: true;
  readonly basicAuth: BasicAuthConfig;
  readonly bearerAuth: BearerAuthConfig;
  readonly compress: true | CompressConfig;
  readonly cors: true | CorsConfig;
  readonly etag: true | EtagConfig;
  readonly headers: HeadersConfig;
  readonly requestId: true | RequestIdConfig;
  readonly secureHeaders: true | SecureHeadersConfig;
  readonly stateGuard: true | StateGuardConfig;
  readonly stateHeader: true | StateHeaderConfig;
  /** The prefix that is taken off the path. */
  readonly stripPrefix: string;
  /** Milliseconds after which a request that is not answered gets a 504. */
  readonly timeout: number;
}

/** One piece of middleware as data: an object with a single name, `{ cors: true }`. */
export type MiddlewareConfig = {
  readonly [Name in keyof MiddlewareSettings]: { readonly [Only in Name]: MiddlewareSettings[Only] };
}[keyof MiddlewareSettings];
