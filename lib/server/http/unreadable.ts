import type { Duplex } from 'node:stream';
import { Connection } from './connection.ts';
import { lastWords, refuse } from './refuse.ts';

/** What is wrong with a request that Node could not read; everything else is wrong with the socket. */
const statusOf = (code: string): number | undefined => {
  if (code === 'ERR_HTTP_REQUEST_TIMEOUT') return 408;
  if (code === 'HPE_HEADER_OVERFLOW') return 431;
  if (code === 'HPE_CHUNK_EXTENSIONS_OVERFLOW') return 413;
  return code.startsWith('HPE_') ? 400 : undefined;
};

/**
 * Answers what Node could not read, or waited for in vain, and ends the connection.
 *
 * Left alone Node answers at once, and so in the place of a request that was pipelined before and is not answered yet.
 */
export const answerUnreadable = (error: NodeJS.ErrnoException, socket: Duplex): void => {
  const connection = Connection.of({ socket });
  const status = statusOf(error.code ?? '');
  if (connection === undefined || status === undefined) {
    socket.destroy();
    return;
  }
  const { incoming } = connection.socket.parser ?? {};
  if (!incoming || incoming.complete) {
    // A head: nobody has seen anything of it. Node comes again with every byte that follows.
    if (connection.over) return;
    connection.server.refused(status);
    connection.conclude(lastWords(status));
    return;
  }
  const outgoing = connection.answerTo(incoming);
  if (outgoing === undefined) connection.linger();
  else if (outgoing.socket !== null && outgoing.headersSent) socket.destroy();
  else if (!outgoing.destroyed) refuse(connection, outgoing, status);
};
