import type { ResponseHeaders } from './upstream.ts';

/**
 * Headers that are about one connection and not about the message (RFC 9110 §7.6.1), or that frame it: whoever sends
 * it on writes its own.
 */
const CONNECTION: readonly string[] = [
  'connection',
  'keep-alive',
  'proxy-authenticate',
  'proxy-connection',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
];

/** What a request must not take along: beside the above what is meant for a proxy, and what is written anew. */
const KEPT_BACK: ReadonlySet<string> = new Set([
  ...CONNECTION,
  'content-length',
  // Answered already, by whoever received the request.
  'expect',
  'host',
  'http2-settings',
  // CGI programs would take it for a setting of their environment (CVE-2016-5385).
  'proxy',
  'proxy-authorization',
  'via',
]);

const KEPT_FROM_CLIENTS: ReadonlySet<string> = new Set(CONNECTION);

/** Where a request came from, in the words of those who passed it on. */
export interface Claims {
  readonly forwarded?: string;
  readonly for?: string;
  readonly proto?: string;
  readonly host?: string;
  readonly port?: string;
}

/** Nobody who is believed has said anything. */
export const NO_CLAIMS: Claims = Object.freeze({});

/** What of a request's headers is passed on. */
export interface Passed {
  /** Names and values in turn, as they were written. */
  readonly headers: string[];
  readonly claims: Claims;
  readonly via: string | undefined;
}

const CLAIMS: ReadonlyMap<string, keyof Claims> = new Map([
  ['forwarded', 'forwarded'],
  ['x-forwarded-for', 'for'],
  ['x-forwarded-proto', 'proto'],
  ['x-forwarded-host', 'host'],
  ['x-forwarded-port', 'port'],
]);

const isClaim = (name: string): boolean =>
  name.startsWith('x-forwarded-') || name === 'forwarded' || name === 'x-real-ip';

const HYPHENS = /_/g;

const NOTHING: readonly string[] = Object.freeze([]);

/** The names in a `Connection` header, lower case. */
export const connectionOptions = (connection: string | undefined): readonly string[] => {
  if (connection === undefined || connection === 'keep-alive' || connection === 'close') return NOTHING;
  return connection
    .toLowerCase()
    .split(',')
    .map((option) => option.trim());
};

/**
 * Sorts out a request's headers: what is passed on, what is about this connection only, and where it is said to come
 * from, which nobody is believed who is not trusted.
 *
 * A name with underscores is the same as one with hyphens to servers in the manner of CGI: it is kept back where its
 * twin would be.
 *
 * @param raw - names and values in turn; names that begin with a colon are HTTP/2's own.
 * @param named - what `Connection` names.
 */
export const sortHeaders = (raw: readonly string[], named: readonly string[], isTrusted: boolean): Passed => {
  const headers: string[] = [];
  let claims: { -readonly [Key in keyof Claims]: Claims[Key] } | undefined;
  let via: string | undefined;
  for (let at = 0; at + 1 < raw.length; at += 2) {
    const name = raw[at] ?? '';
    const value = raw[at + 1] ?? '';
    const lower = name.toLowerCase();
    if (lower.charCodeAt(0) === 58 /* : */ || (named.length > 0 && named.includes(lower))) continue;
    if (lower === 'via') {
      via = via === undefined ? value : `${via}, ${value}`;
    } else if (KEPT_BACK.has(lower)) {
      // Not ours to pass on.
    } else if (isClaim(lower)) {
      if (!isTrusted) continue;
      const claim = CLAIMS.get(lower);
      if (claim === undefined) {
        headers.push(name, value);
        continue;
      }
      claims ??= {};
      claims[claim] = claims[claim] === undefined ? value : `${claims[claim]}, ${value}`;
    } else if (lower.includes('_')) {
      const twin = lower.replace(HYPHENS, '-');
      if (!KEPT_BACK.has(twin) && !isClaim(twin) && !named.includes(twin)) headers.push(name, value);
    } else {
      headers.push(name, value);
    }
  }
  return { headers, claims: claims ?? NO_CLAIMS, via };
};

/** What of an answer's headers is passed back. A 204 has no length (RFC 9110 §8.6). */
export const passBack = (status: number, given: ResponseHeaders): Record<string, string | string[]> => {
  const { connection } = given;
  const named = connectionOptions(typeof connection === 'object' ? connection.join() : connection);
  const headers: Record<string, string | string[]> = {};
  for (const name in given) {
    const value = given[name];
    if (value === undefined || KEPT_FROM_CLIENTS.has(name) || (named.length > 0 && named.includes(name))) continue;
    if (status === 204 && name === 'content-length') continue;
    headers[name] = typeof value === 'string' ? value : [...value];
  }
  return headers;
};
