import type { Subscription } from 'rxjs';
import type { CertificateStatus, Encryption } from '../server/encryption.ts';

/** What became of a server's certificates. */
export interface CertificateReport {
  /** The id of the server. */
  readonly server: string;
  readonly certificate: CertificateStatus;
  /** What was said of that server's certificates before; absent the first time. */
  readonly before?: CertificateStatus;
}

interface Watched {
  readonly encryption: Encryption;
  watch?: Subscription;
  status?: CertificateStatus;
}

/**
 * Follows the certificates of the servers in force. What is in force under an id is followed once, whatever address it
 * moves to; a server without encryption costs a look-up.
 */
export class Certificates {
  readonly #tell: (report: CertificateReport) => void;
  readonly #watched = new Map<string, Watched>();

  constructor(tell: (report: CertificateReport) => void) {
    this.#tell = tell;
  }

  /** From now on this is what a server's connections are encrypted with; `undefined` when they are not. */
  follow(server: string, encryption: Encryption | undefined): void {
    const former = this.#watched.get(server);
    if (former?.encryption === encryption) return;
    former?.watch?.unsubscribe();
    if (encryption === undefined) {
      this.#watched.delete(server);
      return;
    }
    const watched: Watched = { encryption, ...(former?.status === undefined ? {} : { status: former.status }) };
    this.#watched.set(server, watched);
    watched.watch = encryption.watch$.subscribe((certificate) => {
      const { status } = watched;
      watched.status = certificate;
      this.#tell({ server, certificate, ...(status === undefined ? {} : { before: status }) });
    });
  }

  /** Follows nobody any more. */
  stop(): void {
    for (const { watch } of this.#watched.values()) watch?.unsubscribe();
    this.#watched.clear();
  }
}
