import type { Http2ServerRequest } from 'node:http2';
import type { StreamAnswer } from './stream-answer.ts';

export interface BodyLimit {
  /** Bytes; `Infinity` for none. */
  readonly maxBytes: number;
  /** So many bytes of it have come. */
  readonly came: (bytes: number) => void;
}

/**
 * Counts a body where it is pushed into the request, so it does not matter how the handler reads, and nothing is read
 * that the handler did not ask for. One that is too long is answered with a 413.
 */
export const receiveBody = (
  incoming: Http2ServerRequest,
  outgoing: StreamAnswer,
  { maxBytes, came }: BodyLimit,
): void => {
  let bytes = 0;
  const push = incoming.push.bind(incoming);
  incoming.push = (chunk: unknown, encoding?: BufferEncoding): boolean => {
    if (bytes > maxBytes) return false;
    if (chunk instanceof Uint8Array) {
      bytes += chunk.byteLength;
      came(chunk.byteLength);
    }
    if (bytes <= maxBytes) return push(chunk, encoding);
    outgoing.giveUp(413);
    return false;
  };
  // The answer is written; Node sends the end of it in an immediate.
  outgoing.stream.once('wantTrailers', () => setImmediate(() => outgoing.dropRequest()));
};
