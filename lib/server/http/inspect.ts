/**
 * Header lines a request may have. Node keeps about a thousand and drops the rest without a word, so a request with
 * more than this is refused instead of being served half.
 */
export const MAX_HEADER_LINES = 100;

/** What a request says of itself before its body has arrived. */
export interface RequestHead {
  readonly rawHeaders: readonly string[];
  readonly headers: { readonly 'content-length'?: string | undefined; readonly expect?: string | undefined };
  /** Of HTTP/1: 1.0 knows neither virtual hosts nor expectations. */
  readonly httpVersionMinor: number;
}

/** The one expectation that there is, wherever it stands among others: as Node looks for it. */
const CONTINUE = /(?:^|\W)100-continue(?:$|\W)/i;

/**
 * The status a request is refused with before it reaches a handler, or `undefined`.
 *
 * - 431: more header lines than Node can be trusted to hand on.
 * - 400: no `Host`, or several; Node takes the first, a proxy in front may have taken the last (RFC 9112 §3.2).
 * - 417: it expects what nobody has heard of.
 * - 413: the announced body is too large.
 */
export const inspect = (head: RequestHead, maxBodyBytes: number): number | undefined => {
  const { rawHeaders, httpVersionMinor } = head;
  if (rawHeaders.length > MAX_HEADER_LINES * 2) return 431;
  let hosts = 0;
  for (let index = 0; index < rawHeaders.length; index += 2) {
    const name = rawHeaders[index];
    if (name?.length === 4 && name.toLowerCase() === 'host') hosts += 1;
  }
  if (hosts > 1 || (hosts === 0 && httpVersionMinor > 0)) return 400;
  const { 'content-length': length, expect } = head.headers;
  if (expect !== undefined && httpVersionMinor > 0 && !CONTINUE.test(expect)) return 417;
  return length !== undefined && maxBodyBytes > 0 && Number(length) > maxBodyBytes ? 413 : undefined;
};
