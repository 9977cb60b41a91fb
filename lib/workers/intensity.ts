/** How many failures of all workers together are answered in how much time. */
export interface IntensityLimit {
  /** 0 for no limit. */
  readonly maxIntensity: number;
  /** Milliseconds. */
  readonly intensityPeriodMs: number;
}

/**
 * What stops respawning when all slots together fail too often: something they have in common is broken.
 *
 * - `closed`: everybody who is to come back does.
 * - `open`: nobody does, for a period.
 * - `half-open`: everybody who waited does; one failure within the next period opens it again, none closes it.
 */
export interface Breaker {
  readonly state: 'closed' | 'open' | 'half-open';
  /** When it entered `state`, on a clock that does not jump. */
  readonly since: number;
  /** Failures within the last period, oldest first. */
  readonly failures: readonly number[];
}

export const CLOSED: Breaker = { state: 'closed', since: 0, failures: [] };

/** What has become of it by now, with nobody failing. */
export const breakerAt = (breaker: Breaker, now: number, limit: IntensityLimit): Breaker => {
  const over = breaker.since + limit.intensityPeriodMs;
  if (breaker.state === 'closed' || now < over) return breaker;
  const next = { since: over, failures: [] };
  return breaker.state === 'open'
    ? breakerAt({ ...next, state: 'half-open' }, now, limit)
    : { ...next, state: 'closed' };
};

/**
 * What becomes of it with one more failure.
 *
 * Closed, it opens when that is the one more than `maxIntensity` within a period, both ends included, as in OTP.
 *
 * @see Erlang/OTP `supervisor`, restart intensity and period.
 */
export const afterFailure = (before: Breaker, now: number, limit: IntensityLimit): Breaker => {
  const breaker = breakerAt(before, now, limit);
  const { maxIntensity, intensityPeriodMs } = limit;
  if (maxIntensity === 0) return breaker;
  const failures = [...breaker.failures.filter((at) => now - at <= intensityPeriodMs), now];
  if (breaker.state === 'open') return { ...breaker, failures };
  const opens = breaker.state === 'half-open' || failures.length > maxIntensity;
  return opens ? { state: 'open', since: now, failures } : { ...breaker, failures };
};
