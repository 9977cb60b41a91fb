import type { ServerOptions, Settings } from 'node:http2';
import { MAX_HEADER_LINES } from '../http/inspect.ts';

/** Streams a client may have open at once; what RFC 9113 §6.5.2 calls the least that is reasonable. */
export const MAX_STREAMS = 100;

/** What a line of headers counts for beside its bytes (RFC 9113 §10.5.1). */
const LINE_OVERHEAD = 32;

/** Bytes of a request's body that a client may send ahead of its handler. Node's 64 KiB fill a fast line only when it is short. */
const STREAM_WINDOW_BYTES = 262_144;

/** The same for all bodies of a session together, which is also what one client can make a server keep in memory. */
export const SESSION_WINDOW_BYTES = 1_048_576;

/**
 * What a session tells its client.
 *
 * Headers that come to more than this are not unpacked any further, and their stream is reset. It is twice what a
 * request may have: in between there is a proper answer, 431.
 */
export const settingsOf = (maxHeaderBytes: number): Settings => ({
  maxConcurrentStreams: MAX_STREAMS,
  maxHeaderListSize: 2 * maxHeaderBytes + LINE_OVERHEAD * 2 * MAX_HEADER_LINES,
  initialWindowSize: STREAM_WINDOW_BYTES,
});

/** Limits of a session that are not its client's business. */
export const sessionOptions = {
  /** Beyond this their stream is reset; up to it there is a proper answer. */
  maxHeaderListPairs: 10 * MAX_HEADER_LINES,
  /** Megabytes of what is kept for a client's streams: no new ones beyond it. Answers wait in pieces, so this is far off. */
  maxSessionMemory: 32,
  /** Frames that make no sense, until the session ends. Node allows a thousand. */
  maxSessionInvalidFrames: 100,
} satisfies ServerOptions;
