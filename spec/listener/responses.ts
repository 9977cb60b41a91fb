/** One response as it came over the wire. */
export interface Received {
  readonly status: number;
  /** Status line and header lines. */
  readonly head: string;
  readonly body: string;
}

const CONTENT_LENGTH = /\r\ncontent-length: *(\d+)\r\n/i;
const CHUNKED = /\r\ntransfer-encoding: *chunked\r\n/i;
const BODILESS = new Set([100, 103, 204, 304]);

/** A body in chunks from `start` on: what it says and where it ends; `undefined` while it is not whole. */
const readChunks = (text: string, start: number): { readonly body: string; readonly end: number } | undefined => {
  let body = '';
  for (let at = start; ; ) {
    const line = text.indexOf('\r\n', at);
    if (line < 0) return undefined;
    const size = Number.parseInt(text.slice(at, line), 16);
    const end = line + 2 + size + 2;
    if (end > text.length) return undefined;
    if (size === 0) return { body, end };
    body += text.slice(line + 2, line + 2 + size);
    at = end;
  }
};

/** The whole responses in what was received; what lasts until the end of the connection is whole when it has ended. */
export const responsesIn = (text: string, ended = false): readonly Received[] => {
  const found: Received[] = [];
  for (let at = 0; ; ) {
    const headEnd = text.indexOf('\r\n\r\n', at);
    if (headEnd < 0) return found;
    const head = text.slice(at, headEnd + 4);
    const status = Number(head.slice(9, 12));
    const start = headEnd + 4;
    const length = CONTENT_LENGTH.exec(head)?.[1];
    if (BODILESS.has(status)) {
      found.push({ status, head, body: '' });
      at = start;
    } else if (length !== undefined) {
      const end = start + Number(length);
      if (end > text.length) return found;
      found.push({ status, head, body: text.slice(start, end) });
      at = end;
    } else if (CHUNKED.test(head)) {
      const chunks = readChunks(text, start);
      if (chunks === undefined) return found;
      found.push({ status, head, body: chunks.body });
      at = chunks.end;
    } else {
      if (ended) found.push({ status, head, body: text.slice(start) });
      return found;
    }
  }
};
