import type { Balance } from '../../config/proxy-config.ts';

/** A target as far as choosing needs to know it. */
export interface Candidate {
  /** Requests that it has not answered yet. */
  readonly inFlight: number;
  /** Until when it is left alone, on the clock of `now`. */
  readonly restsUntil: number;
}

/** Which target, and whether it was taken although it should rest, because all of them should. */
export interface Choice {
  readonly index: number;
  readonly isLastResort: boolean;
}

/**
 * Chooses a target that has not been tried and need not rest: the next in turn, or the one with the least to do, the
 * next in turn among equals. When all should rest, the one whose rest ends first.
 *
 * Pure. `undefined` when all have been tried.
 *
 * @param turn - counts choices; where to begin.
 */
export const choose = (
  candidates: readonly Candidate[],
  balance: Balance,
  tried: readonly number[],
  turn: number,
  now: number,
): Choice | undefined => {
  const count = candidates.length;
  let best: number | undefined;
  let least = Number.POSITIVE_INFINITY;
  let first: number | undefined;
  let soonest = Number.POSITIVE_INFINITY;
  for (let step = 0; step < count; step += 1) {
    const index = (turn + step) % count;
    const candidate = candidates[index];
    if (candidate === undefined || tried.includes(index)) continue;
    if (candidate.restsUntil > now) {
      if (candidate.restsUntil < soonest) {
        first = index;
        soonest = candidate.restsUntil;
      }
    } else if (balance === 'round-robin') {
      return { index, isLastResort: false };
    } else if (candidate.inFlight < least) {
      best = index;
      least = candidate.inFlight;
    }
  }
  if (best !== undefined) return { index: best, isLastResort: false };
  return first === undefined ? undefined : { index: first, isLastResort: true };
};
