import type { Dispatcher } from 'undici';
import type { Fault } from '../fault.ts';
import { retryAfterMs } from './retry-after.ts';

/** What a server said a content is known by. */
export interface Validators {
  readonly etag?: string | undefined;
  readonly lastModified?: string | undefined;
}

export interface FetchRequest {
  readonly url: URL;
  /** Names in small letters. Sent to the origin of `url` and to no other. */
  readonly headers: Readonly<Record<string, string>>;
  /** Of the content that is known already. */
  readonly known: Validators | undefined;
  readonly maxBytes: number;
  readonly maxRedirects: number;
}

/** What came of one exchange, redirects included. */
export type Fetched =
  | {
      readonly type: 'content';
      readonly bytes: Buffer;
      readonly contentType: string | undefined;
      /** Where it was in the end. */
      readonly url: URL;
      readonly validators: Validators;
    }
  | { readonly type: 'unchanged' }
  | { readonly type: 'failed'; readonly fault: Fault; readonly retryAfterMs?: number | undefined };

const ACCEPT = 'application/json, application/yaml, text/plain;q=0.5, */*;q=0.1';

const REDIRECTS: ReadonlySet<number> = new Set([301, 302, 303, 307, 308]);

/**
 * Fetches a content unless it is known already.
 *
 * Redirects are followed to http and https, never from https to http, and take the headers along only within one
 * origin. The body is read up to `maxBytes` and not beyond.
 *
 * @returns a promise that never rejects, and ends soon after `signal` aborts.
 */
export const fetchContent = async (
  wanted: FetchRequest,
  dispatcher: Dispatcher,
  signal: AbortSignal,
): Promise<Fetched> => {
  try {
    let { url } = wanted;
    for (let redirects = 0; ; redirects += 1) {
      const answer = await dispatcher.request({
        origin: url.origin,
        path: url.pathname + url.search,
        method: 'GET',
        signal,
        headers: {
          accept: ACCEPT,
          // A small body that decompresses to a large one is not worth the risk for a configuration.
          'accept-encoding': 'identity',
          ...(url.origin === wanted.url.origin ? wanted.headers : {}),
          ...conditions(wanted.known),
        },
      });
      if (!REDIRECTS.has(answer.statusCode)) return await read(answer, url, wanted);
      await answer.body.dump();
      const next = redirectTarget(textOf(answer.headers.location), url);
      if (next === undefined || redirects >= wanted.maxRedirects) {
        return failed(next === undefined ? NO_TARGET : tooMany(wanted.maxRedirects));
      }
      url = next;
    }
  } catch (cause) {
    return failed(unreachable(cause));
  }
};

const conditions = (known: Validators | undefined): Record<string, string> => ({
  ...(known?.etag === undefined ? {} : { 'if-none-match': known.etag }),
  ...(known?.lastModified === undefined ? {} : { 'if-modified-since': known.lastModified }),
});

const read = async (
  { statusCode, headers, body }: Dispatcher.ResponseData,
  url: URL,
  { known, maxBytes }: FetchRequest,
): Promise<Fetched> => {
  if (statusCode === 304 && known !== undefined) {
    await body.dump();
    return { type: 'unchanged' };
  }
  if (statusCode !== 200) {
    await body.dump();
    return {
      type: 'failed',
      fault: badStatus(statusCode),
      retryAfterMs: retryAfterMs(textOf(headers['retry-after']), new Date()),
    };
  }
  const encoding = textOf(headers['content-encoding']) ?? 'identity';
  const announced = Number(textOf(headers['content-length']) ?? 0);
  if (encoding.toLowerCase() !== 'identity' || announced > maxBytes) {
    body.destroy();
    return failed(announced > maxBytes ? tooLarge(maxBytes) : ENCODED);
  }
  const chunks: Buffer[] = [];
  let length = 0;
  for await (const chunk of body) {
    const bytes: Buffer = chunk;
    length += bytes.length;
    // Leaving the loop destroys the body, and the connection with it.
    if (length > maxBytes) return failed(tooLarge(maxBytes));
    chunks.push(bytes);
  }
  return {
    type: 'content',
    bytes: Buffer.concat(chunks),
    contentType: textOf(headers['content-type']),
    url,
    validators: { etag: textOf(headers.etag), lastModified: textOf(headers['last-modified']) },
  };
};

const textOf = (header: string | string[] | undefined): string | undefined =>
  Array.isArray(header) ? header[0] : header;

/** Where a redirect may be followed to; `undefined` for nowhere. Pure. */
export const redirectTarget = (location: string | undefined, from: URL): URL | undefined => {
  if (location === undefined || !URL.canParse(location, from)) return undefined;
  const to = new URL(location, from);
  const allowed = to.protocol === 'https:' || (to.protocol === 'http:' && from.protocol === 'http:');
  // A name and a password there were chosen by the server, and would show up where URLs do.
  return allowed && to.username === '' && to.password === '' ? to : undefined;
};

const failed = (fault: Fault): Fetched => ({ type: 'failed', fault });

const NO_TARGET = {
  code: 'ERR_SOURCE_REDIRECT',
  message: 'the server redirects to where it cannot be followed',
  hint: 'redirects lead to http or https, and never from https to http: name the final URL',
} as const satisfies Fault;

const tooMany = (maxRedirects: number): Fault => ({
  code: 'ERR_SOURCE_REDIRECT',
  message: `the server redirects more than ${maxRedirects} times`,
  hint: 'name the final URL',
});

const ENCODED = {
  code: 'ERR_SOURCE_ENCODING',
  message: 'the answer is compressed, although that was not asked for',
  hint: 'let the server send it as it is',
} as const satisfies Fault;

const tooLarge = (maxBytes: number): Fault => ({
  code: 'ERR_SOURCE_TOO_LARGE',
  message: `the answer is larger than ${maxBytes} bytes`,
  hint: 'split the configuration, or generate it in code',
});

const badStatus = (status: number): Fault => ({
  code: 'ERR_SOURCE_STATUS',
  message: `the server answered ${status}`,
  hint: STATUS_HINTS[status] ?? (status >= 500 ? 'it is tried again by itself' : 'check the URL'),
});

const STATUS_HINTS: Readonly<Record<number, string>> = {
  401: 'check the headers it is asked with',
  403: 'check the headers it is asked with',
  404: 'check the URL',
  429: 'ask less often',
};

const unreachable = (cause: unknown): Fault => {
  const error = cause instanceof Error ? cause : new Error('unknown error');
  // What cannot be parsed at all has no code, only a name: HTTPParserError.
  const code = 'code' in error && error.code !== undefined ? String(error.code) : error.name;
  return {
    code: 'ERR_SOURCE_UNREACHABLE',
    message: `the server cannot be asked (${code})`,
    hint: HINTS[code] ?? PATTERN_HINTS.find(([pattern]) => pattern.test(code))?.[1] ?? 'it is tried again by itself',
    cause,
  };
};

const HINTS: Readonly<Record<string, string>> = {
  ECONNREFUSED: 'nothing listens there: check host and port',
  ENOTFOUND: 'the host name does not resolve',
  EAI_AGAIN: 'no name server answers',
};

const PATTERN_HINTS: readonly (readonly [RegExp, string])[] = [
  [/^HPE_|^HTTPParserError$/, 'what answers there does not speak HTTP: check host and port'],
  [/CERT|TLS|SSL/, 'check its certificate'],
];
