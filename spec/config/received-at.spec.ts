import { expect, test } from 'vitest';
import { receivedAt } from '../../lib/config/received-at.ts';

const PEM = '-----BEGIN RSA PRIVATE KEY-----\nMIIE';

test.each<[readonly string[], unknown, string]>([
  [['listen'], 'nowhere', '"nowhere"'],
  [['tls', 'minVersion'], 'TLSv1.1', '"TLSv1.1"'],
  [['tls', 'certificates', '0', 'names', '1'], '*', '"*"'],
  [['tls'], 'swordfish', 'a text'],
  [['tls', 'passphrase'], 12345, 'a number'],
  [['tls', 'passphrase'], 12345n, 'a number'],
  [['tls', 'passphrase'], ['swordfish'], 'an array of 1'],
  [['tls', 'key'], undefined, 'undefined'],
  [['tls', 'pasphrase'], 'swordfish', 'a text'],
  [['tls', 'certificates', '3', 'key'], 'swordfish', 'a text'],
  [['passphrase'], 'swordfish', 'a text'],
  [['certificate'], PEM, 'a PEM text'],
  [['name'], PEM, 'a PEM text'],
])('at %j, what stood there shows no secret', (path, value, shown) => {
  expect(receivedAt(path, value)).toBe(shown);
});
