import type { Duplex, Readable } from 'node:stream';

/** Headers of an answer by lower-case name; a list where a name came more than once. */
export type ResponseHeaders = Readonly<Record<string, string | readonly string[] | undefined>>;

/** A request as it is passed on. */
export interface Outbound {
  readonly method: string;
  /** Path and query. */
  readonly path: string;
  /** Names and values in turn. Nothing of framing and connections: whoever sends it sees to that. */
  readonly headers: string[];
  readonly body: Readable | Uint8Array | null;
  /** The protocol that is asked for, for a request that wants another one. */
  readonly upgrade: string | null;
  readonly headersTimeoutMs: number;
  readonly bodyTimeoutMs: number;
  /** What says which target it belongs to, when something does. */
  readonly key: string | undefined;
}

/** A request that is under way. */
export interface Flow {
  pause(): void;
  resume(): void;
  /** Ends it, and the connection it uses. */
  abort(reason: Error): void;
}

/**
 * Why there is no whole answer.
 *
 * `unreachable`: nothing was written. `died`: the connection ended. `late`: not in time. `malformed`: no HTTP.
 * `unsendable`: the request cannot be written in HTTP.
 */
export type Failure = 'unreachable' | 'died' | 'late' | 'malformed' | 'unsendable';

/** Learns what becomes of a request. After `failed`, `ended` or `switched` nothing comes any more. */
export interface Receiver {
  /** It is about to be written to a connection. */
  started(flow: Flow): void;
  /** The head of the answer; informational ones are not shown. */
  head(status: number, headers: ResponseHeaders): void;
  data(chunk: Uint8Array): void;
  ended(): void;
  /** The target agreed to the other protocol: the connection is the receiver's now. */
  switched(headers: ResponseHeaders, socket: Duplex): void;
  failed(failure: Failure, cause: Error): void;
}

/** Sends requests to one target, over connections that are kept. */
export interface Upstream {
  send(request: Outbound, receiver: Receiver): void;
}

/** How connections to a target are made. */
export interface UpstreamOptions {
  readonly connectTimeoutMs: number;
  readonly maxConnections: number;
  /** How long a connection is kept without a request at most; `undefined` leaves it to the target. */
  readonly keepAliveTimeoutMs: number | undefined;
  readonly ca: string | undefined;
  readonly servername: string | undefined;
  readonly rejectUnauthorized: boolean;
}
