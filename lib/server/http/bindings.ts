import { IncomingMessage, ServerResponse } from 'node:http';
import type { HttpBindings } from '@hono/node-server';

/**
 * Node's request and response behind what a handler got beside its `Request` (`c.env` in Hono).
 *
 * `undefined` outside a server, as in `app.request()` of a test.
 */
export const bindingsOf = (env: unknown): HttpBindings | undefined => {
  const incoming = incomingOf(env);
  if (incoming === undefined || typeof env !== 'object' || env === null || !('outgoing' in env)) return undefined;
  return env.outgoing instanceof ServerResponse ? { incoming, outgoing: env.outgoing } : undefined;
};

/** Node's request alone, all there is of an upgrade. */
export const incomingOf = (env: unknown): IncomingMessage | undefined => {
  if (typeof env !== 'object' || env === null || !('incoming' in env)) return undefined;
  return env.incoming instanceof IncomingMessage ? env.incoming : undefined;
};
