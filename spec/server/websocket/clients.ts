import { once } from 'node:events';
import { onTestFinished } from 'vitest';
import { WebSocket } from 'ws';
import { formatAddress } from '../../../lib/config/address.ts';
import type { Serving } from '../serving.ts';

/** A WebSocket client: what came, and how it ended. */
export interface Client {
  readonly socket: WebSocket;
  readonly received: readonly (string | Buffer)[];
  readonly closed: Promise<{ readonly code: number; readonly reason: string }>;
  /** The first `count` messages, as soon as they are there. */
  messages(count: number): Promise<readonly (string | Buffer)[]>;
}

export interface ClientOptions {
  readonly path?: string;
  readonly origin?: string;
  readonly protocols?: readonly string[];
}

const watch = (socket: WebSocket): Client => {
  const received: (string | Buffer)[] = [];
  socket.on('message', (data, isBinary) => {
    if (!Buffer.isBuffer(data)) throw new TypeError('messages are buffers by default');
    received.push(isBinary ? data : data.toString());
  });
  socket.on('error', () => {});
  onTestFinished(() => socket.terminate());
  const closed = new Promise<{ code: number; reason: string }>((resolve) => {
    socket.once('close', (code, reason) => resolve({ code, reason: reason.toString() }));
  });
  return {
    socket,
    received,
    closed,
    messages: async (count) => {
      while (received.length < count) await once(socket, 'message');
      return received.slice(0, count);
    },
  };
};

/** Connects to a server and waits for the end of the handshake; rejects with the status when it is refused. */
export const connect = async (
  { address }: Pick<Serving, 'address'>,
  { path = '/', origin, protocols = [] }: ClientOptions = {},
): Promise<Client> => {
  const options = origin === undefined ? {} : { origin };
  const socket = new WebSocket(`ws://${formatAddress(address)}${path}`, [...protocols], options);
  const client = watch(socket);
  await new Promise<void>((resolve, reject) => {
    socket.once('open', () => resolve());
    socket.once('unexpected-response', (_, response) => {
      reject(new Error(String(response.statusCode)));
      socket.terminate();
    });
    socket.once('error', reject);
  });
  return client;
};

/** What a client says first, as bytes. */
export const HANDSHAKE = [
  'GET / HTTP/1.1',
  'Host: test',
  'Connection: Upgrade',
  'Upgrade: websocket',
  'Sec-WebSocket-Version: 13',
  'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==',
  '\r\n',
].join('\r\n');
