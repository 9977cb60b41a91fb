import type { Duplex } from 'node:stream';
import type { Handover } from '../http/handover.ts';
import { Frames } from './frames.ts';
import { passBack } from './headers.ts';
import type { Target } from './targets.ts';
import type { ResponseHeaders } from './upstream.ts';

/** A close frame of a server: status 1001, "going away" (RFC 6455 §5.5.1, §7.4.1). */
const GOING_AWAY = new Uint8Array([0x88, 0x02, 0x03, 0xe9]);

const ignore = (): void => {};

const handshake = (given: ResponseHeaders): string => {
  let text = 'HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n';
  for (const [name, value] of Object.entries(passBack(101, given))) {
    for (const one of typeof value === 'string' ? [value] : value) text += `${name}: ${one}\r\n`;
  }
  return `${text}\r\n`;
};

/** Passes one direction on, no faster than it is taken, and its end as well. */
const pour = (from: Duplex, to: Duplex, each: (chunk: Uint8Array) => void): void => {
  from.on('data', (chunk: Uint8Array) => {
    each(chunk);
    if (!to.writableNeedDrain) return;
    from.pause();
    to.once('drain', () => from.resume());
  });
  from.once('end', () => to.end());
};

/**
 * Joins a client's connection and one to a target that has agreed to a WebSocket, until both have ended.
 *
 * Bytes pass as they come, and each direction may end by itself. When the client's server leaves, the client gets a
 * close frame where the target's frames allow it, and nothing more from the target after that; its own close frame goes
 * to the target, so both know the same.
 */
export const openTunnel = (
  given: ResponseHeaders,
  { head, connection, take }: Handover,
  far: Duplex,
  target: Target,
): void => {
  const near = take('websocket');
  const frames = new Frames();
  let isLeaving = false;
  let isDone = false;
  target.inFlight += 1;
  target.tunnels += 1;
  far.allowHalfOpen = true;
  near.on('error', ignore);
  far.on('error', ignore);

  near.write(handshake(given), 'latin1');
  if (head.byteLength > 0) far.write(head);

  const sayFarewell = (): void => {
    isDone = true;
    if (near.writable && !frames.hasClosed) near.write(GOING_AWAY);
  };
  pour(near, far, (chunk) => {
    if (far.writable) far.write(chunk);
  });
  pour(far, near, (chunk) => {
    if (isDone || !near.writable) return;
    const end = frames.push(chunk);
    if (!isLeaving || end === undefined) {
      near.write(chunk);
      return;
    }
    near.write(chunk.subarray(0, end));
    sayFarewell();
  });
  connection.sayFarewellBy(() => {
    isLeaving = true;
    if (frames.isBetween) sayFarewell();
  });
  near.once('close', () => far.destroy());
  far.once('close', () => {
    target.inFlight -= 1;
    target.tunnels -= 1;
    connection.linger();
  });
  if (near.destroyed) far.destroy();
  // Told before it was a WebSocket: nobody says it again.
  if (connection.draining) {
    isLeaving = true;
    sayFarewell();
  }
};
