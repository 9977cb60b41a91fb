/** The longest that a server may keep us away: a wrong clock there must not stop us for a year. */
export const MAX_RETRY_AFTER_MS = 3_600_000;

/**
 * Reads a `Retry-After` header: seconds, or a date. Pure.
 *
 * @returns milliseconds from now, at most an hour; `undefined` for what is neither.
 * @see RFC 9110, section 10.2.3
 */
export const retryAfterMs = (header: string | undefined, now: Date): number | undefined => {
  const text = header?.trim() ?? '';
  // Dates of HTTP begin with a day; `Date.parse` alone would take much else for one.
  const ms = /^\d+$/.test(text)
    ? Number(text) * 1_000
    : /^[A-Z][a-z]{2,8},? /.test(text)
      ? Date.parse(text) - now.getTime()
      : Number.NaN;
  return Number.isNaN(ms) ? undefined : Math.min(Math.max(ms, 0), MAX_RETRY_AFTER_MS);
};
