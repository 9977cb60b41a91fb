import { expect, test } from 'vitest';
import { parseNetwork } from '../../lib/config/network.ts';

test('a network is written as an address, or with how many of its bits count', () => {
  expect(parseNetwork('10.0.0.0/8')).toEqual({ family: 'ipv4', address: '10.0.0.0', prefix: 8 });
  expect(parseNetwork('::1')).toEqual({ family: 'ipv6', address: '::1', prefix: 128 });
  for (const text of ['10.0.0.0/33', '10.0.0/8', '10.0.0.0/08', '::/129', 'localhost', '', '10.0.0.0/', '010.0.0.1']) {
    expect(parseNetwork(text)).toBeUndefined();
  }
});
