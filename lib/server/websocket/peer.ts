import type { Observable } from 'rxjs';
import type { UpgradeHandler } from '../../config/server-config.ts';

/** A message: text as a string, binary data as bytes. */
export type WebSocketMessage = string | Uint8Array;

/** The request a WebSocket began with; Node's own. */
export type WebSocketRequest = Parameters<UpgradeHandler>[0];

/** The client's end of one WebSocket, as its handler sees it. */
export interface WebSocketPeer {
  /** The request it began with: address, headers, cookies. */
  readonly request: WebSocketRequest;
  /** The subprotocol that was agreed on; empty when none was. */
  readonly protocol: string;
  /**
   * What the client sends, in order. Hot: subscribe before the handler returns, or in what it returns, to miss nothing.
   * Completes when the connection has ended, however it did; never errors.
   */
  readonly messages$: Observable<WebSocketMessage>;
  /** Aborts when the server is told to leave. What is sent in that turn still arrives before the close frame 1001. */
  readonly drainSignal: AbortSignal;
  /** Bytes that wait to be sent. */
  readonly bufferedBytes: number;
  /** Ends it with a code of one's own: 1000, 1008, 1011 …, or 3000 to 4999; 1000 by default. */
  close(code?: number, reason?: string): void;
}

/**
 * What one WebSocket does, as a stream of what is sent to its client.
 *
 * Called and subscribed to once the handshake is over; unsubscribed from when the connection has ended. Completing closes
 * it with 1000, an error closes it with 1011 and is logged once.
 */
export type WebSocketHandler = (peer: WebSocketPeer) => Observable<WebSocketMessage>;
