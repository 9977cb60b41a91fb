import { isPem } from './pem.ts';
import { received } from './received.ts';

/** Keys whose values are nobody's business wherever they stand; the place, or a letter, may be the mistake. */
const SECRET = /pas+(?:phrase|word)|secret|token|key/i;

/** What may be shown of how connections are encrypted. Everything else there is a secret, a misspelled one perhaps. */
const PUBLIC: ReadonlySet<string> = new Set([
  'clientAuth',
  'minVersion',
  'maxVersion',
  'ciphers',
  'unknownName',
  'handshakeTimeoutMs',
  'watch',
  'warnBeforeDays',
  'names',
]);

/** A long number in the place of a secret is one; what is not data shows as what it is. */
const KINDS: Readonly<Record<string, string>> = { string: 'a text', number: 'a number', bigint: 'a number' };

const isSecret = (path: readonly string[]): boolean => {
  const named = path.filter((key) => !/^\d+$/.test(key));
  const last = named.at(-1) ?? '';
  return SECRET.test(last) || (named[0] === 'tls' && !PUBLIC.has(last));
};

/**
 * What stood at a place of a server's config, as one short line. Where secrets stand it says of which kind the value
 * was and nothing more, and so it does of everything that looks like a key.
 */
export const receivedAt = (path: readonly string[], value: unknown): string => {
  if (typeof value === 'string' && isPem(value)) return 'a PEM text';
  return (isSecret(path) ? KINDS[typeof value] : undefined) ?? received(value);
};
