/** What an HTTP/2 session may ask of a server at once; all of it has defaults, and counts for sessions that begin later. */
export interface Http2Config {
  /** Streams a client may have open at once, from 1 to 4 294 967 295; 100 by default. Further ones are refused. */
  readonly maxConcurrentStreams?: number;
  /** Bytes of the largest frame a client may send, from 16 384 to 16 777 215; 16 384 by default. */
  readonly maxFrameSize?: number;
  /**
   * Bytes of a request's body that a client may send ahead of its handler, from 1 to 2 147 483 647; 262 144 by default.
   */
  readonly initialWindowSize?: number;
  /**
   * The same for all bodies of a session together, from 65 535 to 2 147 483 647; 1 048 576 by default. It is also what
   * one client can make the server keep in memory.
   */
  readonly connectionWindowSize?: number;
}

/** HTTP/2 settings after parsing: valid, defaults filled in, frozen. */
export type Http2Spec = Required<Http2Config>;

/** What HTTP/2 settings leave open. */
export const http2Defaults: Http2Spec = Object.freeze({
  /** What RFC 9113 §6.5.2 calls the least that is reasonable. */
  maxConcurrentStreams: 100,
  /** The least there can be: larger ones keep other streams of the session waiting for longer. */
  maxFrameSize: 16_384,
  /** Node's 64 KiB fill a fast line only when it is short. */
  initialWindowSize: 262_144,
  connectionWindowSize: 1_048_576,
});

type GivenHttp2 = boolean | { readonly [Key in keyof Http2Config]?: number | undefined };

/** Fills in what valid HTTP/2 settings left out; `undefined` where clients may not choose HTTP/2. */
export const http2SpecOf = (given: GivenHttp2 | undefined): Http2Spec | undefined => {
  if (given === undefined || given === false) return undefined;
  // Most servers name none: they share the defaults.
  if (given === true || Object.values(given).every((value) => value === undefined)) return http2Defaults;
  return Object.freeze({
    maxConcurrentStreams: given.maxConcurrentStreams ?? http2Defaults.maxConcurrentStreams,
    maxFrameSize: given.maxFrameSize ?? http2Defaults.maxFrameSize,
    initialWindowSize: given.initialWindowSize ?? http2Defaults.initialWindowSize,
    connectionWindowSize: given.connectionWindowSize ?? http2Defaults.connectionWindowSize,
  });
};
