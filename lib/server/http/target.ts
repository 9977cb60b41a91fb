import type { PathPolicy } from '../../config/server-config.ts';

/** The target of `OPTIONS *`: the server as a whole, no path of it. */
export const WHOLE_SERVER = '*';

/**
 * A target that is canonical as it stands: segments of literal characters, none empty and none that begins with a dot,
 * then perhaps a query. Nearly all are; no part of it can match in two ways, so it takes one pass.
 */
const PLAIN = /^(?=\/)(?:\/[\w~!$&'()*+,;=:@-][\w.~!$&'()*+,;=:@-]*)*\/?(?:\?[!"$-~]*)?$/;

/** Hosts that need no second look: names of letters, or an IPv4 address, with a port of at most four digits. */
const PLAIN_HOST =
  /^(?:(?!.*(?:--|\.\.|\.0x))[a-z][a-z\d.-]*[a-z]|(?:(?:\d|[1-9]\d|1\d\d|2[0-4]\d|25[0-5])(?:\.(?!:|$)|(?=:|$))){4})(?::\d{1,4}|:[1-5]\d{4})?$/;

/** What a host may be made of; everything that could be read as user, path or query is missing. */
const HOST = /^([\w.-]+|\[[\da-f:.]+\])(?::\d{1,5})?$/i;

/** Whether a `Host` names one host, and the same one to whoever compares it as text and to whoever parses it. */
export const isHost = (host: string): boolean => {
  if (PLAIN_HOST.test(host)) return true;
  const name = HOST.exec(host)?.[1];
  const url = `http://${host}/`;
  // `127.1` and `0x7f.1` are other ways to write an address, and `xn--` may stand before something that is no name.
  return name !== undefined && URL.canParse(url) && new URL(url).hostname === name.toLowerCase();
};

/** RFC 3986 §3.3: what stands in a segment for itself. */
const LITERAL = /[\w.~!$&'()*+,;=:@-]/;

/** Escapes, and characters that no segment may hold as they are. */
const ESCAPABLE = /%[\da-f]{2}|[^\w.~!$&'()*+,;=:@/-]/gi;

const escapeOf = (character: string): string =>
  `%${character.charCodeAt(0).toString(16).toUpperCase().padStart(2, '0')}`;

const respell = (part: string): string => {
  if (part.length === 1) return escapeOf(part);
  const character = String.fromCharCode(Number.parseInt(part.slice(1), 16));
  return LITERAL.test(character) ? character : part.toUpperCase();
};

/** NUL and all other control characters, escaped. */
const CONTROL = /%(?:[01][\dA-F]|7F)/;

/** Escaped twice or more: harmless here, and a dot, a slash or a control character to whoever decodes once too often. */
const TWICE = /%25(?:25)*(?:2[EF]|5C|[01][\dA-F]|7F)/i;
const TWICE_BUT_SLASHES = /%25(?:25)*(?:2E|[01][\dA-F]|7F)/i;

/** `.` or `..` between slashes of any spelling. */
const DOT_SEGMENT = /(?:\/|%2F|%5C)\.{1,2}(?=\/|%2F|%5C|$)/;

const isWellFormed = (path: string): boolean => {
  try {
    decodeURIComponent(path);
    return true;
  } catch {
    // An escape that is none, or bytes that are no UTF-8: overlong forms of '.' and '/' are among them.
    return false;
  }
};

/** One spelling for every path, or `undefined` when readers could disagree on what it means. */
const canonicalPath = (path: string, policy: PathPolicy): string | undefined => {
  // A URL parser takes a backslash for a slash, and drops what is in the way of two slashes at the start.
  if (path.includes('\\') || path.startsWith('//') || !isWellFormed(path)) return undefined;
  const respelled = path.replace(ESCAPABLE, respell);
  if (CONTROL.test(respelled) || DOT_SEGMENT.test(respelled)) return undefined;
  if (policy === 'lenient') return TWICE_BUT_SLASHES.test(respelled) ? undefined : respelled;
  return /\/\/|%2F|%5C/.test(respelled) || TWICE.test(respelled) ? undefined : respelled;
};

const DEFAULT_PORT = { http: /:80$/, https: /:443$/ } as const;

/** The origin-form of an absolute-form, if it names the host that `Host` names (RFC 9112 §3.2.2). */
const originForm = (target: string, host: string | undefined): string | undefined => {
  const [, scheme, authority, rest = ''] = /^(https?):\/\/([^/?#]*)(.*)$/i.exec(target) ?? [];
  if (scheme === undefined || authority === undefined || host === undefined) return undefined;
  const port = DEFAULT_PORT[scheme.toLowerCase() === 'https' ? 'https' : 'http'];
  const plain = (name: string): string => name.toLowerCase().replace(port, '');
  if (plain(authority) !== plain(host)) return undefined;
  return rest.startsWith('/') ? rest : `/${rest}`;
};

/**
 * The one spelling of a request's target that router and handler get, or `undefined` when it has to be refused (400).
 *
 * What means the same is spelled the same: letters, digits and all that may stand in a segment unescaped (RFC 3986
 * §6.2.2.2, and its sub-delimiters, `:` and `@`), capital hexadecimal digits, escapes where they are needed; an
 * absolute-form whose host is that of `Host` becomes an origin-form. The query stays as it is.
 *
 * What readers could take for different things is refused: dot segments, backslashes, escaped slashes, empty segments,
 * control characters, escapes that are none or no UTF-8, dots and slashes that are escaped twice, characters that are
 * no part of a URL, fragments, other forms, and a host that is none. `lenient` lets escaped slashes and backslashes
 * and empty segments (not the first) through, for apps whose paths hold keys of their own.
 *
 * Pure, and of every protocol: `:path` and `:authority` of HTTP/2 are a target and a host as well. A host that is
 * missing is not refused here: HTTP/1.0 knows none.
 *
 * @returns a path with its query, or `WHOLE_SERVER` for `OPTIONS *`.
 */
export const canonicalTarget = (
  method: string | undefined,
  target: string,
  host: string | undefined,
  policy: PathPolicy,
): string | undefined => {
  if (host !== undefined && !isHost(host)) return undefined;
  if (PLAIN.test(target)) return target;
  if (target === WHOLE_SERVER) return method === 'OPTIONS' ? target : undefined;
  // Printable ASCII without '#': all that a target may consist of.
  if (!/^[!"$-~]+$/.test(target)) return undefined;
  const origin = target.startsWith('/') ? target : originForm(target, host);
  if (origin === undefined) return undefined;
  const query = origin.indexOf('?');
  const path = canonicalPath(query === -1 ? origin : origin.slice(0, query), policy);
  return path === undefined || query === -1 ? path : path + origin.slice(query);
};

/** What of a request says where it goes; it is spelled anew in place, before anybody else looks. */
export interface Targeted {
  readonly method?: string | undefined;
  url?: string | undefined;
  readonly headers: { readonly host?: string | undefined };
}

/** Gives a request its canonical target; the status it is refused with when it has none. */
export const settleTarget = (incoming: Targeted, policy: PathPolicy): 400 | undefined => {
  const { url = '', method } = incoming;
  const target = canonicalTarget(method, url, incoming.headers.host, policy);
  if (target === undefined) return 400;
  if (target !== url) incoming.url = target;
  return undefined;
};
