import type { Duplex } from 'node:stream';
import type { Observable } from 'rxjs';

/** The certificates of a server as they are now. */
export interface CertificateStatus {
  /** `expiring` begins some days before the end; nothing is refused because of it. */
  readonly state: 'valid' | 'expiring' | 'expired';
  /** The names in the certificate that ends first. */
  readonly names: readonly string[];
  /** When it ends, milliseconds since the epoch. */
  readonly validTo: number;
  /** SHA-256 fingerprint of the default certificate. */
  readonly fingerprint: string;
  /** Why what the files hold now is not in use; what was loaded before is kept. */
  readonly error?: Error;
}

/** What becomes of a connection that is being encrypted. */
export interface HandshakeObserver {
  /** Both sides agree: what is written to `socket` is encrypted. `protocol` is what ALPN chose. */
  secured(socket: Duplex, protocol: 'h2' | 'http/1.1'): void;
  /** No agreement; the connection is closed or about to be. */
  failed(error: Error): void;
}

/** How connections are encrypted: certificates, keys and rules, ready for use. */
export interface Encryption {
  /** Begins a handshake on an accepted connection. Calls one of the observer's methods, once. */
  secure(socket: Duplex, observer: HandshakeObserver): void;
  /**
   * Whether connections that were made under these rules would have been let in under `next` as well, so that they may
   * stay when `next` comes into force.
   */
  admits(next: Encryption): boolean;
  readonly status: CertificateStatus;
  /** Handshakes that came to nothing. */
  readonly failures: number;
  /**
   * Keeps an eye on the files that certificates came from, and on the calendar.
   *
   * Cold: looks while subscribed, and puts new material to use for handshakes that begin later. Emits the status at once
   * and whenever it changes, never errors, never completes.
   */
  readonly watch$: Observable<CertificateStatus>;
}
