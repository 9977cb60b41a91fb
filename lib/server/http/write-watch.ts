import type { Client } from '../client.ts';

/** How often it looks at most; two looks may pass before a stall is noticed. */
const LOOK_MS = 400;

/** And at least, for limits that are short. */
const SHORTEST_LOOK_MS = 10;

/**
 * Cuts clients that take nothing of what waits to be sent to them.
 *
 * One timer for all of them: a request costs nothing, a look costs a few reads for each connection. Time in which the
 * event loop stood still does not count: nobody could be served then.
 */
export class WriteWatch {
  readonly #clients: ReadonlySet<Client>;
  readonly #stalled: (client: Client) => void;
  #limitMs = 0;
  #timer: NodeJS.Timeout | undefined;
  #lookedAt = 0;
  /** Milliseconds in which clients could have taken something. */
  #clock = 0;

  constructor(clients: ReadonlySet<Client>, stalled: (client: Client) => void) {
    this.#clients = clients;
    this.#stalled = stalled;
  }

  /** Changes the limit, for stalls that have begun as well; `0` is none. */
  limit(limitMs: number): void {
    if (limitMs === this.#limitMs) return;
    this.#limitMs = limitMs;
    this.stop();
    if (limitMs === 0) return;
    const lookMs = Math.max(SHORTEST_LOOK_MS, Math.min(LOOK_MS, limitMs / 4));
    this.#lookedAt = performance.now();
    this.#timer = setInterval(() => this.#look(lookMs), lookMs);
    this.#timer.unref();
  }

  stop(): void {
    clearInterval(this.#timer);
  }

  #look(lookMs: number): void {
    const now = performance.now();
    this.#clock += Math.min(now - this.#lookedAt, 2 * lookMs);
    this.#lookedAt = now;
    for (const client of this.#clients) {
      if ((client.stalledMs?.(this.#clock) ?? 0) >= this.#limitMs) this.#stalled(client);
    }
  }
}
