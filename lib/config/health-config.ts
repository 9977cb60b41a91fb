/** A server as its check finds it. */
export interface Probe {
  /** The id of the server. */
  readonly server: string;
  /** Where it answers, with the real port: `'127.0.0.1:41873'`, or the socket path. */
  readonly address: string;
  /** Where a client on this machine reaches it. */
  readonly url: string;
  /** Aborted when the check has taken too long, and when nobody wants to know any more. */
  readonly signal: AbortSignal;
}

/** Says whether a server is well: it is not when this throws, rejects or answers `false`. */
export type HealthCheckFunction = (probe: Probe) => unknown;

/** A request whose answer says whether a server is well. */
export interface HttpCheckConfig {
  /** What is asked for; `'/'` by default. */
  readonly path?: string;
  /** `'GET'` by default. */
  readonly method?: 'GET' | 'HEAD' | 'OPTIONS';
  /** Sent with it; `host` among them. */
  readonly headers?: Readonly<Record<string, string>>;
  /** Which status is well: one, several, or a class (`'2xx'`); `'2xx'` by default. */
  readonly status?: number | '2xx' | '3xx' | '4xx' | readonly (number | '2xx' | '3xx' | '4xx')[];
  /** What the first 64 KiB of the body must contain. */
  readonly body?: string;
}

/** How a server is looked after: what is asked, how often, and what follows from the answers. Give one check at most. */
export interface HealthConfig {
  /** Something accepts connections where it listens. The default. */
  readonly tcp?: true;
  /** A path, or a whole request. */
  readonly http?: string | HttpCheckConfig;
  /** Code of your own. */
  readonly check?: HealthCheckFunction;
  /** Milliseconds a check may take; 5 000. */
  readonly timeoutMs?: number;
  /** Milliseconds from the end of a check to the next; 5 000. */
  readonly intervalMs?: number;
  /** The same while it recovers; `intervalMs` by default. */
  readonly riseIntervalMs?: number;
  /** The same while it fails; `intervalMs` by default. */
  readonly fallIntervalMs?: number;
  /** Successes in a row that lead from `down` to `warn`; 1. */
  readonly riseToWarn?: number;
  /** Successes in a row that lead from `warn` to `ok`; 1. */
  readonly riseToOk?: number;
  /** Failures in a row that lead from `ok` to `warn`; 1. */
  readonly fallToWarn?: number;
  /** Failures in a row that lead from `warn` to `down`; 1. */
  readonly fallToDown?: number;
  /** Has the server restarted when it is down, within the limits of `restart`; `false` by default. */
  readonly heal?: boolean;
}
