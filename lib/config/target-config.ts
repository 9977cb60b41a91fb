/** A target that gets more or less of the work than others. */
export interface WeightedTarget {
  /** Where requests go: `'http://127.0.0.1:3000'`, `'https://app.internal'`, `'unix:/run/app.sock'`. */
  readonly url: string;
  /** How much of the work it gets, in proportion to the others; 1. In code 0 and what is no number stand for none. */
  readonly weight?: number;
}

/** A target: where requests go, or that and how many. */
export type TargetConfig = string | WeightedTarget;

/** A target that may be another one tomorrow. */
export interface LiveTarget extends WeightedTarget {
  /**
   * When it was started, on any clock. A target that was started anew is asked again at once, whatever became of the
   * requests before.
   */
  readonly since?: number;
}

/**
 * Says who the targets are at this moment. Asked with every request: it should answer the same array as long as nothing
 * has changed, which costs next to nothing.
 *
 * Whoever is in the array gets the next request, whoever is not gets none, and finishes those under way. Nobody at all
 * makes 503. When it throws, the targets stay who they were.
 */
export type LiveTargets = () => readonly (string | LiveTarget)[];

/** How much a target gets that does not say. */
export const TARGET_WEIGHT = 1;

/** A target whose members may be there and undefined. */
export type GivenTarget = string | { readonly url: string; readonly weight?: number | undefined };

/** Writes targets in one way: a weight stands only where it says something. */
export const targetsOf = (given: readonly GivenTarget[]): readonly TargetConfig[] =>
  given.map((target) => {
    if (typeof target === 'string') return target;
    const { url, weight = TARGET_WEIGHT } = target;
    return weight === TARGET_WEIGHT ? url : { url, weight };
  });

/** The place of a target, however it was written. */
export const urlOfTarget = (target: GivenTarget): string => (typeof target === 'string' ? target : target.url);

/** Its weight; 0 for what is none. */
export const weightOf = (target: TargetConfig): number => {
  const weight = typeof target === 'string' ? TARGET_WEIGHT : (target.weight ?? TARGET_WEIGHT);
  return Number.isFinite(weight) && weight > 0 ? weight : 0;
};
