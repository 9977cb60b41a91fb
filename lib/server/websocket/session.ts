import type { Duplex } from 'node:stream';
import { defer, interval, Subject, Subscription } from 'rxjs';
import type { RawData, WebSocket } from 'ws';
import { guarded } from '../../reactive/guarded.ts';
import type { WebSocketSettings } from './options.ts';
import type { WebSocketHandler, WebSocketMessage, WebSocketPeer, WebSocketRequest } from './peer.ts';

/** What a WebSocket runs on. */
export interface PeerSite {
  readonly request: WebSocketRequest;
  readonly socket: Duplex;
  readonly drainSignal: AbortSignal;
  /** Learns of what the handler did wrong. */
  readonly report: (error: unknown) => void;
}

/** RFC 6455 §7.4.1, and 1013 from the registry it set up. */
const CLOSE = { done: 1000, goingAway: 1001, broken: 1011, tryAgainLater: 1013 } as const;

const bytesOf = (data: RawData): Buffer => {
  if (Buffer.isBuffer(data)) return data;
  return Array.isArray(data) ? Buffer.concat(data) : Buffer.from(data);
};

const isMessage = (value: unknown): value is WebSocketMessage =>
  typeof value === 'string' || value instanceof Uint8Array;

/** Cuts a peer that gives no sign of life from one ping to the next; any byte is one. */
const heartbeat = (client: WebSocket, socket: Duplex, heartbeatMs: number): Subscription => {
  if (heartbeatMs === 0) return Subscription.EMPTY;
  let alive = true;
  const noticed = (): void => {
    alive = true;
  };
  socket.on('data', noticed);
  const beats = interval(heartbeatMs).subscribe(() => {
    if (!alive) client.terminate();
    else if (client.readyState === client.OPEN) {
      alive = false;
      client.ping();
    }
  });
  beats.add(() => socket.off('data', noticed));
  return beats;
};

/**
 * Has a handler talk to a client until the connection has ended.
 *
 * @returns what says good-bye in the server's name.
 */
export const serve = (
  handler: WebSocketHandler,
  client: WebSocket,
  { request, socket, drainSignal, report }: PeerSite,
  { maxBufferedBytes, overflow, heartbeatMs }: WebSocketSettings,
): (() => void) => {
  const messages = new Subject<WebSocketMessage>();
  const session = new Subscription();

  let over = false;

  const close = (code: number, reason?: string): void => {
    client.close(code, reason);
    over = true;
    // Who is leaving is sent nothing more.
    session.unsubscribe();
  };
  const fail = (error: unknown): void => {
    report(error);
    close(CLOSE.broken);
  };
  const send = (message: WebSocketMessage): void => {
    if (client.readyState !== client.OPEN) return;
    if (!isMessage(message)) fail(new TypeError('a WebSocket sends texts and bytes'));
    else if (client.bufferedAmount <= maxBufferedBytes) client.send(message);
    else if (overflow === 'close') close(CLOSE.tryAgainLater, 'too slow');
  };

  const peer: WebSocketPeer = {
    request,
    protocol: client.protocol,
    messages$: guarded(messages.asObservable(), fail),
    drainSignal,
    get bufferedBytes() {
      return client.bufferedAmount;
    },
    close: (code = CLOSE.done, reason) => close(code, reason),
  };

  const beats = heartbeat(client, socket, heartbeatMs);
  client.on('message', (data, isBinary) => {
    // The client may not know yet that nobody listens any more.
    if (!over) messages.next(isBinary ? bytesOf(data) : bytesOf(data).toString());
  });
  // What the client does wrong is its own business: `ws` tells it, and closes.
  client.on('error', () => {});
  client.once('close', () => {
    beats.unsubscribe();
    messages.complete();
    session.unsubscribe();
  });
  session.add(defer(() => handler(peer)).subscribe({ next: send, error: fail, complete: () => close(CLOSE.done) }));
  // The signal aborts in this turn; what the handler has to say to that goes first.
  return () => queueMicrotask(() => close(CLOSE.goingAway, 'going away'));
};
