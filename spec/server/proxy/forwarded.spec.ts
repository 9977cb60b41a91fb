import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { addForwarded, clientAddress, plainAddress, trusting, viaOf } from '../../../lib/server/proxy/forwarded.ts';

const said = (address: string | undefined, host: string | undefined, claims = {}) => {
  const headers: string[] = [];
  addForwarded(headers, { address, port: 443, isEncrypted: true, isTrusted: false }, host, claims);
  return Object.fromEntries(headers.flatMap((name, at) => (at % 2 === 0 ? [[name, headers[at + 1]]] : [])));
};

describe('where a request came from', () => {
  test('is said in both ways, quoted where that is needed', () => {
    expect(said('2001:db8::1', 'a.example:8443')).toEqual({
      'x-forwarded-for': '2001:db8::1',
      'x-forwarded-proto': 'https',
      'x-forwarded-host': 'a.example:8443',
      'x-forwarded-port': '443',
      forwarded: 'for="[2001:db8::1]";host="a.example:8443";proto=https',
    });
  });

  test('is unknown on a unix socket', () => {
    expect(said(undefined, undefined)).toEqual({
      'x-forwarded-proto': 'https',
      'x-forwarded-port': '443',
      forwarded: 'for=unknown;proto=https',
    });
  });

  test('an IPv4 client of a socket for both families is an IPv4 client', () => {
    expect(plainAddress('::ffff:10.1.2.3')).toBe('10.1.2.3');
    expect(plainAddress('::1')).toBe('::1');
  });

  test('is the last hop that nobody trusts', () => {
    const trusts = trusting(['10.0.0.0/8']);
    const from = (chain: string | undefined, isTrusted = true): string | undefined =>
      clientAddress(
        { address: '10.0.0.9', port: 1, isEncrypted: false, isTrusted },
        chain === undefined ? {} : { for: chain },
        trusts,
      );
    expect(from('192.0.2.1, 198.51.100.7, 10.0.0.3')).toBe('198.51.100.7');
    expect(from('::ffff:192.0.2.1')).toBe('192.0.2.1');
    expect(from('10.0.0.1, 10.0.0.2')).toBe('10.0.0.1');
    expect(from('unknown, 10.0.0.2')).toBe('unknown');
    expect(from('192.0.2.1', false)).toBe('10.0.0.9');
    expect(from(undefined)).toBe('10.0.0.9');
  });

  test('Via names everybody on the way', () => {
    expect(viaOf(undefined, '1.1', 'me')).toBe('1.1 me');
    expect(viaOf('1.0 fred', '2.0', 'me')).toBe('1.0 fred, 2.0 me');
  });
});

describe('trust', () => {
  test('is nobody’s by default', () => {
    expect(trusting([])('127.0.0.1')).toBe(false);
    expect(trusting([])(undefined)).toBe(false);
  });

  test('compares addresses, not texts', () => {
    const isTrusted = trusting(['10.0.0.0/8', '2001:db8::/32', '192.0.2.1']);
    expect(['10.255.0.1', '2001:DB8:0:0::5', '192.0.2.1'].map(isTrusted)).toEqual([true, true, true]);
    expect(['11.0.0.1', '100.0.0.1', '2001:db9::1', '192.0.2.10', undefined].map(isTrusted)).toEqual(
      new Array(5).fill(false),
    );
    expect(trusting(['unix'])(undefined)).toBe(true);
    expect(trusting(['unix'])('127.0.0.1')).toBe(false);
  });

  test('agrees with bits counted by hand', () => {
    const octets = fc.tuple(fc.nat(255), fc.nat(255), fc.nat(255), fc.nat(255));
    const number = ([a, b, c, d]: readonly number[]): bigint =>
      [a, b, c, d].reduce((sum, octet) => (sum << 8n) + BigInt(octet ?? 0), 0n);
    fc.assert(
      fc.property(octets, octets, fc.nat(32), (network, address, prefix) => {
        const shift = BigInt(32 - prefix);
        const isInside = number(network) >> shift === number(address) >> shift;
        expect(trusting([`${network.join('.')}/${prefix}`])(address.join('.'))).toBe(isInside);
      }),
    );
  });
});
