import type { MiddlewareHandler } from 'hono';
import { requestId as honoRequestId } from 'hono/request-id';
import type { RequestIdConfig } from '../config/middleware-config.ts';
import { changeResponseHeaders } from './response-headers.ts';

/** The header by which a failed request is known in the log. */
const LOGGED = 'x-request-id';

const headersOf = (env: unknown): Record<string, unknown> | undefined => {
  if (typeof env !== 'object' || env === null || !('incoming' in env)) return undefined;
  const { incoming } = env;
  if (typeof incoming !== 'object' || incoming === null || !('headers' in incoming)) return undefined;
  // Node's headers: a plain object that belongs to this request alone.
  return incoming.headers as Record<string, unknown>;
};

/**
 * Hono's request id, for answers that Hono did not make as well: it sets the header before the handler, and a handler
 * that returns a `Response` of its own loses it. A request that fails is known by the same id in the log.
 */
export const requestId = ({ headerName = 'X-Request-Id' }: RequestIdConfig): MiddlewareHandler => {
  const identify = honoRequestId({ headerName });
  return (c, next) =>
    identify(c, async () => {
      const id: string = c.get('requestId');
      const received = headersOf(c.env);
      if (received !== undefined) received[LOGGED] = id;
      await next();
      changeResponseHeaders(c, (headers) => headers.set(headerName, id));
    });
};
