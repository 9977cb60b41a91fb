import { connect, type Socket } from 'node:net';
import { onTestFinished } from 'vitest';
import { type Address, formatAddress } from '../../lib/config/address.ts';
import { type Received, responsesIn } from './responses.ts';

export { type Received, responsesIn } from './responses.ts';

/** A client's end of a connection: bytes out, bytes in, and how it ended. */
export interface Wire {
  readonly socket: Socket;
  write(bytes: string | Uint8Array): void;
  /** What has been received so far, one character per byte. */
  text(): string;
  /** The first `count` whole responses, as soon as they are there; interim ones (100) count. Rejects when it ends before. */
  responses(count?: number): Promise<readonly Received[]>;
  /** Everything received, as soon as it is so. Rejects when the connection ends before. */
  until(isSo: (text: string) => boolean): Promise<string>;
  /** How the connection ended: the server ended it in good order, or reset it. */
  readonly closed: Promise<'ended' | 'reset'>;
}

const target = (address: Address) =>
  address.kind === 'unix'
    ? { path: address.path }
    : { port: address.port, host: address.host === '' ? '127.0.0.1' : address.host, noDelay: true };

/** Connects; what is written before the connection stands is sent when it does. Cut after the test. */
export const dial = (address: Address): Wire =>
  wireOn(connect({ ...target(address), allowHalfOpen: true }), formatAddress(address));

/** A client's end of a connection that is made in another way; TLS, for example. Cut after the test. */
export const wireOn = (socket: Socket, to: string): Wire => {
  let text = '';
  let ended = false;
  const waiting = new Set<() => void>();
  const look = (): void => {
    for (const check of waiting) check();
  };
  const closed = new Promise<'ended' | 'reset'>((resolve) => {
    socket.once('error', () => resolve('reset'));
    socket.once('close', () => resolve(ended ? 'ended' : 'reset'));
  });
  socket.on('data', (chunk) => {
    text += chunk.toString('latin1');
    look();
  });
  socket.once('end', () => {
    ended = true;
    look();
    socket.end();
  });
  socket.once('close', look);
  onTestFinished(() => {
    socket.destroy();
  });
  const wait = <T>(find: () => T | undefined): Promise<T> =>
    new Promise((resolve, reject) => {
      const check = (): void => {
        const found = find();
        if (found !== undefined) resolve(found);
        else if (ended || socket.destroyed) {
          reject(new Error(`the connection to ${to} ended after ${JSON.stringify(text)}`));
        } else return;
        waiting.delete(check);
      };
      waiting.add(check);
      check();
    });
  return {
    socket,
    write: (bytes) => {
      socket.write(bytes);
    },
    text: () => text,
    responses: (count = 1) =>
      wait(() => {
        const found = responsesIn(text, ended);
        return found.length >= count ? found : undefined;
      }),
    until: (isSo) => wait(() => (isSo(text) ? text : undefined)),
    closed,
  };
};

/** A request without a body, on a connection that is kept unless the headers say otherwise. */
export const get = (path: string, ...headers: readonly string[]): string =>
  ['GET ', path, ' HTTP/1.1\r\n', ...['Host: test', ...headers].map((line) => `${line}\r\n`), '\r\n'].join('');

/** A request with a body of announced length. */
export const post = (path: string, body: string, ...headers: readonly string[]): string =>
  `POST ${path} HTTP/1.1\r\n${['Host: test', `Content-Length: ${body.length}`, ...headers].join('\r\n')}\r\n\r\n${body}`;
