import { expect, test } from 'vitest';
import { holdsPem, isPem } from '../../lib/config/pem.ts';

test('a PEM text is told from a path', () => {
  expect(isPem('comment\n-----BEGIN CERTIFICATE-----\n')).toBe(true);
  expect(isPem('/etc/tls/-----BEGIN.crt')).toBe(false);
  expect(isPem('tls.crt')).toBe(false);
});

test('a PEM text holds pieces of the kinds it names', () => {
  const text = '-----BEGIN CERTIFICATE-----\nAA==\n-----END CERTIFICATE-----\n-----BEGIN EC PRIVATE KEY-----\nAA==\n';
  expect(holdsPem(text, 'CERTIFICATE')).toBe(true);
  expect(holdsPem(text, 'PRIVATE KEY')).toBe(true);
  expect(holdsPem(text, 'CERTIFICATE REQUEST')).toBe(false);
  expect(holdsPem('PRIVATE KEY', 'PRIVATE KEY')).toBe(false);
});
