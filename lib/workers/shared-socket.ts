import type { Unsubscribable } from 'rxjs';
import type { Handle } from '../listener/handle.ts';
import type { ToWorker } from './protocol.ts';
import type { HeldSocket } from './sockets.ts';

/** A process that is let in, as a held address sees it. */
export interface Guest {
  send(message: ToWorker, handle?: Handle): void;
  /**
   * Offers its listener `id` a connection. Either it takes it, or it never will: then nothing has been read from it.
   *
   * Unsubscribing forgets the offer; whoever does it knows that the process has ended, or has let go of the listener.
   */
  offer(
    id: number,
    handle: Handle,
    answer: { readonly taken: () => void; readonly undelivered: () => void },
  ): Unsubscribable;
}

/** An address that is held, and a way for workers to get at its connections. */
export interface SharedSocket extends HeldSocket {
  /**
   * Lets the listener `id` of a process in: says `listening` to it, and sees to it that it gets connections.
   * Unsubscribing takes it out; what it was offered and did not take goes to others.
   *
   * @param data - of a process that listens by itself: it and those after it are told what the first of them gave.
   */
  admit(guest: Guest, id: number, data?: unknown): Unsubscribable;
}
