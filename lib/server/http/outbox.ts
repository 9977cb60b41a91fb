/** What `node:net` says of a socket's way out; other streams say less. */
export interface OutgoingSocket {
  readonly writableLength: number;
  /** Bytes handed to the socket, whether or not they have left it. */
  readonly bytesWritten?: number;
  /** Its `writeQueueSize` is what the kernel has not taken of the write that is under way. */
  readonly _handle?: { readonly writeQueueSize?: number } | null;
}

/** For how long a socket has had something to send of which nothing was taken. */
export class Outbox {
  /** Bytes of the writes that are done. */
  #done = 0;
  /** What is left of the write that is under way. */
  #left = 0;
  #waiting = false;
  /** When something was taken last, or began to wait. */
  #takenAt = 0;

  /** @param now - of a clock that stands still when nobody could be served. */
  stalledMs({ writableLength, bytesWritten = 0, _handle }: OutgoingSocket, now: number): number {
    const left = _handle?.writeQueueSize ?? 0;
    // What is written on top of what waits counts in both, and is no progress.
    const done = bytesWritten - writableLength;
    const waiting = writableLength > 0 || left > 0;
    if (!waiting || !this.#waiting || done > this.#done || left < this.#left) this.#takenAt = now;
    this.#waiting = waiting;
    this.#done = done;
    this.#left = left;
    return now - this.#takenAt;
  }
}
