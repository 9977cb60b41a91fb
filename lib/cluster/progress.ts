import type { Issue } from '../config/issue.ts';
import type { ServerSpec } from '../config/server-spec.ts';
import type { Refusal } from './outcome.ts';
import type { Verdict } from './verdict.ts';

/** What the commits of a cluster have come to: the accumulator they are folded into. */
export interface Progress {
  /** The newest request that was looked at; 0 before the first. */
  readonly desired: number;
  /** The request that is in force; 0 before the first. */
  readonly applied: number;
  /** What is in force, disabled servers included; the next request is compared with it. */
  readonly specs: ReadonlyMap<string, ServerSpec>;
  /** Servers the commit in force went ahead without. */
  readonly refused: readonly Refusal[];
  /** Why the newest request is not in force. */
  readonly error: Error | undefined;
  readonly issues: readonly Issue[] | undefined;
}

export const initialProgress: Progress = {
  desired: 0,
  applied: 0,
  specs: new Map(),
  refused: [],
  error: undefined,
  issues: undefined,
};

/** What servers that stayed behind mean for the specs in force: their last version stays, or they are not there. */
const inForce = (
  specs: ReadonlyMap<string, ServerSpec>,
  refused: readonly Refusal[],
  former: ReadonlyMap<string, ServerSpec>,
): ReadonlyMap<string, ServerSpec> => {
  if (refused.length === 0) return specs;
  const next = new Map(specs);
  for (const { server } of refused) {
    const spec = former.get(server);
    if (spec === undefined) next.delete(server);
    else next.set(server, spec);
  }
  return next;
};

/**
 * Folds the verdict on request `revision` into the progress. Pure.
 *
 * @param specs - what the request asked for, as far as it was valid.
 */
export const progressAfter = (
  progress: Progress,
  revision: number,
  verdict: Verdict,
  specs: ReadonlyMap<string, ServerSpec>,
): Progress => {
  const desired = revision;
  switch (verdict.status) {
    case 'committed': {
      const { refused } = verdict;
      const [first] = refused;
      return {
        desired,
        applied: revision,
        specs: inForce(specs, refused, progress.specs),
        refused,
        error: first?.cause,
        issues: refused.length === 0 ? undefined : refused.flatMap(({ issues }) => issues),
      };
    }
    case 'unchanged':
      return { desired, applied: revision, specs, refused: [], error: undefined, issues: undefined };
    case 'rejected':
      return { ...progress, desired, error: undefined, issues: verdict.issues };
    case 'rolledBack':
      return { ...progress, desired, error: verdict.cause, issues: undefined };
    case 'superseded':
    case 'cancelled':
      return { ...progress, desired };
  }
};
