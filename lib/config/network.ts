import { isIpv4, parseIpv6 } from './ip.ts';

/** A range of IP addresses, or one of them. */
export interface Network {
  readonly family: 'ipv4' | 'ipv6';
  readonly address: string;
  /** How many leading bits all of its addresses share. */
  readonly prefix: number;
}

/**
 * Reads an IP address or a network in CIDR notation (RFC 4632): `10.0.0.0/8`, `192.168.1.7`, `fd00::/8`, `::1`.
 *
 * Bits behind the prefix may be set; they do not count. `undefined` when the text is neither.
 */
export const parseNetwork = (text: string): Network | undefined => {
  const [, address = '', given] = /^([^/\s]+)(?:\/(0|[1-9]\d{0,2}))?$/.exec(text) ?? [];
  const family = isIpv4(address) ? 'ipv4' : 'ipv6';
  if (family === 'ipv6' && parseIpv6(address) === undefined) return undefined;
  const bits = family === 'ipv4' ? 32 : 128;
  const prefix = given === undefined ? bits : Number(given);
  return prefix > bits ? undefined : { family, address, prefix };
};
