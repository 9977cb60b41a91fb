/**
 * The age at which one process is replaced: `maxAgeMs`, less a part of it that chance decides, so that processes that
 * were started together do not leave together. Each process draws once.
 *
 * @param maxAgeMs - 0 for none.
 * @param jitter - the largest part that is taken off, 0 to 1.
 * @param random - a number in `[0, 1)`.
 * @returns milliseconds; `Infinity` for none.
 */
export const ageLimitMs = (maxAgeMs: number, jitter: number, random: number): number =>
  maxAgeMs === 0 ? Number.POSITIVE_INFINITY : maxAgeMs * (1 - jitter * random);

/** Whether a process holds more memory than it may; a limit of 0 is none. */
export const tooLarge = (rssBytes: number, maxMemoryBytes: number): boolean =>
  maxMemoryBytes > 0 && rssBytes > maxMemoryBytes;
