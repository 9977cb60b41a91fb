import type { ByteRange } from './byte-range.ts';
import type { OpenFile } from './jail.ts';

/** How much is read at once: what one slow client holds in memory beside what its socket does. */
const CHUNK_BYTES = 65_536;

/** A file became shorter while it was sent: what the client was promised does not exist any more. */
const truncated = (): Error => new Error('the file became shorter while it was sent');

const readOnce = async ({ handle }: OpenFile, position: number, length: number): Promise<Uint8Array<ArrayBuffer>> => {
  const chunk = new Uint8Array(length);
  const { bytesRead } = await handle.read(chunk, 0, length, position);
  if (bytesRead === 0) throw truncated();
  return bytesRead === length ? chunk : chunk.subarray(0, bytesRead);
};

/**
 * The bytes of a file as the body of an answer, from `start` to `end`.
 *
 * A small one is read whole, and the file is closed. Others are read as the client takes them, one chunk at a time, and
 * closed after the last, or when nobody reads any more.
 */
export const bodyOf = async (
  file: OpenFile,
  { start, end }: ByteRange,
): Promise<Uint8Array<ArrayBuffer> | ReadableStream<Uint8Array>> => {
  const length = end - start + 1;
  if (length > CHUNK_BYTES) return streamOf(file, start, end + 1);
  try {
    const chunk = await readOnce(file, start, length);
    if (chunk.byteLength < length) throw truncated();
    return chunk;
  } finally {
    file.close();
  }
};

const streamOf = (file: OpenFile, start: number, end: number): ReadableStream<Uint8Array> => {
  let position = start;
  return new ReadableStream<Uint8Array>(
    {
      pull: async (controller) => {
        try {
          const chunk = await readOnce(file, position, Math.min(CHUNK_BYTES, end - position));
          position += chunk.byteLength;
          controller.enqueue(chunk);
          if (position < end) return;
          controller.close();
          file.close();
        } catch (error) {
          file.close();
          throw error;
        }
      },
      cancel: () => file.close(),
    },
    // Nothing is read before somebody wants it.
    { highWaterMark: 0 },
  );
};
