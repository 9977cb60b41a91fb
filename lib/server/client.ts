import type { Duplex } from 'node:stream';

/**
 * One client's connection, as far as whoever drains it needs to know; what is said on it is up to its protocol.
 *
 * It is one of these from the moment it was accepted: while its TLS handshake is under way, then as what was agreed on.
 */
export interface Client {
  /** Destroying it cuts the connection. */
  readonly socket: Duplex;
  /** How often its server had been taken back into service when it was accepted. */
  readonly era: number;
  /** Asks it to end after what it has begun, in the words of its protocol. More than once is once. */
  leave(): void;
  /** Milliseconds without a sign of life. */
  silentMs(now: number): number;
  /**
   * Milliseconds for which something has waited to be sent and its client has taken none of it; absent where what
   * carries the protocol looks after that.
   *
   * @param now - of a clock that stands still when nobody could be served.
   */
  stalledMs?(now: number): number;
  /**
   * Nothing has been asked, or all that was asked has been answered and handed to the kernel.
   *
   * @param receiving - the HTTP/1 parsers that are within a request.
   */
  isIdle(receiving: ReadonlySet<unknown>): boolean;
  /** Ends our side, and the socket as soon as everything has been written. */
  end(): void;
}
