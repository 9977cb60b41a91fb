import { formatIpv6, isIpv4, mappedIpv4, parseIpv6 } from './ip.ts';
import { formatPorts, type PortRange, parsePorts } from './port-range.ts';
import { received } from './received.ts';

/**
 * Where a server listens, in canonical form.
 *
 * `host` is `''` for all interfaces (IPv4 and IPv6), an IP address in canonical text without brackets, or a lower-case
 * host name. Port 0 stands for any free port; with `range`, for the first free one of those.
 */
export type Address =
  | { readonly kind: 'tcp'; readonly host: string; readonly port: number; readonly range?: PortRange }
  | { readonly kind: 'unix'; readonly path: string };

/** What became of a text that should be an address. */
export type AddressResult =
  | { readonly ok: true; readonly address: Address }
  | {
      readonly ok: false;
      /** What would have been accepted. */
      readonly expected: string;
      /** What stood there, shortened, on one line. */
      readonly received: string;
      /** One sentence for people, lower case, no full stop. */
      readonly message: string;
      /** What to write instead, when that is known. */
      readonly hint?: string;
    };

/** The forms of an address, for messages. */
export const ADDRESS_FORMS =
  "an address like '127.0.0.1:8080', ':8080', '[::1]:8080', 'localhost:8080', ':8000-8010' or 'unix:/run/x.sock'";

/** `sun_path` of Linux holds 108 bytes, the last of which ends the text. */
const LONGEST_PATH_BYTES = 107;

/** More than any name or path needs; what is longer is refused before it is looked at. */
const LONGEST_TEXT = 512;

/**
 * Reads an address. There is one way to write each: `formatAddress` of the result is the canonical text.
 *
 * Accepted are `host:port` with a dotted IPv4 address, an IPv6 address in brackets, a host name or nothing (all
 * interfaces), port 0 for any free one, `8000-8010` for the first free one of a range, and `unix:` with an absolute path.
 * Host names become lower case, IPv6 addresses
 * their shortest text, and doubled slashes in paths single ones; everything else must be canonical as it stands. No
 * spaces, no signs, no leading zeros: an accepted number is the number its text says.
 *
 * IPv4-mapped IPv6 addresses (`[::ffff:127.0.0.1]:80`) are refused, because they are a second name for an IPv4 address.
 *
 * @example
 * ```ts
 * import { parseAddress } from 'sluice';
 *
 * console.log(parseAddress('[0:0::1]:8080')); // { ok: true, address: { kind: 'tcp', host: '::1', port: 8080 } }
 * const { hint } = { hint: '', ...parseAddress('8080') };
 * console.log(hint); // write '127.0.0.1:8080' or ':8080' for all interfaces
 * ```
 */
export const parseAddress = (text: string): AddressResult => {
  const refuse = (message: string, hint?: string): AddressResult => ({
    ok: false,
    expected: ADDRESS_FORMS,
    received: received(text),
    message,
    ...(hint === undefined ? {} : { hint }),
  });
  if (text === '') return refuse('an address is missing', "write '127.0.0.1:8080' or ':8080' for all interfaces");
  if (text.length > LONGEST_TEXT) return refuse(`an address has at most ${LONGEST_TEXT} characters`);
  if (text.startsWith('unix:')) return parseUnix(text.slice(5), refuse);
  if (text !== text.trim()) return refuse('an address has no spaces around it');
  const scheme = /^([a-z][a-z\d+.-]*):\/\//i.exec(text);
  if (scheme !== null) return refuse('an address is not a URL', `leave '${scheme[1]}://' and any path out`);
  if (/^[./]/.test(text)) return refuse('a socket path needs its prefix', "write 'unix:' and an absolute path");
  if (/^\d{1,5}$/.test(text)) {
    return refuse('a port alone does not say where', `write '127.0.0.1:${text}' or ':${text}' for all interfaces`);
  }
  const colon = text.lastIndexOf(':');
  const host = text.slice(0, Math.max(colon, 0));
  if (host.includes(':') && parseIpv6(text) !== undefined) {
    return refuse('an IPv6 address stands in brackets', "write '[::1]:8080'");
  }
  if (colon < 0 || text.endsWith(']')) {
    const named = parseHost(text);
    return refuse('a port is missing', `write '${'host' in named ? text : 'localhost'}:8080'`);
  }
  const portText = text.slice(colon + 1);
  const ports = parsePorts(portText);
  const named = parseHost(host);
  if ('message' in ports) return refuse(ports.message, ports.hint?.replace('HOST', 'host' in named ? host : ''));
  return 'host' in named
    ? { ok: true, address: { kind: 'tcp', host: named.host, ...ports } }
    : refuse(named.message, named.hint?.replace('PORT', portText));
};

type HostResult = { readonly host: string } | { readonly message: string; readonly hint?: string };

const parseHost = (text: string): HostResult => {
  if (text === '' || isIpv4(text)) return { host: text };
  if (text === '*') return { message: "all interfaces are written as no host at all, not '*'", hint: "write ':PORT'" };
  if (text.startsWith('[') || text.endsWith(']')) return parseBracketed(text);
  if (text.includes(':')) return { message: 'an IPv6 address stands in brackets', hint: "write '[::1]:PORT'" };
  const name = text.toLowerCase();
  if (name.length > 253 || !name.split('.').every((label) => LABEL.test(label))) {
    return { message: 'a host name is made of letters, digits, hyphens and dots' };
  }
  // What ends in a number is an IPv4 address to resolvers, and each reads the unusual forms in its own way.
  if (/(?:^|\.)(?:\d+|0x[\da-f]*)$/.test(name)) {
    return { message: 'an IPv4 address is four numbers from 0 to 255 without leading zeros' };
  }
  return { host: name };
};

