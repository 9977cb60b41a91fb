import type { Readable } from 'node:stream';

/**
 * Calls `exceeded` once when a body of unannounced length grows beyond `maxBytes`.
 *
 * Bodies are counted where the parser pushes them into the request, so it does not matter how the handler reads, and
 * nothing is read that the handler did not ask for.
 */
export const limitBody = (incoming: Readable, maxBytes: number, exceeded: () => void): void => {
  let bytes = 0;
  const push = incoming.push.bind(incoming);
  incoming.push = (chunk: unknown, encoding?: BufferEncoding): boolean => {
    if (bytes > maxBytes) return false;
    if (chunk instanceof Uint8Array) bytes += chunk.byteLength;
    if (bytes <= maxBytes) return push(chunk, encoding);
    exceeded();
    return false;
  };
};
