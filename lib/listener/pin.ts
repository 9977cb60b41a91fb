import { lookup } from 'node:dns';
import { isIP } from 'node:net';
import { Observable } from 'rxjs';
import { type Address, formatAddress } from '../config/address.ts';
import { BindError, UnsupportedSharingError } from './errors.ts';
import { type BindTarget, bindHandle, type Handle, portOf, REUSE_PORT } from './handle.ts';
import type { Opening } from './opening.ts';

/** A bound socket on which nobody listens yet: others are given duplicates of it, and it is there as long as it is held. */
export interface Pin {
  /** With the real port. */
  readonly address: Address;
  /** What goes to another process. */
  readonly handle: Handle;
}

type Target = (found: (target: BindTarget) => void, failed: (cause: unknown) => void) => void;

const targetOf = (address: Address): Target => {
  if (address.kind === 'unix') return (found) => found({ path: address.path });
  const { host, port } = address;
  if (host === '') return (found) => found({ host: null, family: 4, port });
  const family = isIP(host);
  if (family !== 0) return (found) => found({ host, family: family === 6 ? 6 : 4, port });
  // As `server.listen` does: the first of its addresses.
  return (found, failed) =>
    lookup(host, (error, ip, version) => {
      if (error === null) found({ host: ip, family: version === 6 ? 6 : 4, port });
      else failed(error);
    });
};

const pin = (address: Address, target: BindTarget, flags: number): Pin => {
  // Whoever listens there with the same flag would be no obstacle: without it everybody is.
  if (flags === REUSE_PORT && 'port' in target && target.port !== 0) bindHandle(target).close();
  const handle = bindHandle(target, flags);
  const port = portOf(handle);
  const isFound = address.kind === 'tcp' && port !== undefined && port !== address.port;
  return { address: isFound ? { ...address, port } : address, handle };
};

/** To `bind` every number is a port. */
const badPort = (address: Address): Error | undefined => {
  if (address.kind === 'unix' || (Number.isInteger(address.port) && address.port >= 0 && address.port <= 65_535)) {
    return undefined;
  }
  return Object.assign(new RangeError(`${address.port} is no port`), { code: 'ERR_SOCKET_BAD_PORT' });
};

/**
 * Binds an address and does not listen: who connects is refused until somebody listens on the handle, and from then on
 * waits in its queue for as long as anybody holds it.
 *
 * Two processes may bind the same port as long as none of them listens; the first to listen has it, and the others
 * cannot. Errors with a `BindError`, or a `UnsupportedSharingError`.
 *
 * @param flags - `REUSE_PORT` or 0. With it others can listen there with sockets of their own; whoever listens already is
 *   an obstacle all the same.
 */
export const openPin =
  (flags = 0): Opening<Pin> =>
  (address) =>
    new Observable((subscriber) => {
      const fail = (cause: unknown): void => {
        subscriber.error(
          cause instanceof UnsupportedSharingError ? cause : new BindError(formatAddress(address), { cause }),
        );
      };
      const refused = badPort(address);
      if (refused !== undefined) {
        fail(refused);
        return;
      }
      targetOf(address)((target) => {
        // Nobody waited for the name to be resolved.
        if (subscriber.closed) return;
        try {
          const pinned = pin(address, target, flags);
          subscriber.add(() => pinned.handle.close());
          subscriber.next(pinned);
        } catch (cause) {
          fail(cause);
        }
      }, fail);
    });
