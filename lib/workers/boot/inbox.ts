import type { Undo } from '../runtime.ts';

/** How many messages of one name are kept for a first listener; the oldest go. */
const KEPT = 1_024;

/** Messages by name, kept until somebody listens. */
export class Inbox {
  readonly #listeners = new Map<string, Set<(body: unknown) => void>>();
  readonly #kept = new Map<string, unknown[]>();
  readonly #report: (error: unknown) => void;

  constructor(report: (error: unknown) => void) {
    this.#report = report;
  }

  put(topic: string, body: unknown): void {
    const listeners = this.#listeners.get(topic);
    if (listeners !== undefined) {
      for (const listener of [...listeners]) this.#tell(listener, body);
      return;
    }
    const kept = this.#kept.get(topic) ?? [];
    this.#kept.set(topic, kept);
    kept.push(body);
    if (kept.length > KEPT) kept.shift();
  }

  /** What was kept is told before this returns. Once somebody has listened nothing is kept any more. */
  on(topic: string, listener: (body: unknown) => void): Undo {
    const listeners = this.#listeners.get(topic) ?? new Set();
    this.#listeners.set(topic, listeners);
    listeners.add(listener);
    const kept = this.#kept.get(topic) ?? [];
    this.#kept.delete(topic);
    for (const body of kept) this.#tell(listener, body);
    return () => listeners.delete(listener);
  }

  #tell(listener: (body: unknown) => void, body: unknown): void {
    try {
      listener(body);
    } catch (error) {
      this.#report(error);
    }
  }
}
