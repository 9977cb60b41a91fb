export interface LatencySummary {
  readonly p50: number;
  readonly p99: number;
  /** Exact; the quantiles are the upper edges of their buckets, at most 2.2 % above the true value. */
  readonly max: number;
}

export interface LatencyHistogram {
  record(ms: number): void;
  /** Milliseconds; all zero when nothing was recorded. */
  summary(): LatencySummary;
  clear(): void;
}

/** Buckets per doubling: 32 steps of 2.2 %. */
const STEPS = 32;
/** From 1 µs over 27 doublings: 134 s. */
const BUCKETS = 27 * STEPS;

const bucketOf = (ms: number): number => {
  const index = Math.ceil(Math.log2(Math.max(ms * 1000, 1)) * STEPS);
  return Math.min(index, BUCKETS - 1);
};

/** A histogram of constant size, so that millions of answers cost the client no memory. */
export const createLatencyHistogram = (): LatencyHistogram => {
  const buckets = new Uint32Array(BUCKETS);
  let count = 0;
  let max = 0;

  const quantile = (share: number): number => {
    const rank = Math.ceil(count * share);
    let seen = 0;
    for (const [index, amount] of buckets.entries()) {
      seen += amount;
      if (seen >= rank && amount > 0) return Math.min(2 ** (index / STEPS) / 1000, max);
    }
    return 0;
  };

  return {
    record: (ms) => {
      const index = bucketOf(ms);
      buckets[index] = (buckets[index] ?? 0) + 1;
      count += 1;
      if (ms > max) max = ms;
    },
    summary: () => ({ p50: quantile(0.5), p99: quantile(0.99), max }),
    clear: () => {
      buckets.fill(0);
      count = 0;
      max = 0;
    },
  };
};
