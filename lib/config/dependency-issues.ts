import { anyDependsOn, surveyDependencies } from './dependency-order.ts';
import type { Issue } from './issue.ts';
import { issueOf } from './issues.ts';
import { nearest } from './nearest.ts';
import { received } from './received.ts';
import type { ServerSpec } from './server-spec.ts';
import { wording } from './wording.ts';

/** How many ids of a long cycle are shown. */
const SHOWN = 8;

/** How many names that nobody has are compared with all that somebody has. */
const HINTED = 32;

const chainOf = (ids: readonly string[], first: number): string => {
  const round = [...ids.slice(first), ...ids.slice(0, first)];
  const more = round.length > SHOWN ? [`${round.length - SHOWN} more`] : [];
  return [...round.slice(0, SHOWN), ...more, ...round.slice(0, 1)].join(' → ');
};

const problemOf = (spec: ServerSpec, expected: string, message: string, hint: string, id?: string): Issue =>
  issueOf(spec.id, 'dependsOn', received(id ?? spec.dependsOn), wording(expected, message, hint));

/**
 * Finds dependencies that lead nowhere, and those that lead back to where they began: everybody on such a cycle is named.
 *
 * @param specs - the servers that are valid by themselves.
 * @param refused - servers that are there and are not valid: they may be depended on.
 */
export const dependencyIssues = (
  specs: ReadonlyMap<string, ServerSpec>,
  refused: ReadonlySet<string>,
): readonly Issue[] => {
  if (!anyDependsOn(specs.values())) return [];
  const issues: Issue[] = [];
  for (const spec of specs.values()) {
    for (const id of spec.dependsOn) {
      if (id === spec.id) {
        issues.push(problemOf(spec, 'ids of other servers', 'a server cannot depend on itself', '', id));
      } else if (!specs.has(id) && !refused.has(id)) {
        const others = issues.length < HINTED ? [...specs.keys()].filter((other) => other !== spec.id) : [];
        const near = nearest(id, others);
        const hint = near === undefined ? 'name a server of the same config' : `did you mean '${near}'?`;
        issues.push(problemOf(spec, 'ids of other servers', `there is no server '${id}'`, hint, id));
      }
    }
  }
  const named = new Set<string>();
  for (const cycle of surveyDependencies(specs).cycles) {
    if (cycle.length === 1) continue;
    cycle.forEach((id, index) => {
      const spec = specs.get(id);
      if (spec === undefined || named.has(id)) return;
      named.add(id);
      const message = `depends on itself: ${chainOf(cycle, index)}`;
      issues.push(problemOf(spec, 'dependencies without a cycle', message, 'leave one of them out'));
    });
  }
  return issues;
};
