import type { ServerSpec } from '../config/server-spec.ts';
import { DependencyError } from './errors.ts';
import { type Refusal, toRefusal } from './outcome.ts';
import type { Standing } from './plan.ts';

/**
 * Finds the starts that cannot be because somebody they depend on stays behind and does not run, one after the other:
 * who depends on them is stranded as well. Pure.
 *
 * A server that runs is not concerned: it goes on without. A dependency whose last good version runs is there.
 *
 * @param desired - what is aimed at, without those that stay behind and do not run.
 * @param actual - what runs.
 * @param behind - everybody who stays behind, with the reason.
 */
export const strandedBy = (
  desired: ReadonlyMap<string, ServerSpec>,
  actual: ReadonlyMap<string, Standing>,
  behind: readonly Refusal[],
): readonly Refusal[] => {
  const dependents = new Map<string, string[]>();
  for (const { id, dependsOn } of desired.values()) {
    if (dependsOn.length === 0 || actual.get(id)?.up === true) continue;
    for (const dependency of dependsOn) {
      const all = dependents.get(dependency);
      if (all === undefined) dependents.set(dependency, [id]);
      else all.push(id);
    }
  }
  if (dependents.size === 0) return [];
  const stranded: Refusal[] = [];
  const seen = new Set<string>();
  const queue = behind.filter(({ server }) => !desired.has(server));
  for (const { server: dependency, cause } of queue) {
    for (const id of dependents.get(dependency) ?? []) {
      if (seen.has(id)) continue;
      seen.add(id);
      const refusal = toRefusal(id, new DependencyError(id, dependency, { cause }));
      stranded.push(refusal);
      // Walked over as it grows: those that depend on this one come after it.
      queue.push(refusal);
    }
  }
  return stranded;
};
