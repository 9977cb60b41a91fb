/** Methods that mean the same when they are asked twice (RFC 9110 §9.2.2). */
const IDEMPOTENT: ReadonlySet<string> = new Set(['GET', 'HEAD', 'OPTIONS', 'TRACE', 'PUT', 'DELETE']);

/** Whether a request may be sent again after a target has perhaps seen it: as often as one likes, with nothing to repeat. */
export const isRepeatable = (method: string, hasBody: boolean): boolean => IDEMPOTENT.has(method) && !hasBody;

/** Requests that earn one repetition: repetitions add at most a tenth to what targets have to do. */
const REQUESTS_PER_RETRY = 10;

/** Repetitions that may be saved up, and that there are to begin with: one target's worth of busy connections. */
const MOST_SAVED = 100;

/**
 * How many requests may be repeated that a target has perhaps seen.
 *
 * When everything fails, repeating everything is what keeps it from getting better.
 */
export class RetryBudget {
  #saved = MOST_SAVED;

  /** A request was sent for the first time. */
  earn(): void {
    this.#saved = Math.min(MOST_SAVED, this.#saved + 1 / REQUESTS_PER_RETRY);
  }

  /** Whether one may be repeated; if so, it counts. */
  spend(): boolean {
    if (this.#saved < 1) return false;
    this.#saved -= 1;
    return true;
  }
}
