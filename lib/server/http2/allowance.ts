/** So many at once, and so many more each second: a bucket of tokens. */
export interface AllowanceSize {
  readonly burst: number;
  readonly perSecond: number;
}

/** What is left of an allowance. */
export class Allowance {
  readonly #size: AllowanceSize;
  #left: number;
  #at: number;

  /** @param now - milliseconds on a clock that does not jump. */
  constructor(size: AllowanceSize, now: number) {
    this.#size = size;
    this.#left = size.burst;
    this.#at = now;
  }

  /** Takes `amount` out of it; `false` when there was not as much. */
  spend(amount: number, now: number): boolean {
    const { burst, perSecond } = this.#size;
    this.#left = Math.min(burst, this.#left + ((now - this.#at) * perSecond) / 1000) - amount;
    this.#at = now;
    return this.#left >= 0;
  }
}
