import type { Duplex } from 'node:stream';
import type { Client } from '../client.ts';
import { Outbox, type OutgoingSocket } from './outbox.ts';

/** What `node:net` keeps on a socket whose bytes are read and written by TLS; other streams have none of it. */
interface CarryingSocket extends Duplex {
  readonly bytesRead?: number;
  readonly _handle?: (OutgoingSocket['_handle'] & { readonly bytesWritten?: number }) | null;
}

/**
 * One client's encrypted connection: a handshake, and then what both sides agreed to speak.
 *
 * What it is told while the handshake is under way it tells the protocol that comes out of it.
 */
export class EncryptedClient implements Client {
  readonly era: number;
  /** Told to leave. */
  draining: boolean;
  readonly #carrier: CarryingSocket;
  readonly #outbox = new Outbox();
  #agreed: Client | undefined;
  #activeAt = performance.now();
  #bytesSeen = 0;

  constructor(carrier: Duplex, era: number, draining: boolean) {
    this.#carrier = carrier;
    this.era = era;
    this.draining = draining;
  }

  get socket(): Duplex {
    return this.#agreed?.socket ?? this.#carrier;
  }

  /** The handshake is done: this is what is spoken. */
  speaks(agreed: Client): void {
    this.#agreed = agreed;
  }

  leave(): void {
    this.draining = true;
    this.#agreed?.leave();
  }

  silentMs(now: number): number {
    if (this.#agreed !== undefined) return this.#agreed.silentMs(now);
    const { bytesRead = 0 } = this.#carrier;
    if (bytesRead !== this.#bytesSeen) {
      this.#bytesSeen = bytesRead;
      this.#activeAt = Math.max(this.#activeAt, now);
    }
    return now - this.#activeAt;
  }

  /** What TLS has written and nobody took: it hands over a little at a time, and says nothing of what is under way. */
  stalledMs(now: number): number {
    if (this.#agreed?.stalledMs === undefined) return 0;
    const { _handle } = this.#carrier;
    return this.#outbox.stalledMs(
      { writableLength: 0, bytesWritten: _handle?.bytesWritten ?? 0, _handle: _handle ?? null },
      now,
    );
  }

  /** Who has begun a handshake is about to ask for something. */
  isIdle(receiving: ReadonlySet<unknown>): boolean {
    return this.#agreed === undefined ? (this.#carrier.bytesRead ?? 0) === 0 : this.#agreed.isIdle(receiving);
  }

  end(): void {
    if (this.#agreed === undefined) this.#carrier.destroy();
    else this.#agreed.end();
  }
}
