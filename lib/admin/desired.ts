import type { Controllable } from '../cluster/controllable.ts';
import type { Outcome } from '../cluster/outcome.ts';
import type { Plan } from '../cluster/plan.ts';
import { nearest } from '../config/nearest.ts';
import { keepSecrets, secretsOf } from '../config/secrets.ts';
import type { ClusterConfig } from '../config/server-config.ts';
import { StaleRevisionError, UnknownServerError } from './errors.ts';

/**
 * What a cluster should run: the config that was asked for last, and the servers an operator took out of it.
 *
 * A server that was drained stays out whatever configs follow, until it is resumed or this process ends.
 */
export interface Desired {
  /** Pushes a config, without the servers that are drained. The config counts as asked for unless it is refused. */
  apply(config: ClusterConfig): Promise<Outcome>;
  /**
   * Pushes a config on top of a revision that somebody has seen.
   *
   * One at a time, and after what was pushed before is settled: of two that have seen the same revision one is refused.
   *
   * @param revision - the revision that has to be in force; `undefined` for any.
   * @throws StaleRevisionError when another one is; nothing was pushed.
   */
  replace(config: ClusterConfig, revision: number | undefined): Promise<Outcome>;
  /** What a config would change. @throws ConfigError for an invalid one. */
  plan(config: ClusterConfig): Plan;
  /** Lets a server finish what it accepted and keeps it out. @throws UnknownServerError */
  drain(id: string): Promise<Outcome>;
  /** Takes a drained server back in. @throws UnknownServerError when it is neither drained nor known */
  resume(id: string): Promise<Outcome>;
  /** Starts servers anew behind their open sockets; all of them by default. @throws UnknownServerError */
  restart(ids?: readonly string[]): Promise<Outcome>;
  /** Ids that are kept out, in the order in which they were drained; some may be in no config at the moment. */
  readonly drained: readonly string[];
}

const isRefusal = ({ status }: Outcome): boolean => status === 'rejected' || status === 'rolledBack';

/** @param replaced - called when a config that `replace` has pushed is in force. */
export const createDesired = (
  cluster: Pick<Controllable, 'apply' | 'plan' | 'restart' | 'snapshot'>,
  replaced: () => void = () => {},
): Desired => {
  const drained = new Set<string>();
  /** The newest config that is not known to be refused, and the newest one that was in force. */
  let newest: ClusterConfig = {};
  let good: ClusterConfig = newest;
  let lastPush: Promise<unknown> = Promise.resolve();
  let lastOrder: Promise<unknown> = Promise.resolve();

  const without = (config: ClusterConfig): ClusterConfig => {
    if (drained.size === 0) return config;
    const entries = Object.entries(config).map(([id, server]) => {
      if (server === null || !drained.has(id)) return [id, server] as const;
      const out = { ...server, disabled: true };
      keepSecrets(out, secretsOf(server));
      return [id, out] as const;
    });
    return Object.fromEntries(entries);
  };

  const apply = async (config: ClusterConfig): Promise<Outcome> => {
    newest = config;
    const settling = cluster.apply(isRecord(config) ? without(config) : config);
    lastPush = settling;
    const outcome = await settling;
    if (outcome.status === 'committed' || outcome.status === 'unchanged') good = config;
    // Whoever comes next starts from what runs; not when something newer was pushed meanwhile.
    else if (isRefusal(outcome) && newest === config) newest = good;
    return outcome;
  };

  /** Orders of operators are carried out one after the other: each starts from what the one before achieved. */
  const inTurn = <T>(order: () => Promise<T>): Promise<T> => {
    const result = lastOrder.then(order);
    lastOrder = result.catch(() => {}); // It is told to whoever gave the order.
    return result;
  };

  const requireKnown = (id: string): void => {
    const known = Object.keys(newest).filter((one) => newest[one] !== null);
    if (known.includes(id)) return;
    throw new UnknownServerError(id, nearest(id, known), known);
  };

  /** Pushes what was asked for last; when that turns out to be refused for other reasons, what ran before it. */
  const reapply = async (): Promise<Outcome> => {
    const asked = newest;
    const outcome = await apply(asked);
    return isRefusal(outcome) && newest !== asked ? apply(newest) : outcome;
  };

  return {
    apply,
    replace: (config, revision) =>
      inTurn(async () => {
        // Another may be pushed while one settles, and the revision that counts is that of the last.
        for (let settled: unknown; settled !== lastPush; await settled) settled = lastPush;
        const { applied } = cluster.snapshot.revision;
        if (revision !== undefined && revision !== applied) throw new StaleRevisionError(revision, applied);
        const outcome = await apply(config);
        if (outcome.status === 'committed') replaced();
        return outcome;
      }),
    plan: (config) => cluster.plan(without(config)),
    drain: (id) =>
      inTurn(async () => {
        requireKnown(id);
        const isNew = !drained.has(id);
        drained.add(id);
        const outcome = await reapply();
        if (isNew && isRefusal(outcome)) drained.delete(id);
        return outcome;
      }),
    resume: (id) =>
      inTurn(async () => {
        if (!drained.has(id)) requireKnown(id);
        const isDrained = drained.delete(id);
        const outcome = await reapply();
        if (isDrained && isRefusal(outcome)) drained.add(id);
        return outcome;
      }),
    restart: (ids) =>
      inTurn(async () => {
        for (const id of ids ?? []) requireKnown(id);
        return cluster.restart(ids);
      }),
    get drained() {
      return [...drained];
    },
  };
};

/** What is no object at all is refused by the cluster, which says why. */
const isRecord = (config: unknown): boolean => typeof config === 'object' && config !== null && !Array.isArray(config);
