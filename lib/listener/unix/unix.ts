import { lstat, unlink } from 'node:fs/promises';
import { catchError, defer, from, type Observable, of, switchMap, throwError } from 'rxjs';
import { type Address, formatAddress } from '../../config/address.ts';
import { openDoor } from '../door.ts';
import { BindError } from '../errors.ts';
import type { Listener } from '../listener.ts';
import type { Opening } from '../opening.ts';
import { probeSocket } from '../probe.ts';

type UnixAddress = Extract<Address, { kind: 'unix' }>;

/**
 * Removes a socket file that a dead process left behind.
 *
 * Only a socket nobody answers on: a plain file is left for `listen` to fail on, and so is a live socket.
 */
const removeStale = async (address: UnixAddress): Promise<void> => {
  const stat = await lstat(address.path).catch(() => undefined);
  if (stat === undefined || !stat.isSocket() || (await probeSocket(address.path)) !== 'refused') return;
  await unlink(address.path).catch((cause: NodeJS.ErrnoException) => {
    // Gone in the meantime is what was wanted.
    if (cause.code !== 'ENOENT') throw new BindError(formatAddress(address), { cause });
  });
};

const NO_SOCKET = 'what is there is no socket; move it away or choose another path';

/** To the system a path is in use when anything is there: only a look at it tells whether anybody listens. */
const lookAt = async (address: UnixAddress, error: BindError): Promise<BindError> => {
  const stat = await lstat(address.path).catch(() => undefined);
  if (stat === undefined || stat.isSocket()) return error;
  return new BindError(error.address, { cause: error.cause, hint: NO_SOCKET });
};

/**
 * Takes a unix socket; a stale socket file in its place is removed first.
 *
 * @param open - what taking it means.
 */
export const takeUnix = <T>(address: UnixAddress, open: Opening<T>): Observable<T> =>
  defer(() => from(removeStale(address))).pipe(
    switchMap(() => open(address, { path: address.path })),
    catchError((error: unknown) => {
      const isTaken = error instanceof BindError && error.errno === 'EADDRINUSE';
      return (isTaken ? from(lookAt(address, error)) : of(error)).pipe(switchMap((why) => throwError(() => why)));
    }),
  );

/** Listens on a unix socket, as `takeUnix` has it. Closing removes the file. */
export const unixListener = (address: UnixAddress): Observable<Listener> => takeUnix(address, openDoor);
