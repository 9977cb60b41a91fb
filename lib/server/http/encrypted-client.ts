import type { Duplex } from 'node:stream';
import type { Client } from '../client.ts';
import { Outbox, type OutgoingSocket } from './outbox.ts';

/** What `node:net` keeps on a socket whose bytes are read and written by TLS; other streams have none of it. */
interface CarryingSocket extends Duplex {
  readonly bytesRead?: number;
  readonly _handle?: (OutgoingSocket['_handle'] & { readonly bytesWritten?: number }) | null;
}

/** How long TLS may take to hand over what it has encrypted: everything that lasts longer is lost. */
const LOST_MS = 2_000;

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

  /**
   * What TLS has written and nobody took: it hands over a little at a time, and says nothing of what is under way.
   *
   * Nor does it say to HTTP/2 that a write has failed: it goes on waiting for one that the kernel knows nothing of.
   */
  stalledMs(now: number): number {
    if (this.#agreed === undefined) return 0;
    const { socket }: { readonly socket: CarryingSocket } = this.#agreed;
    const waiting = socket._handle?.writeQueueSize ?? 0;
    const { writeQueueSize: left = 0, bytesWritten = 0 } = this.#carrier._handle ?? {};
    const outgoing = {
      writableLength: waiting,
      bytesWritten: bytesWritten + waiting,
      _handle: { writeQueueSize: left },
    };
    const ms = this.#outbox.stalledMs(outgoing, now);
    return left === 0 && ms >= LOST_MS ? Number.POSITIVE_INFINITY : ms;
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
