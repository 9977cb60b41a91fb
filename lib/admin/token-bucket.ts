/** Lets things happen at a rate, and some of them at once. */
export interface TokenBucket {
  /** Whether one more may happen now. */
  take(): boolean;
}

/**
 * A bucket that fills with `perSecond` tokens and holds that many.
 *
 * @param now - a clock that does not go back, in milliseconds.
 */
export const createTokenBucket = (perSecond: number, now: () => number = () => performance.now()): TokenBucket => {
  let tokens = perSecond;
  let at = now();
  return {
    take() {
      const passedMs = now() - at;
      at += passedMs;
      tokens = Math.min(perSecond, tokens + (passedMs * perSecond) / 1_000);
      if (tokens < 1) return false;
      tokens -= 1;
      return true;
    },
  };
};
