import { discardHandle } from '../handle.ts';
import type { FromWorker, ToWorker } from '../protocol.ts';
import type { RuntimeLink, Undo } from '../runtime.ts';

/** Lets several in one process speak with the primary. */
export class Link implements RuntimeLink {
  readonly #listeners = new Set<(message: ToWorker, handle: unknown) => boolean>();
  readonly #send: RuntimeLink['send'];
  readonly #report: (error: unknown) => void;
  readonly #partings = new Set<() => void>();
  #isGone = false;
  #lastId = 0;

  constructor(send: RuntimeLink['send'], report: (error: unknown) => void) {
    this.#send = send;
    this.#report = report;
  }

  send(message: FromWorker, handle?: unknown, sent?: (delivered: boolean) => void): void {
    this.#send(message, handle, sent);
  }

  onMessage(listener: (message: ToWorker, handle: unknown) => boolean): Undo {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  onGone(listener: () => void): Undo {
    if (this.#isGone) this.#tell(listener);
    else this.#partings.add(listener);
    return () => this.#partings.delete(listener);
  }

  /** The primary can be reached no more. */
  part(): void {
    this.#isGone = true;
    for (const listener of [...this.#partings]) this.#tell(listener);
    this.#partings.clear();
  }

  nextId(): number {
    this.#lastId += 1;
    return this.#lastId;
  }

  hear(message: ToWorker, handle: unknown): void {
    let taken = false;
    for (const listener of [...this.#listeners]) {
      try {
        taken = listener(message, handle) || taken;
      } catch (error) {
        this.#report(error);
      }
    }
    if (!taken) discardHandle(handle);
  }

  #tell(listener: () => void): void {
    try {
      listener();
    } catch (error) {
      this.#report(error);
    }
  }
}
