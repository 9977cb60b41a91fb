import type { Duplex } from 'node:stream';
import {
  BehaviorSubject,
  catchError,
  concat,
  defer,
  distinctUntilChanged,
  EMPTY,
  from,
  map,
  merge,
  type Observable,
  of,
  repeat,
  switchMap,
  takeLast,
  tap,
  timer,
} from 'rxjs';
import type { TlsSpec } from '../../config/tls-config.ts';
import { watchFiles } from '../../file/watch.ts';
import { type Soon, whenThere } from '../../reactive/soon.ts';
import type { CertificateStatus, Encryption, HandshakeObserver } from '../encryption.ts';
import { readCalendar } from './calendar.ts';
import { Handshakes } from './handshakes.ts';
import { checkMaterial, type Material } from './material.ts';
import { filesOf, inlineSources, readSources, sameSources, type TlsSources } from './pem-source.ts';
import { HandshakeError } from './tls-error.ts';

/**
 * How long material that does not fit together gets to become whole. Tools that renew certificates write certificate and
 * key one after the other.
 */
const SETTLE_MS = 1_000;

/** How long the calendar is left alone at most: the clock of the machine may be set. */
const LOOK_MS = 3_600_000;

/** Where a server is encrypted. */
export interface TlsSite {
  /** The directory that relative paths start from. */
  readonly baseDir: string;
  /** Clients may choose HTTP/2. */
  readonly http2: boolean;
}

/** Everything handshakes are made with at one moment. */
interface InUse {
  readonly sources: TlsSources;
  readonly material: Material;
  readonly handshakes: Handshakes;
}

const sameStatus = (a: CertificateStatus, b: CertificateStatus): boolean =>
  a.state === b.state && a.fingerprint === b.fingerprint && a.validTo === b.validTo && a.error === b.error;

const asError = (cause: unknown): Error => (cause instanceof Error ? cause : new Error(String(cause)));

class TlsEncryption implements Encryption {
  readonly #spec: TlsSpec;
  readonly #site: TlsSite;
  #inUse: InUse;
  #error: Error | undefined;
  #failures = 0;

  constructor(spec: TlsSpec, site: TlsSite, sources: TlsSources) {
    this.#spec = spec;
    this.#site = site;
    this.#inUse = this.#prepared(sources);
  }

  secure(socket: Duplex, observer: HandshakeObserver): void {
    this.#inUse.handshakes.begin(socket, {
      secured: (encrypted, protocol) => observer.secured(encrypted, protocol),
      failed: (error) => {
        // Who connects to see whether anybody is there, as checks over TCP do, has not failed at anything.
        if (!(error instanceof HandshakeError) || error.attempted) this.#failures += 1;
        observer.failed(error);
      },
    });
  }

  /**
   * Everybody stays except those who showed nothing and would have to: who was let in by a certificate was, whatever
   * becomes of its issuer later, but a rule that lets nobody in without one cannot leave others inside.
   */
  admits(next: Encryption): boolean {
    const isStricter = next instanceof TlsEncryption && next.#spec.clientAuth === 'require';
    return !isStricter || this.#spec.clientAuth === 'require';
  }

  get failures(): number {
    return this.#failures;
  }

  get status(): CertificateStatus {
    const { certificates } = this.#inUse.material;
    const [first] = certificates;
    const soonest = certificates.reduce((a, b) => (b.validTo < a.validTo ? b : a));
    const { state } = readCalendar(soonest.validTo, this.#spec.warnBeforeDays, Date.now());
    return Object.freeze({
      state,
      names: Object.freeze([...(soonest.givenNames ?? soonest.ownNames)]),
      validTo: soonest.validTo,
      fingerprint: first.fingerprint,
      ...(this.#error === undefined ? {} : { error: this.#error }),
    });
  }

  readonly watch$: Observable<CertificateStatus> = defer(() => {
    const looks$ = merge(of(undefined), this.#spec.watch ? this.#renewals() : EMPTY);
    return looks$.pipe(
      switchMap(() => merge(of(undefined), this.#calendar())),
      map(() => this.status),
      distinctUntilChanged(sameStatus),
    );
  });

  /** Emits when the calendar may say something else, and now and then. */
  #calendar(): Observable<unknown> {
    return defer(() => {
      const now = Date.now();
      const { changesAt } = readCalendar(this.status.validTo, this.#spec.warnBeforeDays, now);
      return timer(Math.max(1, Math.min(LOOK_MS, changesAt - now)));
    }).pipe(repeat());
  }

  /** Emits whenever the files were looked at, and puts what they hold to use. */
  #renewals(): Observable<unknown> {
    const files = filesOf(this.#spec, this.#site.baseDir);
    if (files.length === 0) return EMPTY;
    return defer(() => {
      const paths$ = new BehaviorSubject(files);
      return watchFiles(paths$).pipe(
        switchMap(() => this.#look()),
        // Links on the way may lead elsewhere now.
        tap(() => paths$.next(files)),
      );
    });
  }

  /** Reads the files, and once more when what they hold is of no use: the other half may be on its way. */
  #look(): Observable<unknown> {
    const once$ = defer(() => readSources(this.#spec, this.#site.baseDir)).pipe(tap((sources) => this.#renew(sources)));
    const later$ = concat(timer(SETTLE_MS), once$).pipe(takeLast(1));
    return once$.pipe(
      catchError(() => later$),
      catchError((cause: unknown) => {
        this.#error = asError(cause);
        return of(undefined);
      }),
    );
  }

  /** Throws a `TlsError` for what cannot be used. */
  #renew(sources: TlsSources): void {
    if (!sameSources(sources, this.#inUse.sources)) this.#inUse = this.#prepared(sources);
    this.#error = undefined;
  }

  #prepared(sources: TlsSources): InUse {
    const material = checkMaterial(sources, Date.now());
    return { sources, material, handshakes: new Handshakes(material, { spec: this.#spec, http2: this.#site.http2 }) };
  }
}

/**
 * Reads and checks everything connections to a server are encrypted with.
 *
 * Throws a `TlsError`, or emits one encryption and completes, or errors with a `TlsError`. Where all of it stands in the
 * config there is nothing to wait for.
 */
export const buildEncryption = (spec: TlsSpec, site: TlsSite): Soon<Encryption> => {
  const inline = inlineSources(spec);
  const sources: Soon<TlsSources> = inline ?? defer(() => from(readSources(spec, site.baseDir)));
  return whenThere(sources, (read) => new TlsEncryption(spec, site, read));
};
