import { PoolError } from './errors.ts';
import type { PoolPlan } from './pool.ts';
import { failureOf, type Site } from './site.ts';

/** Has the files and modules that configs name read again; all of it or none of it. */
export const refresh = (site: Site): Promise<PoolPlan> =>
  site.change(async () => {
    const runs = Array.from(site.entries.values()).filter(({ wanted, spec }) => wanted && !spec.disabled);
    const ids = runs.map(({ id }) => id);
    const { status, refused, plan } = await site.rebuild(ids, 'atomic');
    if (status === 'undone') {
      const failures = runs.flatMap((entry) => {
        const error = refused.get(entry.id);
        return error === undefined ? [] : [failureOf(entry, 'reload', error)];
      });
      throw new PoolError('ERR_POOL_RELOAD', 'nothing has changed, because not all of it can be put in force', {
        failures,
      });
    }
    const unchanged = Object.freeze(Array.from(site.entries.values(), ({ key }) => key));
    const none: readonly string[] = Object.freeze([]);
    return Object.freeze({ added: none, changed: none, unchanged, removed: none, conflicts: none, plan });
  });
