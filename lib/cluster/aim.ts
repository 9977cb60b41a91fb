import type { Strategy } from '../config/server-config.ts';
import type { ServerSpec } from '../config/server-spec.ts';
import { fallBack } from './fall-back.ts';
import type { Refusal } from './outcome.ts';
import { diff, type Standing, type Steps } from './plan.ts';
import { strandedBy } from './stranded.ts';

/** From where a commit starts. */
export interface Situation {
  /** Where servers stand, and where those stood that may come back. */
  readonly standings: ReadonlyMap<string, Standing>;
  /** Servers in their places. */
  readonly members: ReadonlyMap<string, Standing>;
  /** For servers that do not say themselves. */
  readonly strategy: Strategy;
}

/** What can be done of what is desired. */
export interface Aim {
  readonly steps: Steps;
  /** Servers that stay behind, those included that others drew with them. */
  readonly behind: readonly Refusal[];
  /** What runs once the steps are done. */
  readonly reachable: ReadonlyMap<string, ServerSpec>;
}

/** Names those that were drawn back by others beside the others, with the same reason. */
const withDrawn = (refused: readonly Refusal[], behind: ReadonlySet<string>): readonly Refusal[] => {
  const [first] = refused;
  if (first === undefined) return refused;
  const named = new Set(refused.map(({ server }) => server));
  const drawn = [...behind].filter((server) => !named.has(server));
  return [...refused, ...drawn.map((server) => ({ server, cause: first.cause, issues: [] }))];
};

/**
 * What can be done of `desired` when some servers stay behind, and who does. Pure.
 *
 * @param refused - servers that are known to stay behind.
 * @param known - the steps to `desired`, when somebody has planned them already.
 */
export const aim = (
  { standings, members, strategy }: Situation,
  desired: ReadonlyMap<string, ServerSpec>,
  refused: readonly Refusal[],
  known?: Steps,
): Aim => {
  if (refused.length === 0) {
    return { steps: known ?? diff(standings, desired, strategy), behind: refused, reachable: desired };
  }
  const ids = refused.map(({ server }) => server);
  const fallback = fallBack(desired, members, ids);
  const actual = new Map<string, Standing>(standings);
  const drawn = withDrawn(refused, fallback.behind);
  const stranded = strandedBy(fallback.desired, members, drawn);
  const behind = stranded.length === 0 ? drawn : [...drawn, ...stranded];
  const reachable = new Map(fallback.desired);
  for (const { server } of stranded) reachable.delete(server);
  // What stays behind without running is not there to be stopped.
  for (const { server } of behind) if (!reachable.has(server)) actual.delete(server);
  return { steps: diff(actual, reachable, strategy), behind, reachable };
};
