/** How many unexpected ends in how little time disable a slot; 0 of either is no limit. */
export interface CrashLimit {
  readonly maxCrashes: number;
  /** Milliseconds. */
  readonly crashWindowMs: number;
}

/**
 * The last unexpected ends of a slot with one more, oldest first; as many as can count and no more.
 *
 * @param at - milliseconds of a clock that does not jump, as all of `ends`.
 */
export const withEnd = (ends: readonly number[], at: number, { maxCrashes }: CrashLimit): readonly number[] =>
  maxCrashes === 0 ? [] : [...ends, at].slice(-maxCrashes);

/** Milliseconds between the first and the last of them. */
export const spanMs = (ends: readonly number[]): number => (ends.at(-1) ?? 0) - (ends.at(0) ?? 0);

/**
 * Whether that is too many too soon: `maxCrashes` ends, the last less than the window after the first.
 *
 * Only how close together they are counts, not how long it ran well before.
 */
export const isTooMany = (ends: readonly number[], { maxCrashes, crashWindowMs }: CrashLimit): boolean =>
  maxCrashes > 0 && ends.length >= maxCrashes && spanMs(ends) < crashWindowMs;
