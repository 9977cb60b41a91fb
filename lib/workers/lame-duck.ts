import { Server } from 'node:net';
import type { DrainRequest } from './drain.ts';
import type { NodeServer } from './node-server.ts';
import type { Load } from './pulse.ts';

/** How long nobody may have connected before a server that may be the last one lets its address go. */
const QUIET_MS = 50;

/** How long it accepts at most, for clients that go on connecting. */
const ACCEPT_MS = 1_000;

/** How long clients that keep connections open have to be told, with their next answer, to leave them. */
const TELL_MS = 1_000;

/** How long somebody who has connected has at least to say something. */
const SILENT_MS = 100;

const LOOK_MS = 10;

/** A server of Node that can leave. */
export interface LameDuck {
  readonly load: () => Load;
  /** Resolves when no connection is left. */
  readonly drain: (request: DrainRequest) => Promise<void>;
}

interface Closing {
  once(event: 'close', listener: () => void): unknown;
}

interface Connection extends Closing {
  readonly bytesRead: number;
  destroy(): unknown;
}

/** All requests of a connection of HTTP/2. */
interface Session extends Closing {
  /** Takes no more of them, and ends with the last. */
  close(): unknown;
}

interface Answer extends Closing {
  readonly headersSent: boolean;
  shouldKeepAlive?: boolean;
}

const isClosing = (value: unknown): value is Closing =>
  typeof value === 'object' && value !== null && 'once' in value && typeof value.once === 'function';

const isConnection = (value: Closing): value is Connection =>
  'bytesRead' in value && 'destroy' in value && typeof value.destroy === 'function';

const isSession = (value: Closing): value is Session => 'close' in value && typeof value.close === 'function';

const isAnswer = (value: Closing): value is Answer => 'headersSent' in value;

/**
 * Follows a server of Node, and lets it drain.
 *
 * `server.close()` alone closes idle connections at once, also those on which a request is on its way: it lost 221
 * requests in 15 closes with 40 busy clients. So every answer says `Connection: close` first, for as long as it takes to
 * tell everybody who is busy. Clients of HTTP/2 are told at once: what they have under way is finished all the same.
 */
export const lameDuck = (server: NodeServer): LameDuck => {
  /** And when they were accepted. */
  const connections = new Map<Connection, number>();
  const sessions = new Set<Session>();
  const answers = new Set<Answer>();
  let requests = 0;
  let acceptedAt = 0;
  let leaving = false;

  // In front of all others: the handler may answer at once.
  server.prependListener('connection', (connection: unknown) => {
    if (!isClosing(connection) || !isConnection(connection)) return;
    acceptedAt = performance.now();
    connections.set(connection, acceptedAt);
    connection.once('close', () => connections.delete(connection));
  });
  server.prependListener('session', (session: unknown) => {
    if (!isClosing(session) || !isSession(session)) return;
    sessions.add(session);
    session.once('close', () => sessions.delete(session));
    if (leaving) session.close();
  });
  server.prependListener('request', (_request: unknown, answer: unknown) => {
    if (!isClosing(answer) || !isAnswer(answer)) return;
    requests += 1;
    if (leaving) answer.shouldKeepAlive = false;
    answers.add(answer);
    answer.once('close', () => answers.delete(answer));
  });

  const quiet = async (limitMs: number): Promise<void> => {
    const until = performance.now() + limitMs;
    while (performance.now() - acceptedAt < QUIET_MS && performance.now() < until) await look();
  };

  return {
    load: () => ({ connections: connections.size, inFlight: answers.size, requests }),
    drain: async ({ reason, handOver, deadlineMs }) => {
      const startedAt = performance.now();
      leaving = true;
      for (const answer of answers) if (!answer.headersSent) answer.shouldKeepAlive = false;
      for (const session of sessions) session.close();
      // Where somebody else accepts nobody misses this one.
      if (!handOver && server.listening) await quiet(Math.min(ACCEPT_MS, deadlineMs / 2));
      if (server.listening) stopAccepting(server);
      // Nobody takes over from an orphan: the address is to be free soon.
      const tellMs = reason === 'abandoned' ? 0 : Math.min(TELL_MS, deadlineMs / 2);
      while (connections.size > 0) {
        const now = performance.now();
        if (now >= startedAt + tellMs) {
          server.closeIdleConnections?.();
          // Idle are those that had a request. Who never sent a byte would be waited for as long as headers may take.
          for (const [connection, at] of connections) {
            if (connection.bytesRead === 0 && now >= at + Math.max(tellMs, SILENT_MS)) connection.destroy();
          }
        }
        await look();
      }
    },
  };
};

const look = (): Promise<void> => new Promise((resolve) => setTimeout(resolve, LOOK_MS));

/** `close` of an HTTP server would close its idle connections as well. */
const stopAccepting = (server: NodeServer): void => {
  if (server instanceof Server) Server.prototype.close.call(server);
  else server.close();
};
