import { type IncomingMessage, type ServerResponse, STATUS_CODES } from 'node:http';
import type { Connection } from './connection.ts';

/**
 * Answers a request that must not reach its handler, or whose handler is late, and ends the connection.
 *
 * Written straight to the socket, as `node:http` answers requests it cannot parse: the response object stays with the
 * handler, which may come round to it later and then writes into the void.
 *
 * @param earlier - requests on the same connection that wait for their answer and were asked before this one.
 */
export const refuse = (
  connection: Connection,
  incoming: IncomingMessage,
  outgoing: ServerResponse,
  status: number,
  earlier: number,
): void => {
  const { socket } = connection;
  const body = incoming.method === 'HEAD' ? '' : `${STATUS_CODES[status]}`;
  if (earlier > 0) {
    // Pipelined behind an unanswered request: Node keeps the order of response objects, so this one has to be used.
    outgoing.shouldKeepAlive = false;
    outgoing
      .writeHead(status, { 'content-type': 'text/plain; charset=UTF-8', 'content-length': body.length })
      .end(body);
    return;
  }
  if (!socket.writable) return;
  socket.write(
    `HTTP/1.1 ${status} ${STATUS_CODES[status]}\r\nConnection: close\r\nContent-Type: text/plain; charset=UTF-8\r\n` +
      `Content-Length: ${body.length}\r\n\r\n${body}`,
  );
  connection.linger();
};
