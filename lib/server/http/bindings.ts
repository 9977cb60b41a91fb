import { type Caller, callerOf } from './caller.ts';
import type { Reply, ReplyBindings } from './reply.ts';

const isReply = (outgoing: unknown): outgoing is Reply =>
  typeof outgoing === 'object' && outgoing !== null && 'giveUp' in outgoing;

const incomingOf = (env: unknown): object | undefined => {
  if (typeof env !== 'object' || env === null || !('incoming' in env)) return undefined;
  return typeof env.incoming === 'object' && env.incoming !== null ? env.incoming : undefined;
};

/**
 * Node's request and response behind what a handler got beside its `Request` (`c.env` in Hono), of either protocol.
 *
 * `undefined` outside a server, as in `app.request()` of a test.
 */
export const bindingsOf = (env: unknown): ReplyBindings | undefined => {
  const incoming = incomingOf(env);
  if (incoming === undefined || typeof env !== 'object' || env === null || !('outgoing' in env)) return undefined;
  return isReply(env.outgoing) ? { incoming: env.outgoing.req, outgoing: env.outgoing } : undefined;
};

/** Whose request it is; `undefined` outside a server. */
export const callerIn = (env: unknown): Caller | undefined => {
  const incoming = incomingOf(env);
  return incoming === undefined ? undefined : callerOf(incoming);
};
