import net, { type Server, Socket, type SocketConstructorOpts } from 'node:net';
import { getSystemErrorName } from 'node:util';
import { UnsupportedSharingError } from './errors.ts';

/**
 * What Node calls a socket below its `net.Server`. Binding one without listening, and listening on one that came from
 * another process, is what `node:cluster` does, and no part of Node's documented interface: all of it is here, looked for
 * at every use, and missing it is an error of its own.
 */
export interface Handle {
  close(): void;
}

/** Of TCP, not of unix sockets. */
interface TcpHandle extends Handle {
  getsockname(into: object): unknown;
}

export const isHandle = (value: unknown): value is Handle =>
  typeof value === 'object' && value !== null && 'close' in value && typeof value.close === 'function';

const isTcp = (handle: Handle): handle is TcpHandle =>
  'getsockname' in handle && typeof handle.getsockname === 'function';

/** What to bind: an IP address or `null` for all of them and a port, or a path. */
export type BindTarget =
  | { readonly host: string | null; readonly family: 4 | 6; readonly port: number }
  | { readonly path: string };

/** Lets several processes bind the same port, each with a queue of its own: libuv's `UV_TCP_REUSEPORT`. */
export const REUSE_PORT = 2;

const systemError = (errno: number): Error => {
  const code = getSystemErrorName(errno);
  return Object.assign(new Error(`bind ${code}`), { code, errno, syscall: 'bind' });
};

/** Binds a socket and does not listen on it. Throws the system's word, or a `UnsupportedSharingError`. */
export const bindHandle = (target: BindTarget, flags = 0): Handle => {
  const create: unknown = Reflect.get(net, '_createServerHandle');
  if (typeof create !== 'function') throw new UnsupportedSharingError();
  const [address, port, family] = 'path' in target ? [target.path, -1, -1] : [target.host, target.port, target.family];
  const handle: unknown = Reflect.apply(create, net, [address, port, family, undefined, flags]);
  if (typeof handle === 'number') throw systemError(handle);
  if (!isHandle(handle)) throw new UnsupportedSharingError();
  if (!isTcp(handle)) return handle;
  // libuv keeps EADDRINUSE to itself until somebody listens, or asks for the name.
  const errno = handle.getsockname({});
  if (typeof errno !== 'number' || errno === 0) return handle;
  handle.close();
  throw systemError(errno);
};

/** The port a handle is bound to; `undefined` for unix sockets. */
export const portOf = (handle: Handle): number | undefined => {
  if (!isTcp(handle)) return undefined;
  const name: { readonly port?: unknown } = {};
  handle.getsockname(name);
  return typeof name.port === 'number' ? name.port : undefined;
};

/** Lets a server listen on a bound handle, in a worker of `node:cluster` too. Throws a `UnsupportedSharingError`. */
export const listenOnHandle = (server: Server, handle: unknown, backlog: number): void => {
  if (!isHandle(handle)) throw new UnsupportedSharingError();
  if (isTcp(handle)) {
    server.listen(handle, backlog);
    return;
  }
  // `listen` takes the handle of a unix socket for a file descriptor, which in a worker it asks the primary for.
  const listen: unknown = Reflect.get(server, '_listen2');
  if (typeof listen !== 'function') throw new UnsupportedSharingError();
  Reflect.set(server, '_handle', handle);
  Reflect.apply(listen, server, [null, -1, -1, backlog]);
};

/** What is below a connection: sent to another process it stays open here, and nothing has been read from it. */
export const handleOf = (socket: object): Handle | undefined => {
  const handle: unknown = Reflect.get(socket, '_handle');
  return isHandle(handle) ? handle : undefined;
};

/** A connection that another process accepted; reading begins now. */
export const socketOf = (handle: Handle, options: SocketConstructorOpts): Socket => {
  const all = { ...options, handle, readable: true, writable: true };
  return new Socket(all);
};
