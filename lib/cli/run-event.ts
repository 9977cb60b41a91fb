import type { ClusterState } from '../cluster/cluster-state.ts';
import type { Outcome } from '../cluster/outcome.ts';
import type { ClusterSnapshot } from '../cluster/snapshot.ts';
import type { ServerState } from '../server/state.ts';
import type { Complaint } from './complaint.ts';

/** What `sluice run` tells people and programs; one of these is one line. */
export type RunEvent =
  /** The file was read; what becomes of a valid one is the outcome that follows. */
  | { readonly type: 'config'; readonly file: string; readonly status: 'valid'; readonly servers: number }
  /** The file cannot be used; as many errors follow. */
  | { readonly type: 'config'; readonly file: string; readonly status: 'invalid'; readonly problems: number }
  /** Something is wrong: with the file, or with putting it in force. */
  | ({ readonly type: 'error' } & Complaint)
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
  | { readonly type: 'snapshot'; readonly snapshot: ClusterSnapshot }
  | { readonly type: 'log'; readonly level: LogLevel; readonly message: string; readonly details?: unknown }
  /** The end: everything has stopped. */
  | { readonly type: 'stopped'; readonly cut: number; readonly durationMs: number };

export type LogLevel = 'error' | 'warn' | 'info' | 'debug';

/** States in which a cluster stays until something happens; a snapshot in one of the others is soon out of date. */
const SETTLED: ReadonlySet<ClusterState> = new Set(['Running', 'Stopped', 'Error']);

/**
 * What happened between two snapshots. Pure.
 *
 * Counters alone are no event. Servers come first, so that whoever hears that the cluster is running has heard where.
 */
export const eventsBetween = (before: ClusterSnapshot | undefined, after: ClusterSnapshot): readonly RunEvent[] => {
  const events: RunEvent[] = [];
  for (const server of Object.values(after.servers)) {
    const known = before?.servers[server.id];
    const { id, state, address, url, restarts, error } = server;
    const same = known?.state === state && known.address === address && known.url === url && known.error === error;
    if (same) continue;
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
  const { state, degraded } = after;
  if (before?.state !== state || before.degraded !== degraded) {
    events.push({ type: 'state', state, degraded });
    if (SETTLED.has(state)) events.push({ type: 'snapshot', snapshot: after });
  }
  return events;
};
