import type { Caller } from './caller.ts';
import type { Reply } from './reply.ts';

/** A request whose handler did not answer in the turn in which it was called. */
export interface Pending {
  readonly caller: Caller;
  readonly reply: Reply;
  /** `performance.now()` at which response headers are due; `Infinity` without a limit. */
  dueAt: number;
}

/**
 * The requests that wait for their handlers, and the one timer that watches over their deadlines.
 *
 * Requests that are answered at once never come here: they cost nothing.
 */
export class InFlight {
  readonly #pending = new Set<Pending>();
  readonly #late: (pending: Pending) => void;
  #timer: NodeJS.Timeout | undefined;
  #firesAt = Number.POSITIVE_INFINITY;

  constructor(late: (pending: Pending) => void) {
    this.#late = late;
  }

  get size(): number {
    return this.#pending.size;
  }

  add(pending: Pending): void {
    const { caller, reply } = pending;
    this.#pending.add(pending);
    caller.open += 1;
    reply.once('close', () => {
      this.#pending.delete(pending);
      caller.open -= 1;
      caller.activeAt = performance.now();
    });
    if (pending.dueAt < this.#firesAt) this.#arm(pending.dueAt);
  }

  stop(): void {
    clearTimeout(this.#timer);
  }

  #arm(dueAt: number): void {
    clearTimeout(this.#timer);
    this.#firesAt = dueAt;
    this.#timer = setTimeout(() => this.#sweep(), Math.max(1, Math.ceil(dueAt - performance.now())));
    this.#timer.unref();
  }

  #sweep(): void {
    const now = performance.now();
    let next = Number.POSITIVE_INFINITY;
    for (const pending of this.#pending) {
      if (pending.dueAt > now) {
        next = Math.min(next, pending.dueAt);
        continue;
      }
      pending.dueAt = Number.POSITIVE_INFINITY;
      if (!pending.reply.headersSent) this.#late(pending);
    }
    this.#firesAt = Number.POSITIVE_INFINITY;
    if (next !== Number.POSITIVE_INFINITY) this.#arm(next);
  }
}
