import { IncomingMessage } from 'node:http';

/**
 * The Node request behind what a handler got beside its `Request` (`c.env` in Hono).
 *
 * `undefined` outside a server, as in `app.request()` of a test.
 */
export const incomingOf = (env: unknown): IncomingMessage | undefined => {
  if (typeof env !== 'object' || env === null || !('incoming' in env)) return undefined;
  return env.incoming instanceof IncomingMessage ? env.incoming : undefined;
};
