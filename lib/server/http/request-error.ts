import { randomUUID } from 'node:crypto';
import type { Logger } from '../../log/logger.ts';
import type { Asked } from './reply.ts';

/** A client's own request id is kept when it can do no harm in a log line. */
const HARMLESS_ID = /^[\w.-]{1,64}$/;

const requestId = (incoming: Asked): string => {
  const given = incoming.headers['x-request-id'];
  return typeof given === 'string' && HARMLESS_ID.test(given) ? given : randomUUID();
};

/** A request that was not answered as it should have been. */
export interface Failure {
  readonly error: unknown;
  /** The id of the server. */
  readonly server: string;
  readonly incoming: Asked;
  /** Its client has left, or has had another answer: a handler that stumbles over that is no error. */
  readonly moot: boolean;
  /** Part of an answer is on its way, so that no other can take its place. */
  readonly headersWritten: boolean;
}

/** Writes the one line a failed request leaves in the log; returns the id in it. */
export const reportFailure = ({ error, server, incoming, moot, headersWritten }: Failure, logger: Logger): string => {
  const id = requestId(incoming);
  const line = { requestId: id, method: incoming.method, path: incoming.url, headersWritten, error };
  if (moot) logger.debug(`server ${server}: nobody waits for the answer any more`, line);
  else logger.error(`server ${server}: request ${id} failed`, line);
  return id;
};

/** What the client learns of a failed handler: nothing but an id. */
export const failureResponse = (id: string): Response =>
  new Response('Internal Server Error', {
    status: 500,
    headers: { 'content-type': 'text/plain; charset=UTF-8', 'x-request-id': id },
  });
