import { constants } from 'node:crypto';
import type { Duplex } from 'node:stream';
import {
  createSecureContext,
  createServer,
  type SecureContext,
  type SecureContextOptions,
  type Server,
  type TLSSocket,
} from 'node:tls';
import type { TlsSpec } from '../../config/tls-config.ts';
import type { HandshakeObserver } from '../encryption.ts';
import { lookup, type NameLookup, namesOf } from './certificate-names.ts';
import type { Certificate, Material } from './material.ts';
import { HandshakeError, TlsError } from './tls-error.ts';

/**
 * Whose sessions may be taken up again. OpenSSL wants one as soon as clients are asked for certificates, and the same for
 * every name; that sessions stay with the material they began under is seen to by its keys.
 */
const SESSIONS_OF = 'sluice';

/** What those get who speak HTTP to a port that expects TLS. Node has read their request when it finds out. */
const PLAIN_HTTP =
  'HTTP/1.1 400 Bad Request\r\nConnection: close\r\nContent-Type: text/plain; charset=UTF-8\r\n' +
  'Content-Length: 22\r\n\r\nthis port speaks HTTPS';

const LEFT = 'the client has left';
const NOT_GOOD = 'the certificate of the client is not good';

const ignore = (): void => {};

/** What OpenSSL refuses although it could be read: a key that is too short, a suite nobody knows. */
const refused = (cause: unknown, { source }: Certificate): TlsError => {
  const code = cause instanceof Error && 'code' in cause ? String(cause.code) : '';
  return code === 'ERR_SSL_NO_CIPHER_MATCH' || code === 'ERR_SSL_INVALID_COMMAND'
    ? new TlsError('ERR_TLS_CIPHERS', 'no cipher suite of this Node is in tls.ciphers', 'tls.ciphers', {
        cause,
        hint: '`openssl ciphers` lists them',
      })
    : new TlsError('ERR_TLS_INVALID', `the certificate in ${source} cannot be used`, source, { cause });
};

/** Whether anything came from a client. Streams that are no sockets of the system do not say: it is taken for granted. */
const hasSpoken = (socket: object): boolean => !('bytesRead' in socket) || socket.bytesRead !== 0;

const left = (socket: object): HandshakeError => new HandshakeError(LEFT, { attempted: hasSpoken(socket) });

/** A connection whose handshake is under way. */
interface Pending {
  readonly observer: HandshakeObserver;
  readonly timer: NodeJS.Timeout;
}

/** The connection beneath an encrypted one. */
const beneath = (encrypted: TLSSocket): object => {
  const wrapped: unknown = Reflect.get(encrypted, '_parent');
  if (typeof wrapped !== 'object' || wrapped === null) return encrypted;
  // A stream that is no socket of the system stands behind an adapter.
  return 'stream' in wrapped && typeof wrapped.stream === 'object' && wrapped.stream !== null
    ? wrapped.stream
    : wrapped;
};

/** How handshakes are made: material, and the rules it is used by. */
export interface HandshakeRules {
  readonly spec: TlsSpec;
  readonly http2: boolean;
}

/**
 * Makes handshakes with one set of material, from its first to its last: a `tls.Server` that never listens.
 *
 * Nothing in it is ever exchanged. Node resets whatever is not repeated when the context of a server is replaced, so
 * other material is another one of these; what this one began it finishes. Its sessions end with it: whoever takes one up
 * again was let in by the material that is in use.
 */
export class Handshakes {
  readonly #server: Server;
  readonly #spec: TlsSpec;
  readonly #find: NameLookup<SecureContext>;
  readonly #pending = new WeakMap<object, Pending>();