/** Underscores are no part of host names by RFC 1123, but names of containers have them and resolve. */
const LABEL = /^[a-z\d_](?:[a-z\d_-]{0,61}[a-z\d_])?$/;

const parseBracketed = (text: string): HostResult => {
  const inner = /^\[([^[\]]*)\]$/.exec(text)?.[1];
  const groups = inner === undefined ? undefined : parseIpv6(inner);
  if (groups === undefined) {
    return inner?.includes('%')
      ? { message: 'an IPv6 address with a zone cannot be listened on', hint: "write '[::]:PORT' for all interfaces" }
      : { message: 'brackets hold one IPv6 address' };
  }
  const mapped = mappedIpv4(groups);
  if (mapped === undefined) return { host: formatIpv6(groups) };
  return { message: 'an IPv4 address is written as one, not inside an IPv6 address', hint: `write '${mapped}:PORT'` };
};

const parseUnix = (path: string, refuse: (message: string, hint?: string) => AddressResult): AddressResult => {
  if (!path.startsWith('/')) return refuse('a socket path is absolute', "write 'unix:/run/x.sock'");
  // Lone surrogates have no bytes of their own: several texts would name one file.
  if (/[\p{Cc}\p{Cs}]/u.test(path)) return refuse('a socket path has no control characters');
  const parts = path.split('/').filter((part) => part !== '' && part !== '.');
  // Resolved as text, '..' names another file than the system does once a symbolic link is on the way.
  if (parts.includes('..')) return refuse("a socket path goes down only, without '..'");
  if (parts.length === 0 || /\/\.?$/.test(path)) return refuse('a socket path ends in a file name');
  const normal = `/${parts.join('/')}`;
  const bytes = new TextEncoder().encode(normal).length;
  if (bytes > LONGEST_PATH_BYTES) {
    return refuse(`a socket path has at most ${LONGEST_PATH_BYTES} bytes, this one has ${bytes}`);
  }
  return { ok: true, address: { kind: 'unix', path: normal } };
};

/** The canonical text of an address: what `parseAddress` reads back as the same address. */
export const formatAddress = (address: Address): string => {
  if (address.kind === 'unix') return `unix:${address.path}`;
  return `${inBrackets(address.host)}:${formatPorts(address)}`;
};

const inBrackets = (host: string): string => (host.includes(':') ? `[${host}]` : host);

/** Whether two addresses are written the same. Port 0 equals port 0 here, although each means another free port. */
export const sameAddress = (a: Address, b: Address): boolean => {
  if (a.kind === 'unix') return b.kind === 'unix' && a.path === b.path;
  if (b.kind === 'unix' || a.port !== b.port || a.host !== b.host) return false;
  return a.range?.first === b.range?.first && a.range?.last === b.range?.last;
};

const isWildcard = (host: string): boolean => host === '' || host === '::' || host === '0.0.0.0';

/**
 * Whether two addresses cannot both be held, or would compete for the same connections.
 *
 * Symmetric. Equal host and port overlap; so do a wildcard and anything of its family on the same port. `''` and `::`
 * are both families (an IPv6 wildcard socket of Linux takes IPv4 too), `0.0.0.0` is IPv4 only. `localhost` may be
 * `127.0.0.1` or `::1`; any other name may be anything, which only wildcards are sure to meet. Port 0 never overlaps, nor
 * does a range: whoever asks for one takes what the others leave.
 */
export const overlaps = (a: Address, b: Address): boolean => {
  if (a.kind === 'unix' || b.kind === 'unix') return sameAddress(a, b);
  if (a.port !== b.port || a.port === 0) return false;
  return a.host === b.host || covers(a.host, b.host) || covers(b.host, a.host);
};

/** Whether the port is still to be found: any free one, or one of a range. */
export const isAnyPort = (address: Address): boolean => address.kind === 'tcp' && address.port === 0;

/** Whether everything that reaches the second host would reach the first as well, or may. */
const covers = (wide: string, narrow: string): boolean => {
  if (wide === '' || wide === '::') return true;
  if (wide === '0.0.0.0') return !narrow.includes(':');
  return wide === 'localhost' && (narrow === '127.0.0.1' || narrow === '::1');
};

/** The host by which a client on the same machine reaches it, as URLs write it; `localhost` for wildcards. */
export const hostInUrl = (host: string): string => (isWildcard(host) ? 'localhost' : inBrackets(host));

/**
 * The URL under which a client on the same machine reaches an address; wildcards show as `localhost`.
 *
 * A socket has no URL that clients agree on: it shows as its address, `unix:/run/x.sock`.
 */
export const urlOf = (address: Address, encrypted = false): string => {
  if (address.kind === 'unix') return formatAddress(address);
  return `${encrypted ? 'https' : 'http'}://${hostInUrl(address.host)}:${address.port}`;
};
