import type { Socket } from 'node:net';
import { FRAME, type Frame, framesOf, opening } from './frames.ts';

/** A client that speaks HTTP/2 frame by frame, and says nothing by itself. */
export interface FrameClient {
  readonly socket: Socket;
  readonly frames: readonly Frame[];
  say(...words: readonly Buffer[]): void;
  /** The next frame of a kind that was not given out yet; rejects when the connection ends first. */
  next(type: number, stream?: number): Promise<Frame>;
  /** Settles when the server has ended its side. */
  readonly ended: Promise<void>;
}

interface Waiting {
  readonly fits: (frame: Frame) => boolean;
  readonly resolve: (frame: Frame) => void;
  readonly reject: (error: Error) => void;
}

/** Speaks on a socket that is connecting, or connected, to a server. */
export const frameClient = (socket: Socket): FrameClient => {
  const frames: Frame[] = [];
  const unseen: Frame[] = [];
  const waiting: Waiting[] = [];
  let rest = Buffer.alloc(0);
  let over = false;
  socket.on('data', (chunk: Buffer) => {
    const received = framesOf(Buffer.concat([rest, chunk]));
    rest = Buffer.from(received.rest);
    for (const frame of received.frames) {
      frames.push(frame);
      const index = waiting.findIndex(({ fits }) => fits(frame));
      if (index === -1) unseen.push(frame);
      else waiting.splice(index, 1)[0]?.resolve(frame);
    }
  });
  const end = (): void => {
    over = true;
    for (const { reject } of waiting.splice(0)) reject(new Error('the connection ended'));
  };
  socket.once('close', end);
  const ended = new Promise<void>((resolve) => {
    socket.once('end', resolve);
    socket.once('close', () => resolve());
  });
  socket.write(opening());
  return {
    socket,
    frames,
    ended,
    say: (...words) => {
      socket.write(Buffer.concat(words));
    },
    next: (type, stream) => {
      const fits = (frame: Frame): boolean => frame.type === type && (stream === undefined || frame.stream === stream);
      const index = unseen.findIndex(fits);
      const [found] = index === -1 ? [] : unseen.splice(index, 1);
      if (found !== undefined) return Promise.resolve(found);
      if (over) return Promise.reject(new Error('the connection has ended'));
      return new Promise((resolve, reject) => waiting.push({ fits, resolve, reject }));
    },
  };
};

/** What a GOAWAY says: the last stream that is looked at, and why. */
export const goawayOf = ({ type, payload }: Frame): { readonly last: number; readonly code: number } => {
  if (type !== FRAME.GOAWAY) throw new TypeError('this is another frame');
  return { last: payload.readUInt32BE(0) & 0x7fffffff, code: payload.readUInt32BE(4) };
};
