import { BlockList, isIP } from 'node:net';
import { parseNetwork } from '../../config/network.ts';
import { type Claims, NO_CLAIMS } from './headers.ts';

/** The other end of a connection, as far as targets are told. */
export interface Peer {
  /** Its IP address; `undefined` on a unix socket. */
  readonly address: string | undefined;
  /** The port it reached us on. */
  readonly port: number | undefined;
  readonly isEncrypted: boolean;
  /** What it says of where a request came from counts. */
  readonly isTrusted: boolean;
  /** The host that its last request named, and what was said of it: most connections ask for one. */
  lastHost?: string | undefined;
  lastEntries?: readonly string[];
}

const MAPPED = /^::ffff:(?=\d+\.\d+\.\d+\.\d+$)/i;

/** An IPv4 client of a socket for both families shows as an IPv6 one. */
export const plainAddress = (address: string | undefined): string | undefined => address?.replace(MAPPED, '');

/** Says whose word counts; addresses are compared as numbers, not as text. */
export const trusting = (trust: readonly string[]): ((address: string | undefined) => boolean) => {
  if (trust.length === 0) return () => false;
  const list = new BlockList();
  for (const text of trust) {
    const network = parseNetwork(text);
    if (network !== undefined) list.addSubnet(network.address, network.prefix, network.family);
  }
  const isUnixTrusted = trust.includes('unix');
  return (address) => {
    if (address === undefined) return isUnixTrusted;
    return list.check(address, address.includes(':') ? 'ipv6' : 'ipv4');
  };
};

/** A value of `Forwarded`: as it is when it is a token, otherwise quoted (RFC 7239 §4). */
const quoted = (value: string): string =>
  /^[\w!#$%&'*+.^`|~-]+$/.test(value) ? value : `"${value.replace(/["\\]/g, '\\$&')}"`;

const nodeOf = (address: string | undefined): string => {
  if (address === undefined) return 'unknown';
  return address.includes(':') ? `"[${address}]"` : address;
};

/**
 * Adds where a request came from: `X-Forwarded-For`, `-Proto`, `-Host` and `-Port`, and the same as `Forwarded`
 * (RFC 7239). What a trusted peer said comes first, or stands.
 *
 * @param host - what the client called us.
 */
export const addForwarded = (headers: string[], peer: Peer, host: string | undefined, claims: Claims): void => {
  if (claims === NO_CLAIMS && peer.lastHost === host && peer.lastEntries !== undefined) {
    headers.push(...peer.lastEntries);
    return;
  }
  const start = headers.length;
  const { address, port, isEncrypted } = peer;
  const proto = isEncrypted ? 'https' : 'http';
  const chain = claims.for === undefined ? address : address === undefined ? claims.for : `${claims.for}, ${address}`;
  if (chain !== undefined) headers.push('x-forwarded-for', chain);
  headers.push('x-forwarded-proto', claims.proto ?? proto);
  const named = claims.host ?? host;
  if (named !== undefined) headers.push('x-forwarded-host', named);
  const door = claims.port ?? (port === undefined ? undefined : String(port));
  if (door !== undefined) headers.push('x-forwarded-port', door);
  const said = host === undefined ? '' : `;host=${quoted(host)}`;
  const element = `for=${nodeOf(address)}${said};proto=${proto}`;
  headers.push('forwarded', claims.forwarded === undefined ? element : `${claims.forwarded}, ${element}`);
  if (claims !== NO_CLAIMS) return;
  peer.lastHost = host;
  peer.lastEntries = headers.slice(start);
};

/** The `Via` of a request that is passed on (RFC 9110 §7.6.3). */
export const viaOf = (received: string | undefined, version: string, pseudonym: string): string => {
  const own = `${version} ${pseudonym}`;
  return received === undefined ? own : `${received}, ${own}`;
};

/**
 * The address a request came from: that of the last hop nobody trusts. Who is trusted says who came before it, from the
 * right (RFC 7239 §5.2, and `X-Forwarded-For`, which it describes).
 */
export const clientAddress = (
  { address, isTrusted }: Peer,
  claims: Claims,
  trusts: (address: string | undefined) => boolean,
): string | undefined => {
  if (!isTrusted || claims.for === undefined) return address;
  const hops = claims.for.split(',').map((hop) => hop.trim());
  const nearest = hops.findLast((hop) => !isIP(hop) || !trusts(plainAddress(hop)));
  return plainAddress(nearest ?? hops[0]);
};
