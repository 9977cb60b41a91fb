import type { ServerOptions, Settings } from 'node:http2';
import type { Http2Spec } from '../../config/http2-config.ts';
import { MAX_HEADER_LINES } from '../http/inspect.ts';

/** What a line of headers counts for beside its bytes (RFC 9113 §10.5.1). */
const LINE_OVERHEAD = 32;

/**
 * What a session tells its client.
 *
 * Headers that come to more than this are not unpacked any further, and their stream is reset. It is twice what a
 * request may have: in between there is a proper answer, 431.
 */
export const settingsOf = (
  maxHeaderBytes: number,
  { maxConcurrentStreams, maxFrameSize, initialWindowSize }: Http2Spec,
): Settings => ({
  maxConcurrentStreams,
  maxFrameSize,
  maxHeaderListSize: 2 * maxHeaderBytes + LINE_OVERHEAD * 2 * MAX_HEADER_LINES,
  initialWindowSize,
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
