const ignore = (): void => {};

/** How long changes may follow each other before requests, timers and signals are looked at: a few answers' time. */
const LONGEST_MS = 10;

/**
 * Has things done one after the other, in the order in which they were asked for.
 *
 * What one of them throws or rejects with is told to whoever asked for it, and the next one has its turn.
 *
 * Changes that wait for nothing settle without the event loop turning. A thousand of them in a row would leave every
 * request unanswered meanwhile: after 10 ms without a turn of the loop the next one waits for it.
 */
export class Turns {
  #last: Promise<unknown> = Promise.resolve();
  /** Since when the loop has not turned, as far as is known; and when it will have. */
  #stretch: { readonly since: number; readonly turned: Promise<void> } | undefined;

  take<T>(work: () => T | Promise<T>): Promise<T> {
    const turn = this.#last.then(() => {
      const turned = this.#overdue();
      return turned === undefined ? work() : turned.then(work);
    });
    this.#last = turn.then(ignore, ignore);
    return turn;
  }

  #overdue(): Promise<void> | undefined {
    if (this.#stretch !== undefined) {
      return performance.now() - this.#stretch.since > LONGEST_MS ? this.#stretch.turned : undefined;
    }
    const turned = new Promise<void>((resolve) => {
      setImmediate(() => {
        this.#stretch = undefined;
        resolve();
      });
    });
    this.#stretch = { since: performance.now(), turned };
    return undefined;
  }
}
