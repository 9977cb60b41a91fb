import { OptionsError } from '../config/errors.ts';
import { received } from '../config/received.ts';

/** How long things may take, in milliseconds; `Infinity` for as long as they like. */
export interface Limits {
  readonly startTimeoutMs: number;
  readonly stopTimeoutMs: number;
  readonly shutdownTimeoutMs: number;
}

/**
 * The limits in force: what was given, otherwise the defaults.
 *
 * @throws OptionsError when one is neither between 0 and what a timer can count nor `Infinity`.
 */
export const limitsOf = (given: Partial<Limits>): Limits => ({
  startTimeoutMs: limitMs('startTimeoutMs', given.startTimeoutMs ?? 120_000),
  stopTimeoutMs: limitMs('stopTimeoutMs', given.stopTimeoutMs ?? 35_000),
  shutdownTimeoutMs: limitMs('shutdownTimeoutMs', given.shutdownTimeoutMs ?? 120_000),
});

/** Node's timers count in a signed 32-bit number and fire at once beyond it. */
export const LONGEST_MS = 2 ** 31 - 1;

const limitMs = (option: string, ms: number): number => {
  if (ms === Number.POSITIVE_INFINITY || (ms >= 0 && ms <= LONGEST_MS)) return ms;
  throw new OptionsError(option, `between 0 and ${LONGEST_MS} ms or Infinity, not ${received(ms)}`);
};
