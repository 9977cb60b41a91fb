import { connect, type Socket } from 'node:net';
import { onTestFinished } from 'vitest';
import { type Address, formatAddress } from '../../lib/config/address.ts';

/** One response as it came over the wire. */
export interface Received {
  readonly status: number;
  /** Status line and header lines. */
  readonly head: string;
  readonly body: string;
}

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

const CONTENT_LENGTH = /\r\ncontent-length: *(\d+)\r\n/i;
const CHUNKED = /\r\ntransfer-encoding: *chunked\r\n/i;
const BODILESS = new Set([100, 103, 204, 304]);

/** A body in chunks from `start` on: what it says and where it ends; `undefined` while it is not whole. */
const readChunks = (text: string, start: number): { readonly body: string; readonly end: number } | undefined => {
  let body = '';
  for (let at = start; ; ) {
    const line = text.indexOf('\r\n', at);
    if (line < 0) return undefined;
    const size = Number.parseInt(text.slice(at, line), 16);
    const end = line + 2 + size + 2;
    if (end > text.length) return undefined;
    if (size === 0) return { body, end };
    body += text.slice(line + 2, line + 2 + size);
    at = end;
  }
};

/** The whole responses in what was received; what lasts until the end of the connection is whole when it has ended. */
export const responsesIn = (text: string, ended = false): readonly Received[] => {
  const found: Received[] = [];
  for (let at = 0; ; ) {
    const headEnd = text.indexOf('\r\n\r\n', at);
    if (headEnd < 0) return found;
    const head = text.slice(at, headEnd + 4);
    const status = Number(head.slice(9, 12));
    const start = headEnd + 4;
    const length = CONTENT_LENGTH.exec(head)?.[1];
    if (BODILESS.has(status)) {
      found.push({ status, head, body: '' });
      at = start;
    } else if (length !== undefined) {
      const end = start + Number(length);
      if (end > text.length) return found;
      found.push({ status, head, body: text.slice(start, end) });
      at = end;
    } else if (CHUNKED.test(head)) {
      const chunks = readChunks(text, start);
      if (chunks === undefined) return found;
      found.push({ status, head, body: chunks.body });
      at = chunks.end;
    } else {
      if (ended) found.push({ status, head, body: text.slice(start) });
      return found;
    }
  }
};

const target = (address: Address) =>
  address.kind === 'unix'
    ? { path: address.path }
    : { port: address.port, host: address.host === '' ? '127.0.0.1' : address.host, noDelay: true };

/** Connects; what is written before the connection stands is sent when it does. Cut after the test. */
export const dial = (address: Address): Wire => {
  const socket = connect({ ...target(address), allowHalfOpen: true });
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
          reject(new Error(`the connection to ${formatAddress(address)} ended after ${JSON.stringify(text)}`));
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