  /** Throws a `TlsError` for what cannot be used. */
  constructor(material: Material, { spec, http2 }: HandshakeRules) {
    this.#spec = spec;
    const byName = namesOf(material);
    const [first] = material.certificates;
    const optionsFor = ({ cert, key, passphrase }: Certificate): SecureContextOptions => ({
      cert,
      key,
      ...(passphrase === undefined ? {} : { passphrase }),
      ...(material.ca.length === 0 ? {} : { ca: [...material.ca] }),
      minVersion: spec.minVersion,
      maxVersion: spec.maxVersion,
      ...(spec.ciphers === undefined ? {} : { ciphers: spec.ciphers }),
      ...(spec.curves === undefined ? {} : { ecdhCurve: spec.curves.join(':') }),
      ...(spec.sessionTickets ? {} : { secureOptions: constants.SSL_OP_NO_TICKET }),
      sessionIdContext: SESSIONS_OF,
    });
    const contexts = new Map<Certificate, SecureContext>();
    for (const certificate of material.certificates) {
      try {
        contexts.set(certificate, createSecureContext(optionsFor(certificate)));
      } catch (cause) {
        throw refused(cause, certificate);
      }
    }
    this.#find = lookup(new Map([...byName].flatMap(([name, one]) => pair(name, contexts.get(one)))));
    this.#server = createServer({
      ...optionsFor(first),
      requestCert: spec.clientAuth !== 'none',
      rejectUnauthorized: spec.clientAuth === 'require',
      ALPNProtocols: http2 ? ['h2', 'http/1.1'] : ['http/1.1'],
      SNICallback: (name, present) => this.#choose(name, present),
      // Node's own limit ends nothing by itself, and counts from the last byte: ours is below, and absolute.
      handshakeTimeout: spec.handshakeTimeoutMs,
    });
    this.#server.on('secureConnection', (encrypted) => this.#secured(encrypted));
    this.#server.on('tlsClientError', (error, encrypted) => this.#failed(encrypted, error));
  }

  begin(socket: Duplex, observer: HandshakeObserver): void {
    socket.on('error', ignore);
    const timer = setTimeout(() => {
      if (!this.#settle(socket)) return;
      socket.destroy();
      observer.failed(new HandshakeError(`not done within ${this.#spec.handshakeTimeoutMs} ms`));
    }, this.#spec.handshakeTimeoutMs);
    timer.unref();
    this.#pending.set(socket, { observer, timer });
    // Node closes the connection beneath first, and then says whose certificate it has refused.
    socket.once('close', () => setImmediate(() => this.#settle(socket)?.observer.failed(left(socket))));
    // Whoever ends its side in the middle of a handshake waits for nothing; Node would wait for the time limit.
    socket.allowHalfOpen = false;
    this.#server.emit('connection', socket);
  }

  /** Takes a connection out of those that are under way. */
  #settle(socket: object): Pending | undefined {
    const pending = this.#pending.get(socket);
    this.#pending.delete(socket);
    clearTimeout(pending?.timer);
    return pending;
  }

  #choose(name: string, present: (error: Error | null, context?: SecureContext) => void): void {
    const context = this.#find(name);
    if (context === undefined && this.#spec.unknownName === 'refuse') {
      present(new HandshakeError('no certificate is for the name that was asked for'));
    } else present(null, context);
  }

  #secured(encrypted: TLSSocket): void {
    encrypted.on('error', ignore);
    encrypted.allowHalfOpen = true;
    const pending = this.#settle(beneath(encrypted));
    const reason = pending === undefined ? 'nobody waits for it' : this.#objection(encrypted);
    if (reason === undefined) pending?.observer.secured(encrypted, encrypted.alpnProtocol === 'h2' ? 'h2' : 'http/1.1');
    else {
      encrypted.destroy();
      pending?.observer.failed(new HandshakeError(reason));
    }
  }

  /** Why a client is not let in although both sides have agreed. */
  #objection(encrypted: TLSSocket): string | undefined {
    const { clientAuth, unknownName } = this.#spec;
    // Who names nobody is not asked about: Node presents the default certificate.
    if (unknownName === 'refuse' && !Reflect.get(encrypted, 'servername')) return 'no name was asked for';
    if (clientAuth === 'none' || encrypted.authorized) return undefined;
    return encrypted.getPeerX509Certificate() === undefined && clientAuth === 'request'
      ? undefined
      : `${NOT_GOOD}: ${encrypted.authorizationError}`;
  }

  #failed(encrypted: TLSSocket, cause: Error): void {
    const socket = beneath(encrypted);
    const pending = this.#settle(socket);
    const code = 'code' in cause ? String(cause.code) : '';
    if (code === 'ERR_SSL_HTTP_REQUEST' && 'write' in socket && typeof socket.write === 'function') {
      socket.write(PLAIN_HTTP);
    }
    // Node refuses a certificate by hanging up.
    const end = encrypted.authorizationError ? `${NOT_GOOD}: ${encrypted.authorizationError}` : LEFT;
    const reason = code === 'ECONNRESET' ? end : code;
    encrypted.destroy();
    const attempted = reason !== LEFT || hasSpoken(socket);
    pending?.observer.failed(
      cause instanceof HandshakeError ? cause : new HandshakeError(reason, { cause, attempted }),
    );
  }
}

const pair = <T>(name: string, value: T | undefined): readonly (readonly [string, T])[] =>
  value === undefined ? [] : [[name, value]];
