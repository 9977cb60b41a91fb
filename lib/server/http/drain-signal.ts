import { callerIn } from './bindings.ts';

/**
 * Tells a handler that its server is leaving: an `AbortSignal` that aborts when the connection is asked to end.
 *
 * For answers that last, such as server-sent events: end the stream, and the client comes back to whoever serves then.
 * What is still open after `drainTimeoutMs` is cut. A handler change touches no connection and never aborts it. When the
 * connection was asked before its request came, it aborts as soon as the handler has had the chance to listen.
 *
 * @param env - what the handler got beside its request: `c.env` in Hono, `{ incoming: request }` in an upgrade handler.
 * @returns a signal that never aborts when `env` does not belong to a request that Sluice serves.
 */
export const drainSignal = (env: unknown): AbortSignal => callerIn(env)?.drainSignal ?? new AbortController().signal;
