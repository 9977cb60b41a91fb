/** Milliseconds, and a part of the whole, after the servers: who is cut at last has to be told of. */
const TELLING = { ms: 600, part: 0.2 };

/** Milliseconds that the servers of a worker may use up of those that it has to leave. */
export const drainingMs = (shutdownTimeoutMs: number): number =>
  Math.max(0, Math.floor(shutdownTimeoutMs - Math.min(shutdownTimeoutMs * TELLING.part, TELLING.ms)));
