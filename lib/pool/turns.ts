import { Fairness } from '../reactive/fairness.ts';

const ignore = (): void => {};

/**
 * Has things done one after the other, in the order in which they were asked for.
 *
 * What one of them throws or rejects with is told to whoever asked for it, and the next one has its turn.
 */
export class Turns {
  #last: Promise<unknown> = Promise.resolve();
  readonly #fairness = new Fairness();

  take<T>(work: () => T | Promise<T>): Promise<T> {
    const turn = this.#last.then(() => {
      const turned = this.#fairness.overdue();
      return turned === undefined ? work() : turned.then(work);
    });
    this.#last = turn.then(ignore, ignore);
    return turn;
  }
}
