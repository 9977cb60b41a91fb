import type { RuntimeLink, Undo } from './runtime.ts';

/** What a worker needs of its primary to have sockets. */
export interface SocketLink extends RuntimeLink {
  /** Told when the primary is gone. What is sent from then on reaches nobody, and `sent` says so. */
  onGone(listener: () => void): Undo;
}
