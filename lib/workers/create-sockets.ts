import { defer, finalize, type Observable, type SchedulerLike, shareReplay, switchMap, take, tap } from 'rxjs';
import type { Address } from '../config/address.ts';
import type { Sharing } from './protocol.ts';
import type { SharedSocket } from './shared-socket.ts';
import { Asking } from './sockets/asking.ts';
import { guest } from './sockets/guests.ts';
import { HeldAddresses } from './sockets/held-addresses.ts';
import { pinnedSocket } from './sockets/pinned-socket.ts';
import { probeReusePort } from './sockets/probe-reuse-port.ts';
import { reusedPort } from './sockets/reuse-port.ts';
import { roundRobin } from './sockets/round-robin.ts';
import type { Newcomers, WorkerSockets } from './sockets.ts';

export interface SocketsOptions {
  /** `'shared'` by default. */
  readonly sharing?: Sharing;
  /**
   * Milliseconds an address is held on for whoever takes the place of the last process that listened there, from when
   * everybody is there who is to come; 30 000 by default.
   */
  readonly lingerMs?: number;
  /** Who is expected; replays. `'none'` by default. */
  readonly newcomers$?: Observable<Newcomers>;
  /** Told once of what was not to be had as it was asked for. */
  readonly warn?: (warning: { readonly code: string; readonly message: string; readonly hint: string }) => void;
  /** Whether several sockets can listen on one port. */
  readonly probe?: Observable<boolean>;
  readonly scheduler?: SchedulerLike;
}

/** As long as a process may take to become ready: whoever takes the place of the dead one is there by then. */
const LINGER_MS = 30_000;

const NOT_SUPPORTED = {
  code: 'WARN_REUSE_PORT',
  message: 'several sockets cannot listen on one port here; workers share one socket instead',
  hint: "`reusePort` needs Node 22.12 and Linux or a BSD; `sharing: 'shared'` says the same without this warning",
};

type Open = (address: Address) => Observable<SharedSocket>;

/** Unix sockets know nothing of the kind: one that is bound twice is two. */
const reuseWhereSupported = ({ probe = probeReusePort, warn }: SocketsOptions): Open => {
  const isSupported$ = defer(() => probe).pipe(
    take(1),
    tap((isSupported) => {
      if (!isSupported) warn?.(NOT_SUPPORTED);
    }),
    shareReplay({ bufferSize: 1, refCount: false }),
  );
  return (address) =>
    address.kind === 'unix'
      ? pinnedSocket(address)
      : isSupported$.pipe(switchMap((isSupported) => (isSupported ? reusedPort(address) : pinnedSocket(address))));
};

const openers: Readonly<Record<Sharing, (options: SocketsOptions) => Open>> = {
  shared: () => pinnedSocket,
  'round-robin': () => roundRobin,
  'reuse-port': reuseWhereSupported,
};

/** The sockets of a primary. Nothing is opened before somebody asks for it. */
export const createSockets = (options: SocketsOptions = {}): WorkerSockets => {
  const { sharing = 'shared', lingerMs = LINGER_MS, newcomers$, scheduler } = options;
  const addresses = new HeldAddresses(openers[sharing](options), {
    ms: lingerMs,
    ...(newcomers$ !== undefined && { newcomers$ }),
    ...(scheduler !== undefined && { scheduler }),
  });
  // What the primary holds it asks for as any process does.
  const asking = new Asking();
  return {
    hold: (address) =>
      defer(() => {
        const asked = asking.ask(address);
        return addresses.hold(asked.name, address).pipe(finalize(() => asked.release()));
      }),
    serve: (process) => guest(process, addresses, scheduler).subscribe(),
    close: () => addresses.close(),
  };
};
