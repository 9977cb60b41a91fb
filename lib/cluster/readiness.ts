import { distinctUntilChanged, map, type Observable } from 'rxjs';
import { sameData } from '../config/plain-data.ts';
import { combineHealth, type HealthGroup } from '../health/combine.ts';
import type { HealthStatus } from '../health/health.ts';
import type { ClusterState } from './cluster-state.ts';
import type { ClusterSnapshot, ServerSnapshot } from './snapshot.ts';

/** Something that keeps a process from being `ok`. */
export interface ReadinessReason {
  /** The server it is about; absent when it is about the cluster. */
  readonly server?: string;
  readonly status: 'warn' | 'down';
  readonly message: string;
}

/** Whether a process is to be sent requests. */
export interface Readiness {
  /** It is to be sent requests: `status` is `ok` or `warn`. */
  readonly ready: boolean;
  readonly status: HealthStatus;
  /** What is not as it should be, of the cluster and of the servers that the rules name; some of it may not matter. */
  readonly reasons: readonly ReadinessReason[];
}

/** In the other states nothing serves, or soon nothing will. */
const UNREADY: Partial<Readonly<Record<ClusterState, string>>> = {
  New: 'it was not started yet',
  Booting: 'it is starting',
  Stopping: 'it is stopping',
  Stopped: 'it has stopped',
  Error: 'there is no configuration that could be put in force',
};

interface Finding {
  readonly status: HealthStatus;
  readonly message: string;
}

const STATES: Readonly<Record<Exclude<ServerSnapshot['state'], 'running'>, string>> = {
  starting: 'it is starting',
  draining: 'it is draining',
  stopped: 'it is stopped',
  failed: 'it failed',
};

const findingOf = (server: ServerSnapshot | undefined): Finding => {
  if (server === undefined) return { status: 'down', message: 'it is not there' };
  const { state, health, error } = server;
  if (state !== 'running') return { status: 'down', message: error?.message ?? STATES[state] };
  if (health === undefined) return { status: 'ok', message: '' };
  const { status, message } = health;
  return { status, message: message === '' && status !== 'ok' ? 'it has not passed enough checks yet' : message };
};

/** Whether a server that nobody named counts: it is in its place, and nobody has taken it out. */
const isExpected = ({ state, error }: ServerSnapshot): boolean =>
  state === 'running' || state === 'failed' || error !== undefined;

/**
 * Whether a process is to be sent requests, by what its cluster says of itself. Pure.
 *
 * It is not ready while the cluster is starting (`New`, `Booting`), from the moment its stop begins, before any socket
 * is closed (`Stopping`, `Stopped`), and while there is no config in force (`Error`). Otherwise the rules decide. A
 * server that was not checked yet is `down`: nothing shows that it is well.
 *
 * @param rules - groups of servers and how they count, as in `combineHealth`. A server that is named and disabled, or
 *   not there, is `down`. By default all servers are a `must`, but for those that are disabled or being replaced: each
 *   has to run, and not to be `down` if it has a `health` check.
 *
 * @example
 * ```ts
 * import { createCluster, readinessOf } from 'sluice';
 *
 * await using cluster = createCluster();
 * console.log(readinessOf(cluster.snapshot).ready); // false
 * await cluster.start();
 * console.log(readinessOf(cluster.snapshot)); // { ready: true, status: 'ok', reasons: [] }
 * ```
 */
export const readinessOf = (
  { state, servers }: Pick<ClusterSnapshot, 'state' | 'servers'>,
  rules?: readonly HealthGroup[],
): Readiness => {
  const expected = (): readonly string[] =>
    Object.values(servers)
      .filter(isExpected)
      .map(({ id }) => id);
  const groups = rules ?? [{ mode: 'must', servers: expected() }];
  const named = new Set(groups.flatMap(({ mode, servers: ids }) => (mode === 'ignore' ? [] : ids)));
  const findings = new Map(Array.from(named, (id) => [id, findingOf(servers[id])]));
  const reasons: ReadinessReason[] = [];
  const unready = UNREADY[state];
  if (unready !== undefined) reasons.push({ status: 'down', message: unready });
  for (const [server, { status, message }] of findings) {
    if (status !== 'ok') reasons.push({ server, status, message });
  }
  const status = unready === undefined ? combineHealth(groups, (id) => findings.get(id)?.status) : 'down';
  return { ready: status !== 'down', status, reasons };
};

/** Throws an `OptionsError` for rules that cannot be followed: who is given them wants to know at once. */
export const checkRules = (rules: readonly HealthGroup[] = []): void => {
  combineHealth(rules, () => 'ok');
};

/** What tells how it is: a cluster, or anything else with its snapshots. */
export interface Observed {
  readonly cluster$: Observable<ClusterSnapshot>;
}

/**
 * Whether a process is to be sent requests, now and whenever that changes.
 *
 * Shape: as hot as `cluster$`: begins with the present, then emits what differs from the one before; completes when the
 * cluster has stopped, after `ready: false`. Never errors. Unsubscribing changes nothing.
 *
 * @param rules - see `readinessOf`; throws an `OptionsError` at once for those that cannot be followed.
 */
export const readiness = ({ cluster$ }: Observed, rules?: readonly HealthGroup[]): Observable<Readiness> => {
  checkRules(rules);
  return cluster$.pipe(
    map((snapshot) => readinessOf(snapshot, rules)),
    distinctUntilChanged((a, b) => sameData(a, b)),
  );
};
