import { randomUUID } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import type { Logger } from '../../log/logger.ts';

/** A client's own request id is kept when it can do no harm in a log line. */
const HARMLESS_ID = /^[\w.-]{1,64}$/;

const requestId = (incoming: IncomingMessage): string => {
  const given = incoming.headers['x-request-id'];
  return typeof given === 'string' && HARMLESS_ID.test(given) ? given : randomUUID();
};

/**
 * What the client learns of a failed handler: nothing but an id. The log line with that id has the rest.
 *
 * A client that is gone needs no answer, and a handler that stumbles over its absence is no error.
 */
export const requestFailed = (error: unknown, server: string, incoming: IncomingMessage, logger: Logger): Response => {
  const id = requestId(incoming);
  const line = { requestId: id, method: incoming.method, path: incoming.url, error };
  if (incoming.socket.destroyed) logger.debug(`server ${server}: the client left before it was answered`, line);
  else logger.error(`server ${server}: request ${id} failed`, line);
  return new Response('Internal Server Error', {
    status: 500,
    headers: { 'content-type': 'text/plain; charset=UTF-8', 'x-request-id': id },
  });
};
