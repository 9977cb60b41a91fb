import { expect, test } from 'vitest';
import { hasEscapedBreaks, holdsPem, isPem } from '../../lib/config/pem.ts';

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

test('line breaks that were escaped on their way are told from line breaks', () => {
  const text = '-----BEGIN EC PRIVATE KEY-----\nAA==\n-----END EC PRIVATE KEY-----\n';
  expect(hasEscapedBreaks(text)).toBe(false);
  expect(hasEscapedBreaks(text.replaceAll('\n', '\\n'))).toBe(true);
  expect(hasEscapedBreaks(text.replaceAll('\n', '\\r\\n'))).toBe(true);
  expect(hasEscapedBreaks('C:\\new\\tls.key')).toBe(false);
});
