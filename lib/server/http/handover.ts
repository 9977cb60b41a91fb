import type { IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';
import { Answer } from './answer.ts';
import type { Connection } from './connection.ts';

/** A connection whose client asks for another protocol, as the route finds it that is asked for it. */
export interface Handover {
  /** What the client has sent already beyond its request. */
  readonly head: Uint8Array;
  /** The connection it would be. */
  readonly connection: Connection;
  /**
   * Takes the connection: nobody answers the request any more, and HTTP has nothing more to do with it.
   *
   * @param protocol - what is spoken from now on.
   */
  take(protocol: string): Duplex;
}

const HANDOVER = Symbol('sluice.handover');

interface Offering {
  [HANDOVER]?: Handover;
}

/** The connection that is offered to whoever answers a request, beside the usual ways to answer. */
export const handoverOf = (outgoing: object): Handover | undefined => {
  const offering: Offering = outgoing;
  return offering[HANDOVER];
};

/**
 * An answer to a request that wants another protocol; whoever answers it may take the connection instead.
 *
 * `node:http` has let go of the connection, so all that it usually does for an answer is done here. It is the last one.
 */
export const offer = (incoming: IncomingMessage, connection: Connection, head: Uint8Array): Answer => {
  const { socket } = connection;
  const answer = new Answer(incoming);
  connection.requests += 1;
  answer.turn = connection.requests;
  answer.shouldKeepAlive = false;
  answer.assignSocket(incoming.socket);
  const onDrain = (): void => {
    answer.emit('drain');
  };
  socket.on('drain', onDrain);
  const detach = (): void => {
    socket.off('drain', onDrain);
    answer.detachSocket(incoming.socket);
  };
  answer.once('finish', () => {
    detach();
    answer.emit('close');
    connection.linger();
  });
  const offering: Answer & Offering = answer;
  offering[HANDOVER] = {
    head,
    connection,
    take: (protocol) => {
      detach();
      connection.becomes(protocol);
      // What its client will be told, for those who keep a record of it.
      answer.statusCode = 101;
      answer.instead = 101;
      // To its author it looks as if it had been answered in its place.
      answer.destroyed = true;
      answer.emit('close');
      return socket;
    },
  };
  return answer;
};

/** Whether a request asks for a WebSocket and for nothing else: a body has no place before another protocol. */
export const wantsWebSocket = ({ method, headers }: IncomingMessage): boolean =>
  method === 'GET' &&
  headers.upgrade?.toLowerCase() === 'websocket' &&
  headers['transfer-encoding'] === undefined &&
  (headers['content-length'] ?? '0') === '0';

/**
 * The bytes of a request without its wish for another protocol, for a server that may ignore it (RFC 9110 §7.8): read
 * anew, it is a request like any other, with its body and those behind it.
 */
export const withoutWish = (
  { method, url, httpVersion, rawHeaders }: Pick<IncomingMessage, 'method' | 'url' | 'httpVersion' | 'rawHeaders'>,
  head: Uint8Array,
): Buffer => {
  let text = `${method} ${url} HTTP/${httpVersion}\r\n`;
  for (let at = 0; at + 1 < rawHeaders.length; at += 2) {
    if (rawHeaders[at]?.toLowerCase() !== 'upgrade') text += `${rawHeaders[at]}: ${rawHeaders[at + 1]}\r\n`;
  }
  return Buffer.concat([Buffer.from(`${text}\r\n`, 'latin1'), head]);
};
