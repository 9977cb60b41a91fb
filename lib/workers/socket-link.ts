import type { Observable } from 'rxjs';
import type { FromWorker, Sharing, ToWorker } from './protocol.ts';

/** A message, and the socket that came with it. */
export interface Delivery {
  readonly message: ToWorker;
  readonly handle?: unknown;
}

/** What a worker needs of its primary to have sockets. */
export interface SocketLink {
  readonly sharing: Sharing;
  /**
   * What the primary says about sockets: `listening`, `listen-failed`, `connection`. Hot; completes when it is gone.
   * Handles that come with other messages are for somebody else to close.
   */
  readonly messages$: Observable<Delivery>;
  send(message: FromWorker): void;
}
