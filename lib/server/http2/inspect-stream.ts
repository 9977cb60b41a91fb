import { MAX_HEADER_LINES } from '../http/inspect.ts';

/** What HTTP/1 writes between a name and a value, and after it: two requests that say the same are equally long. */
const LINE_BYTES = 4;

/** What a request says of itself before its body has arrived. */
export interface StreamHead {
  /** Names and values in turn, pseudo headers among them. */
  readonly rawHeaders: readonly string[];
  readonly headers: {
    readonly ':authority'?: string | undefined;
    readonly host?: string | undefined;
    readonly 'content-length'?: string | undefined;
  };
}

/** What a request may ask of a server. */
export interface StreamLimits {
  readonly maxHeaderBytes: number;
  readonly maxBodyBytes: number;
}

/** The bytes that the headers of a request come to, unpacked. */
export const headerBytes = (rawHeaders: readonly string[]): number => {
  let bytes = 0;
  for (const text of rawHeaders) bytes += text.length;
  return bytes + (rawHeaders.length / 2) * LINE_BYTES;
};

/**
 * The status a request is refused with before it reaches a handler, or `undefined`.
 *
 * - 431: more header lines than HTTP/1 may have, or more bytes of them.
 * - 400: no host, several, or another one than the authority: what stands behind could believe either (RFC 9113 §8.3.1).
 * - 413: the announced body is too large.
 */
export const inspectStream = (head: StreamHead, { maxHeaderBytes, maxBodyBytes }: StreamLimits): number | undefined => {
  const { headers, rawHeaders } = head;
  let lines = 0;
  let hosts = 0;
  for (let index = 0; index < rawHeaders.length; index += 2) {
    const name = rawHeaders[index];
    if (!name?.startsWith(':')) lines += 1;
    if (name === 'host') hosts += 1;
  }
  if (lines > MAX_HEADER_LINES || headerBytes(rawHeaders) > maxHeaderBytes) return 431;
  const { ':authority': authority, host, 'content-length': length } = headers;
  if (hosts > 1 || !(authority ?? host)) return 400;
  if (authority !== undefined && host !== undefined && authority.toLowerCase() !== host.toLowerCase()) return 400;
  return length !== undefined && maxBodyBytes > 0 && Number(length) > maxBodyBytes ? 413 : undefined;
};
