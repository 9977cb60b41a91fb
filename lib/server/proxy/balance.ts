import { score } from './rendezvous.ts';

/** A target as far as choosing needs to know it. */
export interface Candidate {
  /** Requests that it has not answered yet. */
  readonly inFlight: number;
  /** Until when it is left alone, on the clock of `now`. */
  readonly restsUntil: number;
  /** How much it is to do, in proportion to the others; above 0. */
  readonly weight: number;
  /** What it is owed when they take turns by weight. */
  readonly credit: number;
  /** The hash of its name. */
  readonly place: number;
}

/** By what a target is chosen, once it is known of each whether it may be. */
export type Order = 'round-robin' | 'least-in-flight' | 'weighted' | { readonly key: number };

/** Which target, and whether it was taken although it should rest, because all of them should. */
export interface Choice {
  readonly index: number;
  readonly isLastResort: boolean;
}

/** How much speaks for a candidate. */
const meritOf = (candidate: Candidate, order: Exclude<Order, 'round-robin'>): number => {
  const { inFlight, weight, credit, place } = candidate;
  // What it would have to do with this one, as in the shortest expected delay of Linux Virtual Server.
  if (order === 'least-in-flight') return -(inFlight + 1) / weight;
  return order === 'weighted' ? credit + weight : score(order.key, place, weight);
};

/**
 * Chooses a target that has not been tried and need not rest: the next in turn, or the one that most speaks for, the
 * next in turn among equals. When all should rest, the one whose rest ends first.
 *
 * Pure. `undefined` when all have been tried.
 *
 * @param turn - counts choices; where to begin.
 */
export const choose = (
  candidates: readonly Candidate[],
  order: Order,
  tried: readonly number[],
  turn: number,
  now: number,
): Choice | undefined => {
  const count = candidates.length;
  let best: number | undefined;
  let most = Number.NEGATIVE_INFINITY;
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
      continue;
    }
    if (order === 'round-robin') return { index, isLastResort: false };
    const merit = meritOf(candidate, order);
    if (merit > most) {
      best = index;
      most = merit;
    }
  }
  if (best !== undefined) return { index: best, isLastResort: false };
  return first === undefined ? undefined : { index: first, isLastResort: true };
};

/**
 * What targets are owed after one of them was chosen by weight: each that could have been gets its weight, and the
 * chosen one pays for all.
 *
 * The smooth weighted round robin of nginx (`ngx_http_upstream_get_peer`, since 1.3.1): with 5, 1 and 1 the order is
 * `a a b a c a a`, not `a a a a a b c`. Pure.
 */
export const creditsAfter = (
  candidates: readonly Candidate[],
  chosen: number,
  tried: readonly number[],
  now: number,
): readonly number[] => {
  let total = 0;
  const credits = candidates.map(({ weight, credit, restsUntil }, index) => {
    if (restsUntil > now || tried.includes(index)) return credit;
    total += weight;
    return credit + weight;
  });
  credits[chosen] = (credits[chosen] ?? 0) - total;
  return credits;
};
