import { Readable } from 'node:stream';

/** A request's body as it arrives, as far as passing it on needs to know. */
export type Arriving = Readable & { readonly complete?: boolean };

/**
 * The body of a request on its way to a target; read only as fast as it is written there.
 *
 * A stream of its own, because who sends a body destroys it in the end, and with the request's own stream the connection
 * to its client would go.
 */
export class Upload extends Readable {
  readonly #arriving: Arriving;
  #isReading = false;

  constructor(arriving: Arriving) {
    super();
    this.#arriving = arriving;
  }

  override _read(): void {
    if (this.#isReading) {
      this.#arriving.resume();
      return;
    }
    this.#isReading = true;
    this.#arriving.on('data', this.#onData).once('end', this.#onEnd).once('close', this.#onClose);
    if (this.#arriving.destroyed && !this.#arriving.readableEnded) this.#onClose();
  }

  override _destroy(error: Error | null, done: (error?: Error | null) => void): void {
    this.#arriving.off('data', this.#onData).off('end', this.#onEnd).off('close', this.#onClose);
    // What is left of it is for whoever ends the request.
    if (this.#isReading) this.#arriving.pause();
    done(error);
  }

  readonly #onData = (chunk: Uint8Array): void => {
    if (!this.push(chunk)) this.#arriving.pause();
  };

  readonly #onEnd = (): void => {
    this.push(null);
  };

  /** Less came than was announced: the target must not take a part for all. */
  readonly #onClose = (): void => {
    if (!this.#arriving.readableEnded) this.destroy(new Error('the client broke its request off'));
  };
}
