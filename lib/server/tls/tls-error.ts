/** What is wrong with certificates, keys and rules. */
export type TlsErrorCode =
  | 'ERR_TLS_UNREADABLE'
  | 'ERR_TLS_INVALID'
  | 'ERR_TLS_PASSPHRASE'
  | 'ERR_TLS_KEY_MISMATCH'
  | 'ERR_TLS_EXPIRED'
  | 'ERR_TLS_NOT_YET_VALID'
  | 'ERR_TLS_CHAIN'
  | 'ERR_TLS_CA_MISSING'
  | 'ERR_TLS_NAMES'
  | 'ERR_TLS_CIPHERS';

/** What is known of an error besides its code. */
export interface TlsErrorOptions extends ErrorOptions {
  /** What to do about it. */
  readonly hint?: string;
}

/**
 * Material that connections cannot be encrypted with. It names the file, or the place in the config, and shows nothing
 * of what stands there.
 */
export class TlsError extends Error {
  override readonly name = 'TlsError';
  readonly code: TlsErrorCode;
  /** The path of the file as the config names it, or where in the config the text stands. */
  readonly source: string;
  readonly hint: string | undefined;
  constructor(code: TlsErrorCode, message: string, source: string, { hint, ...options }: TlsErrorOptions = {}) {
    super(message, options);
    this.code = code;
    this.source = source;
    this.hint = hint;
  }
}

/** A client and we did not come to an agreement; for the log, where nobody is meant to be woken by it. */
export class HandshakeError extends Error {
  override readonly name = 'HandshakeError';
  readonly code = 'ERR_TLS_HANDSHAKE';
  /** The client had begun: it did more than to see whether anybody is there. */
  readonly attempted: boolean;
  constructor(reason: string, { attempted = true, ...options }: ErrorOptions & { readonly attempted?: boolean } = {}) {
    super(`TLS handshake failed${reason === '' ? '' : `: ${reason}`}`, options);
    this.attempted = attempted;
  }
}
