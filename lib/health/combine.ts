import { OptionsError } from '../config/errors.ts';
import type { HealthStatus } from './health.ts';

/**
 * What the healths of a group of servers mean for the whole:
 *
 * - `must`: all of them are needed; the whole is as its worst.
 * - `should`: they are missed; the whole is `warn` at worst.
 * - `any`: one of them is enough; the whole is as its best.
 * - `quorum`: more than half of them are needed: `ok` when more than half are `ok`, `warn` when more than half are `ok`
 *   or `warn`, `down` otherwise.
 * - `ignore`: they do not count.
 */
export type CombineMode = 'must' | 'should' | 'any' | 'quorum' | 'ignore';

/** Servers whose healths are combined in one way. */
export interface HealthGroup {
  readonly mode: CombineMode;
  /** Their ids, each once. */
  readonly servers: readonly string[];
}

const RANK: Readonly<Record<HealthStatus, number>> = { down: 0, warn: 1, ok: 2 };

const worse = (a: HealthStatus, b: HealthStatus): HealthStatus => (RANK[a] <= RANK[b] ? a : b);
const better = (a: HealthStatus, b: HealthStatus): HealthStatus => (RANK[a] >= RANK[b] ? a : b);

/**
 * What the statuses of one group mean together.
 *
 * | | `must` | `should` | `any` | `quorum` | `ignore` |
 * |---|---|---|---|---|---|
 * | nobody | `ok` | `ok` | `down` | `down` | `ok` |
 * | all `ok` | `ok` | `ok` | `ok` | `ok` | `ok` |
 * | two `ok`, one `down` | `down` | `warn` | `ok` | `ok` | `ok` |
 * | one `ok`, one `warn` | `warn` | `warn` | `ok` | `warn` | `ok` |
 * | one `ok`, one `down` | `down` | `warn` | `ok` | `down` | `ok` |
 * | one `warn`, two `down` | `down` | `warn` | `warn` | `down` | `ok` |
 * | all `down` | `down` | `warn` | `down` | `down` | `ok` |
 *
 * Throws an `OptionsError` for a mode that there is not.
 */
export const combineStatuses = (mode: CombineMode, statuses: readonly HealthStatus[]): HealthStatus => {
  switch (mode) {
    case 'must':
      return statuses.reduce(worse, 'ok');
    case 'should':
      return better('warn', statuses.reduce(worse, 'ok'));
    case 'any':
      return statuses.reduce(better, 'down');
    case 'quorum': {
      const atLeast = (least: HealthStatus): number =>
        statuses.filter((status) => RANK[status] >= RANK[least]).length * 2;
      if (atLeast('ok') > statuses.length) return 'ok';
      return atLeast('warn') > statuses.length ? 'warn' : 'down';
    }
    case 'ignore':
      return 'ok';
    default:
      // Rules may come from outside the program: what nobody understands must not say that all is well.
      throw new OptionsError('mode', "'must', 'should', 'any', 'quorum' or 'ignore'");
  }
};

/**
 * How a whole is, by the healths of its servers: as its worst group.
 *
 * A server that is named and has no status counts as `down`, not as a mistake: servers come and go with configs, and one
 * that is needed and was removed is as good as one that fails. No groups at all are `ok`. Throws an `OptionsError` for a mode
 * that there is not.
 *
 * @param statusOf - the status of a server by its id; `undefined` when there is no such server, or nobody looks after it.
 *
 * @example
 * ```ts
 * import { combineHealth } from 'sluice';
 *
 * const status = { api: 'ok', search: 'down' } as const;
 * const groups = [
 *   { mode: 'must', servers: ['api'] },
 *   { mode: 'should', servers: ['search'] },
 * ] as const;
 * console.log(combineHealth(groups, (server) => status[server as 'api' | 'search'])); // warn
 * ```
 */
export const combineHealth = (
  groups: readonly HealthGroup[],
  statusOf: (server: string) => HealthStatus | undefined,
): HealthStatus =>
  groups
    .map(({ mode, servers }) =>
      combineStatuses(
        mode,
        servers.map((server) => statusOf(server) ?? 'down'),
      ),
    )
    .reduce(worse, 'ok');

/** The HTTP status that tells a load balancer or an orchestrator of a health: `ok` and `warn` serve. */
export const httpStatusOf = (status: HealthStatus): 200 | 503 => (status === 'down' ? 503 : 200);
