import { overlaps } from '../config/address.ts';
import type { ServerSpec } from '../config/server-spec.ts';
import type { Standing } from './plan.ts';

/** What is left to aim at when some servers cannot become what was asked of them. */
export interface Fallback {
  readonly desired: ReadonlyMap<string, ServerSpec>;
  /** Servers that stay behind, those included that others drew with them. */
  readonly behind: ReadonlySet<string>;
}

/**
 * Takes servers back to their last good version, and with them those that wanted an address which therefore stays
 * taken. Pure.
 *
 * A server that runs keeps running as it is. One that does not is left out: there is no version of it to keep.
 */
export const fallBack = (
  desired: ReadonlyMap<string, ServerSpec>,
  actual: ReadonlyMap<string, Standing>,
  failed: Iterable<string>,
): Fallback => {
  const next = new Map(desired);
  const behind = new Set<string>();
  const queue = [...failed];
  for (let id = queue.pop(); id !== undefined; id = queue.pop()) {
    if (behind.has(id)) continue;
    behind.add(id);
    const standing = actual.get(id);
    if (standing === undefined || !standing.up) {
      next.delete(id);
      continue;
    }
    next.set(id, standing.spec);
    for (const [other, spec] of next) {
      const kept = other === id || behind.has(other);
      if (!kept && overlaps(spec.address, standing.address)) queue.push(other);
    }
  }
  return { desired: next, behind };
};
