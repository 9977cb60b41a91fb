import type { RestartConfig, ServerLimits } from './server-config.ts';

/**
 * The limits of a server that names none itself. They are strict enough that a stalled client costs a connection for
 * seconds, and wide enough that no ordinary client meets them.
 */
export const limitDefaults: ServerLimits = Object.freeze({
  /** Node allows 60 s. Headers are one small write of the client: 10 s cover a slow mobile link. */
  headersTimeoutMs: 10_000,
  /** Node allows 300 s, time enough to hold many connections with few bytes. Raise it for uploads. */
  requestTimeoutMs: 15_000,
  /** Node has no such limit: a handler that never answers would hold its connection for ever. */
  handlerTimeoutMs: 30_000,
  /** Node's 5 s are shorter than the idle time of common load balancers (60 s), whose next request is then reset. */
  keepAliveTimeoutMs: 60_000,
  /** Node has no such limit: who asks for much and reads nothing would hold it for ever. TCP retries for this long with ease. */
  writeTimeoutMs: 30_000,
  /** The grace period that Kubernetes gives by default. */
  drainTimeoutMs: 30_000,
  /** No limit beside the one on file descriptors. */
  maxConnections: 0,
  /** How many requests at once a handler bears, only its author knows. */
  maxInFlight: 0,
  /** Node's own limit: 16 KiB. */
  maxHeaderBytes: 16_384,
  /** 10 MiB: form posts and JSON fit, a body that is held in memory cannot exhaust it soon. */
  maxBodyBytes: 10_485_760,
});

/** How a crashed server is tried again when its config does not say. */
export const restartDefaults: Required<RestartConfig> = Object.freeze({
  /** A server that crashes more often than every 12 s has a cause that restarting does not cure. */
  intensity: 5,
  /** One minute. */
  periodMs: 60_000,
  /** Short enough that a single crash is hardly noticed. */
  initialMs: 100,
  /** Reached after nine doublings; keeps a repaired cause from waiting longer than half a minute. */
  maxMs: 30_000,
});

/** The status of a fixed answer that names none. */
export const RESPOND_STATUS = 200;

/**
 * The headers timeout in force: what was given, otherwise the default, which shrinks with a shorter request timeout.
 *
 * A request holds its headers, so asking for a shorter request timeout alone is not a contradiction.
 */
export const headersTimeoutOf = (given: number | undefined, requestTimeoutMs: number): number => {
  if (given !== undefined) return given;
  const fallback = limitDefaults.headersTimeoutMs;
  return requestTimeoutMs === 0 ? fallback : Math.min(fallback, requestTimeoutMs);
};

/** The first restart's delay in force: what was given, otherwise the default, which shrinks with a shorter longest one. */
export const initialDelayOf = (given: number | undefined, maxMs: number): number =>
  given ?? Math.min(restartDefaults.initialMs, maxMs);
