import { type ServerResponse, STATUS_CODES } from 'node:http';
import type { Connection } from './connection.ts';

/** What a status says in words; empty when it is unknown. */
export const reasonOf = (status: number): string => STATUS_CODES[status] ?? '';

/** The last words on a connection, as `node:http` itself writes them when it cannot parse a request. */
export const lastWords = (status: number, method?: string, requestId?: string): string => {
  const reason = reasonOf(status);
  const body = method === 'HEAD' ? '' : reason;
  const id = requestId === undefined ? '' : `x-request-id: ${requestId}\r\n`;
  return (
    `HTTP/1.1 ${status} ${reason}\r\nConnection: close\r\nContent-Type: text/plain; charset=UTF-8\r\n${id}` +
    `Content-Length: ${reason.length}\r\n\r\n${body}`
  );
};

/** An answer in whose place another one may be given. */
export interface Replaced {
  /** The status of that one. */
  instead?: number | undefined;
}

/**
 * Answers a request that must not reach its handler, or whose handler is late or failed, and ends the connection.
 *
 * Written straight to the socket, when it is this request's turn. The response object stays with the handler, which may
 * come round to it later and then writes into the void; to the handler it looks as if its client had left.
 */
export const refuse = (
  connection: Connection,
  outgoing: ServerResponse & Replaced,
  status: number,
  requestId?: string,
): void => {
  const answer = (): void => connection.linger(lastWords(status, outgoing.req.method, requestId));
  connection.over = true;
  // What the client is told, for those who keep a record of it.
  if (!outgoing.headersSent) outgoing.statusCode = status;
  outgoing.instead = status;
  outgoing.destroyed = true;
  // Pipelined behind a request that is not answered yet: Node gives it the socket when its turn has come.
  if (outgoing.socket === null) outgoing.once('socket', answer);
  else answer();
  outgoing.emit('close');
};
