import type { Observable, Unsubscribable } from 'rxjs';
import type { Address } from '../config/address.ts';
import type { WorkerProcess } from './worker-process.ts';

/** An address that the primary holds for its workers. */
export interface HeldSocket {
  /** With the real port. */
  readonly address: Address;
}

/** The sockets behind the addresses that workers share. */
export interface Sockets {
  /**
   * Takes an address and keeps it, whether or not any worker accepts there: who connects meanwhile waits, from the first
   * time on that a worker has accepted there (with round robin from the beginning).
   *
   * Cold: emits once it is bound and stays open; errors with a `BindError`, or an `UnsupportedSharingError`; completes
   * when the workers have stopped. Unsubscribing lets go of it; workers that accept there keep it open until they let go
   * as well. Port 0 and ranges become a port, and of several that are held at once each another one; workers that ask for
   * the same get those, in the same order.
   */
  hold(address: Address): Observable<HeldSocket>;
}

/** Who is expected: `'some'` processes are still to come, `'none'` as all are there, or nobody `'never'` again. */
export type Newcomers = 'some' | 'none' | 'never';

/** The same for who starts the processes. */
export interface WorkerSockets extends Sockets {
  /**
   * Answers what a process asks about sockets, until it ends.
   *
   * An address that nobody holds is held for as long as any process listens there. When the last of them dies, or leaves,
   * it is held on: the process that takes its place finds everybody who connected meanwhile. It is let go of when all
   * that are to come have been there for `lingerMs` and none has asked for it.
   */
  serve(process: WorkerProcess): Unsubscribable;
  /** Lets go of everything, in this turn: processes that listen keep what they have, and nobody gets anything any more. */
  close(): void;
}
