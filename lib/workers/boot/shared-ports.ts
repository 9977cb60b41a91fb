import cluster from 'node:cluster';
import { constants } from 'node:os';
import { formatAddress, parseAddress } from '../../config/address.ts';
import { discardHandle } from '../handle.ts';
import type { ErrorData, ToWorker } from '../protocol.ts';
import type { SocketLink } from '../socket-link.ts';

// `cluster._getServer(server, query, reply)` is what a server of Node calls in a worker before it listens; it is no part of
// the documented interface. All of it is here. Where there is no such function Node's own way is taken.

/** What is replied to: a number below zero for an error, otherwise 0 and a handle. A handle is closed in any case. */
type Reply = (errno: number, handle: Closable) => void;

interface Closable {
  close(...parameters: readonly unknown[]): unknown;
}

interface PlainServer extends Closable {
  once(event: 'listening', listener: () => void): unknown;
}

/** A server that asked, from then on until its handle is closed. */
interface Port {
  readonly address: string;
  readonly server: PlainServer;
  readonly reply: Reply;
  isAnswered: boolean;
}

/** What a port needs of the process it is in. */
export interface SharedPortsSite {
  readonly link: SocketLink;
  /** Whether the primary holds ports for this process; asked each time. */
  readonly isWanted: () => boolean;
  /** A server listens. */
  readonly bound: () => void;
  /** What users' code throws. */
  readonly report: (error: unknown) => void;
}

/**
 * Ports on which servers of a script listen by themselves, with `server.listen(port)`.
 *
 * Node's cluster closes such a port with the last worker that listens there, and whoever connects then is refused. Here
 * the primary is asked for the socket that it holds itself, as it is for servers of this library. Only for TCP ports that
 * are named: any free one, unix sockets, UDP, file descriptors and `exclusive` go Node's way.
 */
export class SharedPorts {
  readonly #site: SharedPortsSite;
  /** By the number of their question. */
  readonly #ports = new Map<number, Port>();

  constructor(site: SharedPortsSite) {
    this.#site = site;
  }

  /** Takes the place of Node's way, for as long as this process lives. */
  install(): void {
    const original: unknown = Reflect.get(cluster, '_getServer');
    if (typeof original !== 'function') return;
    const { link, isWanted } = this.#site;
    link.onMessage((message, handle) => this.#hear(message, handle));
    link.onGone(() => {
      for (const id of [...this.#ports.keys()]) this.#refuse(id, 'EPIPE');
    });
    Reflect.set(cluster, '_getServer', (...parameters: readonly unknown[]): unknown => {
      const [server, query, reply] = parameters;
      const address = isWanted() ? addressIn(query) : undefined;
      if (address === undefined || !isServer(server) || !isReply(reply)) {
        return Reflect.apply(original, cluster, parameters);
      }
      return this.#ask({ address, server, reply, isAnswered: false });
    });
  }

  /** Closes the servers; connections that they have are left alone. */
  close(): void {
    for (const { server } of [...this.#ports.values()]) {
      try {
        server.close();
      } catch (error) {
        this.#site.report(error);
      }
    }
  }

  #ask(port: Port): void {
    const { link, bound } = this.#site;
    const { address, server } = port;
    const id = link.nextId();
    const isTaken = [...this.#ports.values()].some((other) => other.address === address);
    this.#ports.set(id, port);
    server.once('listening', bound);
    if (isTaken) {
      // To the primary both would be one; in one process the second has to fail. Nobody expects that before they return.
      setImmediate(() => this.#refuse(id, 'EADDRINUSE'));
      return;
    }
    const data: unknown = ownData(server);
    link.send({ type: 'listen', id, address, ...(data !== undefined && { data }) }, undefined, (sent) => {
      if (!sent) this.#refuse(id, 'EPIPE');
    });
  }

  #hear(message: ToWorker, handle: unknown): boolean {
    if (message.type === 'listen-failed') this.#refuse(message.id, codeIn(message.error));
    if (message.type !== 'listening') return false;
    const port = this.#ports.get(message.id);
    if (port === undefined || port.isAnswered) return false;
    if (isClosable(handle)) this.#answer(message.id, port, handle, message.data);
    // It was lost on its way: this process has no file descriptor left.
    else this.#giveUp(message.id, 'EMFILE');
    return true;
  }

  #answer(id: number, port: Port, handle: Closable, data: unknown): void {
    port.isAnswered = true;
    const { close } = handle;
    handle.close = (...parameters) => {
      this.#release(id);
      return Reflect.apply(close, handle, parameters);
    };
    try {
      if (data !== undefined) takeData(port.server, data);
      port.reply(0, handle);
    } catch (error) {
      // Thrown by listeners of the server: an error that nobody caught, as in any callback of Node.
      discardHandle(handle);
      process.nextTick(() => {
        throw error;
      });
    }
  }

  /** The primary still holds it for this process. */
  #giveUp(id: number, code: string): void {
    this.#site.link.send({ type: 'unlisten', id });
    this.#refuse(id, code);
  }

  #release(id: number): void {
    if (this.#ports.delete(id)) this.#site.link.send({ type: 'unlisten', id });
  }

  /** The server emits it as an `error`. Whoever has an answer keeps what it has. */
  #refuse(id: number, code: string): void {
    const port = this.#ports.get(id);
    if (port === undefined || port.isAnswered) return;
    this.#ports.delete(id);
    const errno = -(ERRNOS.get(code) ?? constants.errno.EADDRNOTAVAIL);
    // Later, where nobody catches what it throws: without a listener for the error this process fails, and does not hang.
    // One that was closed meanwhile closes what it is given, even now.
    process.nextTick(() => port.reply(errno, { close: () => {} }));
  }
}

const ERRNOS: ReadonlyMap<string, number> = new Map(Object.entries(constants.errno));

/** The system's word is innermost. */
const codeIn = ({ code = '', cause }: ErrorData): string => (cause === undefined ? code : codeIn(cause));

const isObject = (value: unknown): value is object => typeof value === 'object' && value !== null;

const isClosable = (value: unknown): value is Closable =>
  isObject(value) && 'close' in value && typeof value.close === 'function';

const isServer = (value: unknown): value is PlainServer =>
  isClosable(value) && 'once' in value && typeof value.once === 'function';

const isReply = (value: unknown): value is Reply => typeof value === 'function';

/** The address as the primary is asked for it; `undefined` when that is not for us. */
const addressIn = (query: unknown): string | undefined => {
  if (!isObject(query)) return undefined;
  const { address, port, addressType, fd, flags }: Readonly<Record<string, unknown>> = { ...query };
  if (typeof port !== 'number' || port <= 0 || typeof fd === 'number' || (flags ?? 0) !== 0) return undefined;
  if (address === null && addressType === 4) return formatAddress({ kind: 'tcp', host: '', port });
  // UDP has a text here.
  if (typeof address !== 'string' || (addressType !== 4 && addressType !== 6)) return undefined;
  // With a zone, or mapped into IPv6, it is none that we know.
  const result = parseAddress(addressType === 6 ? `[${address}]:${port}` : `${address}:${port}`);
  return result.ok ? formatAddress(result.address) : undefined;
};

/** Servers of TLS share the keys of their session tickets: a client comes back to any of the workers. */
const ownData = (server: PlainServer): unknown => {
  const get: unknown = Reflect.get(server, '_getServerData');
  return typeof get === 'function' ? Reflect.apply(get, server, []) : undefined;
};

const takeData = (server: PlainServer, data: unknown): void => {
  const set: unknown = Reflect.get(server, '_setServerData');
  if (typeof set === 'function') Reflect.apply(set, server, [data]);
};
