/** Opcode of a frame that says good-bye (RFC 6455 §5.5.1). */
const CLOSE = 0x8;

/** The longest head of a frame: two bytes, a length of eight, a mask of four (RFC 6455 §5.2). */
const LONGEST_HEAD = 14;

const headLength = (second: number): number => {
  const length = second & 0x7f;
  return 2 + (length === 126 ? 2 : length === 127 ? 8 : 0) + ((second & 0x80) === 0 ? 0 : 4);
};

const payloadLength = (head: DataView): number => {
  const length = head.getUint8(1) & 0x7f;
  if (length === 126) return head.getUint16(2);
  return length === 127 ? head.getUint32(2) * 2 ** 32 + head.getUint32(6) : length;
};

/**
 * Follows one direction of a WebSocket, so that somebody else can say something where a frame ends.
 *
 * Nothing is kept of what passes by except the head of a frame that came in pieces.
 */
export class Frames {
  readonly #head = new Uint8Array(LONGEST_HEAD);
  #headBytes = 0;
  #payloadLeft = 0;
  /** A close frame has passed: nothing may follow it. */
  hasClosed = false;

  /** Nothing is half said. */
  get isBetween(): boolean {
    return this.#headBytes === 0 && this.#payloadLeft === 0;
  }

  /** Takes note of what passes by; returns how many of its bytes come before the first end of a frame, if it has one. */
  push(chunk: Uint8Array): number | undefined {
    let first: number | undefined;
    for (let at = 0; at < chunk.byteLength; ) {
      if (this.#payloadLeft > 0) {
        const taken = Math.min(this.#payloadLeft, chunk.byteLength - at);
        this.#payloadLeft -= taken;
        at += taken;
      } else {
        this.#head[this.#headBytes] = chunk[at] ?? 0;
        this.#headBytes += 1;
        at += 1;
        if (this.#headBytes < 2 || this.#headBytes < headLength(this.#head[1] ?? 0)) continue;
        this.hasClosed ||= ((this.#head[0] ?? 0) & 0x0f) === CLOSE;
        this.#payloadLeft = payloadLength(new DataView(this.#head.buffer));
        this.#headBytes = 0;
      }
      if (this.#payloadLeft === 0) first ??= at;
    }
    return first;
  }
}
