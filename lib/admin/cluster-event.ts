import type { ClusterState } from '../cluster/cluster-state.ts';
import { statusNews } from '../cluster/health-report.ts';
import type { Outcome } from '../cluster/outcome.ts';
import type { ClusterSnapshot } from '../cluster/snapshot.ts';
import type { Health, HealthStatus } from '../health/health.ts';
import type { ServerState } from '../server/state.ts';
import type { WorkersEvent } from '../workers/event.ts';

/** Something that happened to a cluster. */
export type ClusterEvent =
  | { readonly type: 'outcome'; readonly outcome: Outcome }
  | { readonly type: 'state'; readonly state: ClusterState; readonly degraded: boolean }
  | {
      readonly type: 'server';
      readonly id: string;
      readonly state: ServerState;
      readonly address: string;
      /** Absent for a generation that leaves: new requests no longer reach it. */
      readonly url?: string;
      /** Connections it still has to finish, when it leaves. */
      readonly connections?: number;
      readonly restarts?: number;
      readonly error?: string;
    }
  | {
      readonly type: 'health';
      readonly id: string;
      readonly status: HealthStatus;
      /** It is on its way up. */
      readonly rising: boolean;
      /** What the last check failed with; empty after a success. */
      readonly message: string;
    }
  | { readonly type: 'snapshot'; readonly snapshot: ClusterSnapshot }
  /** Of a cluster on workers: what happened to one, or to all of them. */
  | { readonly type: 'worker'; readonly event: WorkersEvent };

/** States in which a cluster stays until something happens; a snapshot in one of the others is soon out of date. */
const SETTLED: ReadonlySet<ClusterState> = new Set(['Running', 'Stopped', 'Error']);

/** What was told of a health; nothing before the first check. */
const toldOf = (health: Health | undefined): HealthStatus | undefined =>
  health === undefined || health.checks === 0 ? undefined : health.status;

/**
 * What happened between two snapshots. Pure.
 *
 * Counters alone are no event. Servers come first, so that whoever hears that the cluster is running has heard where.
 */
export const eventsBetween = (before: ClusterSnapshot | undefined, after: ClusterSnapshot): readonly ClusterEvent[] => {
  const events: ClusterEvent[] = [];
  for (const server of Object.values(after.servers)) {
    const known = before?.servers[server.id];
    const { id, state, address, url, restarts, error } = server;
    const same = known?.state === state && known.address === address && known.url === url && known.error === error;
    // What left it still finishes what it accepted: that it has stopped is told when that is gone.
    const stays = state === 'stopped' && !error && after.draining.some((one) => one.server === id);
    if (same || stays) continue;
    events.push({ type: 'server', id, state, address, url, restarts, ...(error && { error: error.message }) });
  }
  for (const { server, address, connections, since } of after.draining) {
    const known = before?.draining.some((one) => one.server === server && one.since === since);
    if (known !== true) events.push({ type: 'server', id: server, state: 'draining', address, connections });
  }
  for (const { server, address, since } of before?.draining ?? []) {
    const stays = after.draining.some((one) => one.server === server && one.since === since);
    if (!stays) events.push({ type: 'server', id: server, state: 'stopped', address });
  }
  for (const { id, health } of Object.values(after.servers)) {
    if (health === undefined) continue;
    const { rising, message } = health;
    const status = statusNews(toldOf(before?.servers[id]?.health), health);
    if (status !== undefined) events.push({ type: 'health', id, status, rising, message });
  }
  const { state, degraded } = after;
  if (before?.state !== state || before.degraded !== degraded) {
    events.push({ type: 'state', state, degraded });
    if (SETTLED.has(state)) events.push({ type: 'snapshot', snapshot: after });
  }
  return events;
};
