import { createPrivateKey, type KeyObject, X509Certificate } from 'node:crypto';
import { ESCAPED_BREAKS_HINT, hasEscapedBreaks } from '../../config/pem.ts';
import type { CertificateSource, PemSource, TlsSources } from './pem-source.ts';
import { TlsError, type TlsErrorOptions } from './tls-error.ts';

/** A certificate that was looked at and can be used. */
export interface Certificate {
  readonly cert: string;
  readonly key: string;
  readonly passphrase: string | undefined;
  /** Where it came from. */
  readonly source: string;
  /** The names in it. */
  readonly ownNames: readonly string[];
  /** The names the config wants it presented for. */
  readonly givenNames: readonly string[] | undefined;
  readonly validTo: number;
  readonly fingerprint: string;
}

/** Everything connections are encrypted with, after it was looked at. */
export interface Material {
  /** The default one comes first. */
  readonly certificates: readonly [Certificate, ...Certificate[]];
  readonly ca: readonly string[];
}

const PIECE = /-----BEGIN ((?:TRUSTED |X509 )?CERTIFICATE)-----[\s\S]*?-----END \1-----/g;

const piecesOf = (text: string): readonly string[] => text.match(PIECE) ?? [];

/** What is known about a text that could not be read. */
const reasons = (text: string, cause: unknown): TlsErrorOptions =>
  hasEscapedBreaks(text) ? { cause, hint: ESCAPED_BREAKS_HINT } : { cause };

const parsed = ({ name, text }: PemSource, noun: string): readonly X509Certificate[] =>
  piecesOf(text).map((piece, index) => {
    try {
      return new X509Certificate(piece);
    } catch (cause) {
      const which = index === 0 ? '' : `, number ${index + 1}`;
      throw new TlsError('ERR_TLS_INVALID', `${noun} in ${name}${which}, cannot be read`, name, reasons(text, cause));
    }
  });

const day = (time: number): string => new Date(time).toISOString();

/** Node says it in the words of OpenSSL: `Jan  1 00:00:00 2030 GMT`. */
const timeOf = (text: string): number => Date.parse(text);

const checkDates = (leaf: X509Certificate, name: string, now: number): void => {
  const validFrom = timeOf(leaf.validFrom);
  const validTo = timeOf(leaf.validTo);
  if (now >= validTo) {
    throw new TlsError('ERR_TLS_EXPIRED', `the certificate in ${name} expired at ${day(validTo)}`, name, {
      hint: 'renew it',
    });
  }
  if (now < validFrom) {
    throw new TlsError(
      'ERR_TLS_NOT_YET_VALID',
      `the certificate in ${name} is not valid before ${day(validFrom)}`,
      name,
      {
        hint: 'check the clock of this machine, and of the one that made it',
      },
    );
  }
};

/** Whoever vouches for nobody before it is sent in vain, and whoever should stand in its place is missing. */
const checkChain = (chain: readonly X509Certificate[], name: string): void => {
  for (const [index, one] of chain.entries()) {
    if (index === 0 || chain.slice(0, index).some((earlier) => earlier.checkIssued(one))) continue;
    throw new TlsError('ERR_TLS_CHAIN', `certificate ${index + 1} in ${name} has signed none before it`, name, {
      hint: 'put the certificate of the server first, then the one that signed it, then the next',
    });
  }
};

const isAboutPassphrase = (cause: unknown): boolean =>
  cause instanceof Error &&
  'code' in cause &&
  ['ERR_MISSING_PASSPHRASE', 'ERR_OSSL_BAD_DECRYPT', 'ERR_OSSL_CRYPTO_INTERRUPTED_OR_CANCELLED'].includes(
    String(cause.code),
  );

const readKey = ({ name, text }: PemSource, passphrase: string | undefined): KeyObject => {
  try {
    return createPrivateKey({ key: text, ...(passphrase === undefined ? {} : { passphrase }) });
  } catch (cause) {
    // One wrong passphrase in some 300 opens it all the same, to something that is no key; so does a damaged text.
    if (text.includes('ENCRYPTED') || isAboutPassphrase(cause)) {
      const [what, hint] =
        passphrase === undefined
          ? ['is encrypted', "give 'passphrase'"]
          : isAboutPassphrase(cause)
            ? ['does not open with the passphrase', '']
            : ['does not open with the passphrase', 'if the passphrase is right, the file is damaged'];
      throw new TlsError(
        'ERR_TLS_PASSPHRASE',
        `the key in ${name} ${what}`,
        name,
        hint === '' ? { cause } : { cause, hint },
      );
    }
    throw new TlsError('ERR_TLS_INVALID', `the key in ${name} cannot be read`, name, reasons(text, cause));
  }
};

/** The host names a certificate is for; its common name when it has none, which is how it was done before 2000. */
const namesIn = (leaf: X509Certificate): readonly string[] => {
  const alternatives = leaf.subjectAltName?.split(', ') ?? [];
  const hosts = alternatives.flatMap((entry) => (entry.startsWith('DNS:') ? [entry.slice('DNS:'.length)] : []));
  if (alternatives.length > 0) return hosts.map((name) => name.toLowerCase());
  const common = leaf.subject?.split('\n').find((part) => part.startsWith('CN='));
  return common === undefined ? [] : [common.slice('CN='.length).toLowerCase()];
};

const checkCertificate = ({ cert, key, passphrase, names }: CertificateSource, now: number): Certificate => {
  const chain = parsed(cert, 'the certificate');
  const [leaf] = chain;
  if (leaf === undefined) {
    throw new TlsError('ERR_TLS_INVALID', `${cert.name} holds no certificate`, cert.name, {
      hint: 'it has to be PEM: -----BEGIN CERTIFICATE-----',
    });
  }
  if (!leaf.checkPrivateKey(readKey(key, passphrase))) {
    throw new TlsError('ERR_TLS_KEY_MISMATCH', `the key in ${key.name} does not belong to ${cert.name}`, key.name, {
      hint: 'were both renewed, and is the certificate of the server the first one in its file?',
    });
  }
  checkDates(leaf, cert.name, now);
  checkChain(chain, cert.name);
  return {
    cert: cert.text,
    key: key.text,
    passphrase,
    source: cert.name,
    ownNames: namesIn(leaf),
    givenNames: names,
    validTo: timeOf(leaf.validTo),
    fingerprint: leaf.fingerprint256,
  };
};

const checkAuthority = (source: PemSource, now: number): string => {
  const authorities = parsed(source, 'the CA');
  if (authorities.length === 0) {
    throw new TlsError('ERR_TLS_CA_MISSING', `${source.name} holds no certificate`, source.name, {
      hint: 'without one nobody could be let in; it has to be PEM',
    });
  }
  if (authorities.every((one) => now >= timeOf(one.validTo))) {
    throw new TlsError('ERR_TLS_EXPIRED', `the CA in ${source.name} has expired`, source.name, { hint: 'renew it' });
  }
  return source.text;
};

/**
 * Looks at everything a TLS config names: that certificates can be read, are valid at `now`, belong to their keys, and
 * that there is somebody to judge clients by. Throws a `TlsError`. Pure.
 *
 * @param now - milliseconds since the epoch.
 */
export const checkMaterial = ({ certificates: [first, ...further], ca }: TlsSources, now: number): Material => ({
  certificates: [checkCertificate(first, now), ...further.map((source) => checkCertificate(source, now))],
  ca: ca.map((source) => checkAuthority(source, now)),
});
