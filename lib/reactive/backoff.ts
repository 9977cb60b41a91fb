/** Where waiting starts, and where it stops growing. */
export interface BackoffConfig {
  /** Milliseconds before the first attempt. */
  readonly initialMs: number;
  /** The longest wait in milliseconds. */
  readonly maxMs: number;
}

/**
 * How many milliseconds to wait before trying again: `initialMs`, doubled for every attempt after the first, never
 * more than `maxMs`.
 *
 * @param attempt - counts from 1; anything below counts as the first.
 * @param random - numbers in `[0, 1)`. With it the wait lies between half of that and the whole ("equal jitter"), so
 *   that many who failed together neither come back together nor at once. Without it, the whole.
 * @returns whole milliseconds.
 * @see Marc Brooker, "Exponential Backoff And Jitter", AWS Architecture Blog, 2015.
 */
export const backoffMs = (attempt: number, config: BackoffConfig, random?: () => number): number => {
  // 2^1023 is the largest power a number holds; one more is Infinity, and 0 × Infinity is not a number.
  const doublings = Math.min(Math.max(attempt - 1, 0), 1023);
  const wholeMs = Math.min(config.initialMs * 2 ** doublings, config.maxMs);
  return Math.round(random === undefined ? wholeMs : (wholeMs / 2) * (1 + random()));
};
