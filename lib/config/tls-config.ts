/** Whether clients are asked for a certificate, and whether those who show none are let in. */
export type ClientAuth = 'none' | 'request' | 'require';

/** Curves that two sides may agree on a key with, in OpenSSL's words. */
export const TLS_CURVES = ['X25519', 'X448', 'P-256', 'P-384', 'P-521'] as const;

/** A curve that two sides may agree on a key with. */
export type TlsCurve = (typeof TLS_CURVES)[number];

/** Versions of TLS that may be spoken; what came before is broken (RFC 8996). */
export type TlsVersion = 'TLSv1.2' | 'TLSv1.3';

/** A certificate and its key, each as PEM text or as the path of a file that holds it. */
export interface TlsCertificate {
  /** The certificate, followed by those that vouch for it, as far as clients do not know them. */
  readonly cert: string;
  /** The private key of the certificate. Never shown anywhere. */
  readonly key: string;
  /** Opens an encrypted key. Never shown anywhere. */
  readonly passphrase?: string;
}

/** A certificate for clients that ask for certain names. */
export interface NamedTlsCertificate extends TlsCertificate {
  /**
   * The names it is presented for: `'api.example.com'`, or `'*.example.com'` for any one label in front; those in the
   * certificate by default.
   */
  readonly names?: readonly string[];
}

/**
 * How connections to a server are encrypted.
 *
 * Paths are relative to the cluster's `baseDir`. Files are read before a config is put in force and watched from then
 * on; material that cannot be used is refused, and what was in use stays.
 */
export interface TlsConfig extends TlsCertificate {
  /** Further certificates, chosen by the name a client asks for (SNI). Exact names go before wildcards. */
  readonly certificates?: readonly NamedTlsCertificate[];
  /**
   * What becomes of clients that ask for a name no certificate is for, or for none: `'default'` presents `cert`,
   * `'refuse'` ends the connection. `'default'` by default.
   */
  readonly unknownName?: 'default' | 'refuse';
  /** Whose signature makes the certificate of a client good, as PEM text or paths. Required to ask for one. */
  readonly ca?: string | readonly string[];
  /**
   * `'require'` lets in nobody without a certificate that `ca` signed, `'request'` also those who show none; whoever
   * shows one that is not good is let in by neither. `'none'` by default.
   */
  readonly clientAuth?: ClientAuth;
  /** The oldest version spoken; `'TLSv1.2'` by default. */
  readonly minVersion?: TlsVersion;
  /** The newest version spoken; `'TLSv1.3'` by default. */
  readonly maxVersion?: TlsVersion;
  /** Cipher suites in the words of OpenSSL, best first; Node's own by default. */
  readonly ciphers?: string;
  /** Curves that keys are agreed on, best first, each once; Node's own by default. */
  readonly curves?: readonly TlsCurve[];
  /**
   * Clients that come back may take up their last session with a ticket, which spares both sides the larger part of a
   * handshake; `true` by default.
   */
  readonly sessionTickets?: boolean;
  /** Milliseconds from accepting a connection until both sides agree, from 1; 10 000 by default. */
  readonly handshakeTimeoutMs?: number;
  /** Follows the files, so that a renewed certificate is used without a new config; `true` by default. */
  readonly watch?: boolean;
  /** Days before the end of a certificate from which on it is `expiring`; 30 by default, 0 = not before it has expired. */
  readonly warnBeforeDays?: number;
}

/** A certificate after parsing. */
export interface TlsCertificateSpec {
  readonly cert: string;
  readonly key: string;
  readonly passphrase: string | undefined;
  /** In small letters; `undefined` for those in the certificate. */
  readonly names: readonly string[] | undefined;
}

/** A TLS config after parsing: valid, defaults filled in, frozen. */
export interface TlsSpec
  extends Required<Omit<TlsConfig, keyof NamedTlsCertificate | 'certificates' | 'ca' | 'ciphers' | 'curves'>> {
  /** The default one. */
  readonly certificate: TlsCertificateSpec;
  readonly certificates: readonly TlsCertificateSpec[];
  readonly ca: readonly string[];
  readonly ciphers: string | undefined;
  readonly curves: readonly TlsCurve[] | undefined;
}

/** What a TLS config leaves open. */
export const tlsDefaults = Object.freeze({
  clientAuth: 'none',
  unknownName: 'default',
  minVersion: 'TLSv1.2',
  maxVersion: 'TLSv1.3',
  sessionTickets: true,
  /** Node allows 120 s. Three flights of a few kilobytes pass a slow mobile link in a fraction of this. */
  handshakeTimeoutMs: 10_000,
  watch: true,
  /** When Let's Encrypt's clients begin to renew: from then on a certificate that stays is a renewal that failed. */
  warnBeforeDays: 30,
}) satisfies Partial<TlsSpec>;

type Given<T> = { readonly [Key in keyof T]?: T[Key] | undefined };

const certificateOf = (given: TlsCertificate | Given<TlsCertificate>, names?: readonly string[]): TlsCertificateSpec =>
  Object.freeze({
    cert: given.cert ?? '',
    key: given.key ?? '',
    passphrase: given.passphrase,
    names: names === undefined ? undefined : Object.freeze(names.map((name) => name.toLowerCase())),
  });

/** A TLS config that the schema has let through. */
export type TlsOutput = Pick<TlsConfig, 'cert' | 'key'> &
  Given<Omit<TlsConfig, 'cert' | 'key' | 'certificates'>> & {
    readonly certificates?: readonly (Pick<TlsCertificate, 'cert' | 'key'> & Given<NamedTlsCertificate>)[] | undefined;
  };

/** Fills in what a valid TLS config left out. */
export const tlsSpecOf = (given: TlsOutput): TlsSpec =>
  Object.freeze({
    certificate: certificateOf(given),
    certificates: Object.freeze((given.certificates ?? []).map((one) => certificateOf(one, one.names))),
    ca: Object.freeze(typeof given.ca === 'string' ? [given.ca] : [...(given.ca ?? [])]),
    clientAuth: given.clientAuth ?? tlsDefaults.clientAuth,
    unknownName: given.unknownName ?? tlsDefaults.unknownName,
    minVersion: given.minVersion ?? tlsDefaults.minVersion,
    maxVersion: given.maxVersion ?? tlsDefaults.maxVersion,
    ciphers: given.ciphers,
    curves: given.curves === undefined ? undefined : Object.freeze([...given.curves]),
    sessionTickets: given.sessionTickets ?? tlsDefaults.sessionTickets,
    handshakeTimeoutMs: given.handshakeTimeoutMs ?? tlsDefaults.handshakeTimeoutMs,
    watch: given.watch ?? tlsDefaults.watch,
    warnBeforeDays: given.warnBeforeDays ?? tlsDefaults.warnBeforeDays,
  });
