import { isAnyPort } from '../config/address.ts';
import { ConfigError } from '../config/errors.ts';
import { assertNoConflicts, CODES, type Combination, type Combining, combine, forget, planOf } from './combining.ts';
import type { Entry, Part } from './entry.ts';
import { PoolError, type PoolFailure } from './errors.ts';
import type { PoolPlan } from './pool.ts';
import type { PoolServer, PoolServerConfig } from './pool-server.ts';
import { failureOf, hintOf, type Site } from './site.ts';
import { tellUnanswered } from './unanswered.ts';

/** @param stopped - the pool was stopped while its cluster looked at them: nobody wants them to run any more. */
const put = (site: Site, { added, changed, removed, parts }: Combination, stopped: boolean): void => {
  for (const entry of removed) site.drop(entry);
  const told: { readonly entry: Entry; readonly former: PoolServerConfig }[] = [];
  const moves = new Map<Entry, { readonly key: string; readonly address: Entry['address'] }>();
  for (const { entry, read, key, wanted, moves: moved } of changed) {
    told.push({ entry, former: entry.config });
    site.entries.change(entry, () => {
      entry.become(read);
      entry.wanted = wanted && !stopped;
      if (entry.wanted) entry.error = undefined;
      if (!moved) return;
      entry.address = read.spec.address;
      entry.written = isAnyPort(read.spec.address) ? key : undefined;
    });
    if (moved) moves.set(entry, { key, address: read.spec.address });
  }
  const fresh: PoolServer[] = added.map((entry) => {
    if (stopped) entry.wanted = false;
    const handle = site.handleFor(entry);
    site.entries.put(entry, handle);
    return handle;
  });
  for (const { entry, former } of told) {
    if (entry.handle !== undefined) site.tell({ type: 'replaced', bind: entry.key, server: entry.handle, former });
  }
  site.rekey(moves);
  const inOrder = parts.flatMap(({ id }) => site.entries.byId(id) ?? []);
  if (inOrder.length === site.entries.size) site.entries.order(inOrder);
  for (const server of fresh) site.tell({ type: 'added', bind: server.bind, server });
  site.settle();
};

/** Has a combination come about, all of it or none of it; settles when what left has freed its addresses. */
export const combineNow = async (
  site: Site,
  configs: () => readonly unknown[],
  combining: Combining,
): Promise<PoolPlan> => {
  const { plan, gone } = await site.change(async () => {
    const { stops } = site;
    const combination = combine(site, configs(), combining);
    try {
      assertNoConflicts(site, combination, combining);
      const planned = planOf(site, combination, combining);
      const { added, changed, removed, parts } = combination;
      const concerned = new Set([...added, ...removed, ...changed.map(({ entry }) => entry)].map(({ id }) => id));
      for (const entry of removed) entry.leaving = true;
      const verdict = await site.commit(parts, 'atomic', concerned);
      if (verdict.status === 'undone') {
        for (const entry of removed) entry.leaving = false;
        await site.restore();
        throw refusal(combining, parts, verdict.refused);
      }
      put(site, combination, site.stops !== stops);
      tellUnanswered(site, [...added, ...changed.map(({ entry }) => entry)]);
      const result = Object.freeze({ ...planned, plan: verdict.plan });
      const left = changed.filter(({ moves }) => moves).map(({ entry }) => entry);
      return { plan: result, gone: new Set([...removed, ...left].map(({ id }) => id)) };
    } catch (error) {
      forget(site, combination);
      throw error;
    }
  });
  await site.lives.drained(gone);
  return plan;
};

const refusal = ({ phase }: Combining, parts: readonly Part[], refused: ReadonlyMap<string, Error>): PoolError => {
  const failures = parts.flatMap((part): readonly PoolFailure[] => {
    const error = refused.get(part.id);
    return error === undefined ? [] : [failureOf({ name: part.config.name ?? part.key, key: part.key }, phase, error)];
  });
  const [first] = failures;
  const reason = first === undefined ? '' : `: server ${first.server}: ${first.error.message}`;
  const hint = first === undefined ? undefined : hintOf(first.error);
  return new PoolError(CODES[phase], `nothing has changed, because not all of it can be put in force${reason}`, {
    failures,
    issues: [...refused.values()].flatMap((error) => (error instanceof ConfigError ? error.issues : [])),
    ...(hint === undefined ? {} : { hint }),
  });
};
