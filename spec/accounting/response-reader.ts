/**
 * Reads one HTTP/1.1 response at a time from raw bytes and says when it is whole.
 *
 * Framing follows RFC 9112 §6.3: interim 1xx responses are skipped, 204 and 304 have no body, `Transfer-Encoding: chunked`
 * wins over `Content-Length`, and a response with neither ends with the connection. Only answers to GET are understood.
 */
export type Reading = 'partial' | 'whole' | 'malformed';

export interface Answer {
  readonly status: number;
  /** Status line and header lines as they came. */
  readonly head: string;
  /** Bytes of the body read as UTF-8. */
  readonly body: string;
  /** The connection can carry another request. */
  readonly keepAlive: boolean;
}

export interface ResponseReader {
  /** Takes the next bytes; `malformed` is final, and so is `whole` until `next()`. */
  push(chunk: Buffer): Reading;
  /** The peer ended its side: tells whether what came so far is a whole response. */
  end(): Reading;
  /** The whole response; valid only after `whole`. */
  answer(): Answer;
  /** At least one byte of the current response arrived. */
  started(): boolean;
  /** Forgets the current response and starts with the next one. */
  next(): void;
}

type Phase = 'head' | 'length' | 'chunk-size' | 'chunk-data' | 'trailers' | 'until-end' | 'whole' | 'malformed';

const STATUS_LINE = /^HTTP\/1\.([01]) (\d{3})(?: |\r)/;
const CONTENT_LENGTH = /\r\ncontent-length:[ \t]*(\d+)[ \t]*\r\n/i;
const CHUNKED = /\r\ntransfer-encoding:[ \t]*chunked[ \t]*\r\n/i;
const CLOSE = /\r\nconnection:[^\r\n]*\bclose\b/i;
const KEEP_ALIVE = /\r\nconnection:[^\r\n]*\bkeep-alive\b/i;
const CHUNK_SIZE = /^([0-9a-f]+)(?:;.*)?$/i;
/** Longer than any head or chunk-size line a server under test sends: bytes without an end are refused, not collected. */
const LINE_LIMIT = 64 * 1024;

export const createResponseReader = (): ResponseReader => {
  // latin1 keeps one character per byte, so that string offsets are byte offsets.
  let pending = '';
  let phase: Phase = 'head';
  let head = '';
  let status = 0;
  let keepAlive = false;
  let remaining = 0;
  let parts: string[] = [];
  let started = false;

  const beginBody = (): void => {
    const version = STATUS_LINE.exec(head);
    if (version === null) {
      phase = 'malformed';
      return;
    }
    status = Number(version[2]);
    // The blank line belongs to the head, so every header line ends with CRLF for the patterns above.
    const length = CONTENT_LENGTH.exec(head);
    keepAlive = version[1] === '1' ? !CLOSE.test(head) : KEEP_ALIVE.test(head);
    if (status >= 100 && status < 200) phase = 'head';
    else if (status === 204 || status === 304) phase = 'whole';
    else if (CHUNKED.test(head)) phase = 'chunk-size';
    else if (length !== null) {
      remaining = Number(length[1]);
      phase = remaining === 0 ? 'whole' : 'length';
    } else {
      keepAlive = false;
      phase = 'until-end';
    }
  };

  const takeLine = (): string | undefined => {
    const end = pending.indexOf('\r\n');
    if (end < 0) {
      if (pending.length > LINE_LIMIT) phase = 'malformed';
      return undefined;
    }
    const line = pending.slice(0, end);
    pending = pending.slice(end + 2);
    return line;
  };

  /** One step; false when more bytes are needed or the response is over. */
  const step = (): boolean => {
    switch (phase) {
      case 'head': {
        const end = pending.indexOf('\r\n\r\n');
        if (end < 0) {
          if (pending.length > LINE_LIMIT) phase = 'malformed';
          return false;
        }
        head = pending.slice(0, end + 4);
        pending = pending.slice(end + 4);
        beginBody();
        return true;
      }
      case 'length':
      case 'chunk-data': {
        if (pending === '') return false;
        const part = pending.slice(0, remaining);
        parts.push(part);
        pending = pending.slice(part.length);
        remaining -= part.length;
        if (remaining > 0) return false;
        if (phase === 'length') phase = 'whole';
        else {
          // A chunk's data is followed by CRLF: read as an empty line before the next size.
          phase = 'chunk-size';
          remaining = -1;
        }
        return true;
      }
      case 'chunk-size': {
        const line = takeLine();
        if (line === undefined) return false;
        if (remaining === -1) {
          remaining = 0;
          if (line !== '') phase = 'malformed';
          return true;
        }
        const size = CHUNK_SIZE.exec(line);
        if (size === null) phase = 'malformed';
        else {
          remaining = Number.parseInt(size[1] ?? '', 16);
          phase = remaining === 0 ? 'trailers' : 'chunk-data';
        }
        return true;
      }
      case 'trailers': {
        const line = takeLine();
        if (line === undefined) return false;
        if (line === '') phase = 'whole';
        return true;
      }
      case 'until-end':
        if (pending !== '') parts.push(pending);
        pending = '';
        return false;
      case 'whole':
        // Nobody asked for more: with one request at a time, further bytes belong to no answer.
        if (pending !== '') phase = 'malformed';
        return false;
      case 'malformed':
        return false;
    }
  };

  const reading = (): Reading => (phase === 'whole' || phase === 'malformed' ? phase : 'partial');

  return {
    push: (chunk) => {
      started ||= chunk.length > 0;
      pending = pending === '' ? chunk.toString('latin1') : pending + chunk.toString('latin1');
      while (step());
      return reading();
    },
    end: () => {
      if (phase === 'until-end') phase = 'whole';
      return reading();
    },
    answer: () => ({ status, head, body: Buffer.from(parts.join(''), 'latin1').toString('utf8'), keepAlive }),
    started: () => started,
    next: () => {
      pending = '';
      phase = 'head';
      parts = [];
      started = false;
      remaining = 0;
    },
  };
};
