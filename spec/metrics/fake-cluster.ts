import type { ClusterInstrument } from '../../lib/cluster/instrument.ts';
import type { Outcome } from '../../lib/cluster/outcome.ts';
import type { ClusterSnapshot, ServerSnapshot } from '../../lib/cluster/snapshot.ts';
import type { Health } from '../../lib/health/health.ts';
import type { MeasuredCluster } from '../../lib/metrics/observed-cluster.ts';
import type { EndedRequest } from '../../lib/server/instrument.ts';

/** A cluster that is whatever a test says. */
export interface FakeCluster extends MeasuredCluster {
  snapshot: ClusterSnapshot;
  /** Tells those who watch of a request that is over. */
  answer(request: Partial<EndedRequest>): void;
  settle(outcome: Outcome): void;
  /** How many watch. */
  readonly watchers: number;
}

export const healthOf = (health: Partial<Health>): Health => ({
  status: 'ok',
  rising: false,
  falling: false,
  message: '',
  checks: 1,
  latencyMs: 1,
  since: 0,
  uptimeMs: 0,
  downtimeMs: 0,
  riseTimeMs: 0,
  fallTimeMs: 0,
  ...health,
});

const serverOf = (id: string, more: Partial<ServerSnapshot>): ServerSnapshot => ({
  id,
  name: id,
  state: 'running',
  address: '127.0.0.1:1',
  url: 'http://127.0.0.1:1',
  since: 0,
  uptimeMs: 1,
  config: {} as ServerSnapshot['config'],
  connections: 0,
  inFlight: 0,
  restarts: 0,
  ...more,
});

export const snapshotOf = (
  servers: Readonly<Record<string, Partial<ServerSnapshot>>>,
  more: Partial<ClusterSnapshot> = {},
): ClusterSnapshot => ({
  state: 'Running',
  revision: { desired: 1, applied: 1 },
  degraded: false,
  source: 'open',
  servers: Object.fromEntries(Object.entries(servers).map(([id, server]) => [id, serverOf(id, server)])),
  draining: [],
  ...more,
});

export const fakeCluster = (servers: Readonly<Record<string, Partial<ServerSnapshot>>>): FakeCluster => {
  const watching = new Set<ClusterInstrument>();
  return {
    snapshot: snapshotOf(servers),
    instrument: (instrument) => {
      watching.add(instrument);
      return { unsubscribe: () => void watching.delete(instrument) };
    },
    answer: (request) => {
      const ended: EndedRequest = {
        server: 'api',
        method: 'GET',
        path: '/',
        route: '/',
        protocol: '1.1',
        encrypted: false,
        headers: {},
        status: 200,
        complete: true,
        durationMs: 1,
        requestBytes: 0,
        responseBytes: 0,
        ...request,
      };
      for (const instrument of watching) instrument.begin?.(ended)?.end(ended);
    },
    settle: (outcome) => {
      for (const instrument of watching) instrument.committed?.(outcome);
    },
    get watchers() {
      return watching.size;
    },
  };
};
