import { discardHandle } from '../handle.ts';
import type { FromWorker, ToWorker } from '../protocol.ts';
import type { RuntimeLink, Undo } from '../runtime.ts';

/** Lets several in one process speak with the primary. */
export class Link implements RuntimeLink {
  readonly #listeners = new Set<(message: ToWorker, handle: unknown) => boolean>();
  readonly #send: RuntimeLink['send'];
  readonly #report: (error: unknown) => void;
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
}
