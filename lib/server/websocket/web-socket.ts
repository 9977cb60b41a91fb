import { createRequire } from 'node:module';
import type { Duplex } from 'node:stream';
import type { ServerOptions } from 'ws';
import type { UpgradeHandler } from '../../config/server-config.ts';
import { Connection } from '../http/connection.ts';
import { drainSignal } from '../http/drain-signal.ts';
import { lastWords } from '../http/refuse.ts';
import { settingsOf, type WebSocketOptions } from './options.ts';
import { originTest } from './origin.ts';
import type { WebSocketHandler, WebSocketRequest } from './peer.ts';
import { type PeerSite, serve } from './session.ts';

const require = createRequire(import.meta.url);

/** Loaded when it is first needed: that takes 25 ms, which every process that only imports this would pay. */
const ws = (): typeof import('ws') => require('ws');

const refuse = (request: WebSocketRequest, socket: Duplex, status: number): void => {
  const connection = Connection.of(request);
  if (connection === undefined) socket.end(lastWords(status), () => socket.destroy());
  else connection.conclude(lastWords(status));
};

const report = (request: WebSocketRequest) => {
  const connection = Connection.of(request);
  return (error: unknown): void => {
    // Outside a server of ours there is no logger.
    if (connection === undefined) console.error(error);
    else connection.server.failed(error, request);
  };
};

/**
 * Serves WebSockets: makes the `upgrade` of a server or a route out of a function from what comes in to what goes out.
 *
 * - **Other sites** are refused with 403 unless `origins` lets them in: browsers let every page open a WebSocket, with
 *   the cookies of its visitor.
 * - **Drain**: when the server leaves, `peer.drainSignal` aborts, then the close frame 1001 is sent. A client that does
 *   not answer it is cut 5 s later, or at the server's `drainTimeoutMs` when that comes first.
 * - **Slow readers**: while more than `maxBufferedBytes` wait to be sent, further messages are dropped, or the client is
 *   sent away with 1013 (`overflow`). One message of any size is always taken when less than that waits.
 * - **Half-open peers**: whoever gives no sign of life between two pings is cut, so that it is gone within twice
 *   `heartbeatMs`.
 * - **Large messages**: 1009 beyond `maxMessageBytes`, before they are in memory.
 *
 * A change of the server's config touches no open WebSocket: it goes on with the handler it began with.
 *
 * @param handler - called once for every WebSocket. What it throws closes that one with 1011.
 * @throws OptionsError when an option has a value nothing can work with.
 * @see RFC 6455, sections 7.4 (close codes) and 10.2 (origins).
 *
 * @example
 * ```ts
 * import { map } from 'rxjs';
 * import { createCluster, webSocket } from 'sluice';
 *
 * const shout = webSocket(({ messages$ }) => messages$.pipe(map((text) => String(text).toUpperCase())));
 *
 * const cluster = createCluster();
 * await cluster.start();
 * await cluster.apply({ chat: { listen: '127.0.0.1:0', routes: [], upgrade: shout } });
 * console.log(cluster.snapshot.servers.chat?.state); // running
 * await cluster.stop();
 * ```
 */
export const webSocket = (handler: WebSocketHandler, options: WebSocketOptions = {}): UpgradeHandler => {
  const settings = settingsOf(options);
  const isWelcome = originTest(settings.origins);
  // The types of `ws` do not know all that it takes.
  const given: ServerOptions & { readonly closeTimeout: number } = {
    noServer: true,
    clientTracking: false,
    maxPayload: settings.maxMessageBytes,
    closeTimeout: settings.closeTimeoutMs,
    handleProtocols: (offered: ReadonlySet<string>) => settings.protocols.find((each) => offered.has(each)) ?? false,
  };
  const handshakes = new (ws().WebSocketServer)(given);
  return (request, socket, head) => {
    if (!isWelcome(request.headers)) {
      refuse(request, socket, 403);
      return;
    }
    handshakes.handleUpgrade(request, socket, head, (client) => {
      const site: PeerSite = {
        request,
        socket,
        drainSignal: drainSignal({ incoming: request }),
        report: report(request),
      };
      const end = serve(handler, client, site, settings);
      Connection.of(request)?.sayFarewellBy(end);
    });
  };
};
