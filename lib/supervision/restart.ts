import type { RestartConfig } from '../config/server-config.ts';
import { backoffMs } from '../reactive/backoff.ts';

/** What to do about a crash; `crashes` is what to remember for the next one. */
export type RestartDecision =
  | { readonly type: 'restart'; readonly delayMs: number; readonly crashes: readonly number[] }
  | { readonly type: 'give-up'; readonly crashes: readonly number[] };

/**
 * Decides whether something that just crashed is started again, and after how long.
 *
 * Crashes are counted in a window that slides: the one at `nowMs` and all those at most `periodMs` before it. Up to
 * `intensity` of them are answered with a restart, which waits longer with every crash in the window; one more gives
 * up. Whoever has been well for a whole period starts over with the shortest wait.
 *
 * @param crashes - when it crashed before, in milliseconds of any clock that does not jump; what the last decision
 *   returned, or empty.
 * @param nowMs - the present crash, on the same clock.
 * @param random - numbers in `[0, 1)` that spread the wait; without it the wait is the longest the policy gives.
 * @see Erlang/OTP `supervisor`, restart intensity and period, whose count includes both ends of the window.
 */
export const decideRestart = (
  crashes: readonly number[],
  nowMs: number,
  policy: Required<RestartConfig>,
  random?: () => number,
): RestartDecision => {
  const counted = [...crashes.filter((atMs) => nowMs - atMs <= policy.periodMs), nowMs];
  return counted.length > policy.intensity
    ? { type: 'give-up', crashes: counted }
    : { type: 'restart', delayMs: backoffMs(counted.length, policy, random), crashes: counted };
};
