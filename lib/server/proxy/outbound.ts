import type { Duplex } from 'node:stream';
import type { ProxySettings } from '../../config/proxy-config.ts';
import { addForwarded, clientAddress, type Peer, plainAddress, trusting, viaOf } from './forwarded.ts';
import { connectionOptions, sortHeaders } from './headers.ts';
import { rewriting } from './path.ts';
import { type KeyReader, readingKey } from './sticky.ts';
import type { Outbound } from './upstream.ts';

/** What a request says, wherever that was read. */
export interface Said {
  readonly method: string;
  /** The path that its route was found by, and the query. */
  readonly path: string;
  /** Names and values in turn. */
  readonly rawHeaders: readonly string[];
  readonly connection: string | undefined;
  readonly host: string | undefined;
  /** The length it announces, when that is to be announced to the target as well. */
  readonly contentLength: string | undefined;
  readonly body: Outbound['body'];
  /** `1.1`, `2.0` */
  readonly version: string;
  /** The protocol it asks for, when it is to get it. */
  readonly upgrade: string | null;
}

/** What `node:net` says of the ends of a connection; other streams say less. */
interface Ends {
  readonly remoteAddress?: string | undefined;
  readonly localPort?: number | undefined;
  readonly encrypted?: boolean | undefined;
}

/** A connection nobody knows anything about. */
const nobody = (): Peer => ({ address: undefined, port: undefined, isEncrypted: false, isTrusted: false });

/** Makes what is sent to targets out of what was received, for one route. */
export class Outbounds {
  readonly #settings: ProxySettings;
  readonly #pseudonym: string;
  readonly #rewrite: (path: string) => string;
  readonly #isTrusted: (address: string | undefined) => boolean;
  readonly #keyOf: KeyReader | undefined;
  /** Looked at once for all requests of a connection. */
  readonly #peers = new WeakMap<Duplex, Peer>();

  /** @param pseudonym - what this route calls itself in `Via`; nobody else may have the same. */
  constructor(settings: ProxySettings, pseudonym: string) {
    this.#settings = settings;
    this.#pseudonym = pseudonym;
    this.#rewrite = rewriting(settings);
    this.#isTrusted = trusting(settings.trust);
    const { balance } = settings;
    this.#keyOf = typeof balance === 'string' ? undefined : readingKey(balance.sticky);
  }

  /** What is sent; `undefined` when this route has sent it before: it would go round in circles. */
  of(said: Said, socket: Duplex | undefined): Outbound | undefined {
    const peer = socket === undefined ? nobody() : this.#peerOf(socket);
    const { headers, claims, via } = sortHeaders(said.rawHeaders, connectionOptions(said.connection), peer.isTrusted);
    if (via?.includes(this.#pseudonym)) return undefined;
    const { host, headersTimeoutMs, bodyTimeoutMs } = this.#settings;
    const key = this.#keyOf?.(said, () => clientAddress(peer, claims, this.#isTrusted));
    if (host === 'preserve' && said.host !== undefined) headers.push('host', said.host);
    addForwarded(headers, peer, said.host, claims);
    headers.push('via', viaOf(via, said.version, this.#pseudonym));
    if (said.body !== null && said.contentLength !== undefined) headers.push('content-length', said.contentLength);
    return {
      method: said.method,
      path: this.#rewrite(said.path),
      headers,
      body: said.body,
      upgrade: said.upgrade,
      headersTimeoutMs,
      bodyTimeoutMs,
      key,
    };
  }

  #peerOf(socket: Duplex): Peer {
    const known = this.#peers.get(socket);
    if (known !== undefined) return known;
    const { remoteAddress, localPort, encrypted }: Duplex & Ends = socket;
    const address = plainAddress(remoteAddress);
    const peer = { address, port: localPort, isEncrypted: encrypted === true, isTrusted: this.#isTrusted(address) };
    this.#peers.set(socket, peer);
    return peer;
  }
}
