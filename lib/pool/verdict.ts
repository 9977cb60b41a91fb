import type { Outcome } from '../cluster/outcome.ts';
import type { Plan } from '../cluster/plan.ts';
import { ConfigError } from '../config/errors.ts';
import type { Issue } from '../config/issue.ts';

/** What became of a config that a pool sent to its cluster. */
export interface Verdict {
  /**
   * - `done`: it is in force, except for servers that were refused.
   * - `undone`: nothing of it is, because of those that were refused.
   * - `idle`: the cluster has stopped, or was never started: nobody looked at it.
   */
  readonly status: 'done' | 'undone' | 'idle';
  /** Why servers stayed behind, by id. */
  readonly refused: ReadonlyMap<string, Error>;
  /** What was done about servers. */
  readonly plan: Plan;
}

export const emptyPlan: Plan = Object.freeze({
  changes: Object.freeze([]),
  bind: Object.freeze([]),
  release: Object.freeze([]),
  unchanged: Object.freeze([]),
});

const NOBODY: ReadonlyMap<string, Error> = new Map();

export const idle: Verdict = { status: 'idle', refused: NOBODY, plan: emptyPlan };

const byServer = (issues: readonly Issue[]): ReadonlyMap<string, Error> => {
  const servers = new Map<string, Issue[]>();
  for (const issue of issues) {
    const { server = '' } = issue;
    const own = servers.get(server);
    if (own === undefined) servers.set(server, [issue]);
    else own.push(issue);
  }
  return new Map([...servers].map(([server, own]) => [server, new ConfigError(own)]));
};

/** Reads an outcome as what it means for each server. Pure. */
export const verdictOf = (outcome: Outcome): Verdict => {
  switch (outcome.status) {
    case 'committed': {
      const refused = new Map(outcome.refused.map(({ server, cause }) => [server, cause]));
      return { status: 'done', refused, plan: outcome.plan };
    }
    case 'unchanged':
      return { status: 'done', refused: NOBODY, plan: emptyPlan };
    case 'rejected':
      return { status: 'undone', refused: byServer(outcome.issues), plan: emptyPlan };
    case 'rolledBack': {
      const refused = new Map((outcome.refused ?? []).map(({ server, cause }) => [server, cause]));
      return { status: 'undone', refused: refused.set(outcome.server, outcome.cause), plan: emptyPlan };
    }
    case 'superseded':
    case 'cancelled':
      return idle;
  }
};
