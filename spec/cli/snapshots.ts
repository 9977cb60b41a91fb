import fc from 'fast-check';
import type { ClusterSnapshot, Draining, ServerSnapshot } from '../../lib/cluster/snapshot.ts';
import type { Health } from '../../lib/health/health.ts';
import type { WorkerClusterSnapshot, WorkerDetail } from '../../lib/worker-cluster/worker-cluster.ts';

const config = {
  listen: '127.0.0.1:0',
  routes: [],
  headersTimeoutMs: 10_000,
  requestTimeoutMs: 15_000,
  handlerTimeoutMs: 30_000,
  keepAliveTimeoutMs: 60_000,
  writeTimeoutMs: 30_000,
  drainTimeoutMs: 30_000,
  maxInFlight: 0,
  maxConnections: 0,
  maxHeaderBytes: 16_384,
  maxBodyBytes: 10_485_760,
};

/** A running server; what is given is different. */
export const server = (id: string, over: Partial<ServerSnapshot> = {}): ServerSnapshot => ({
  id,
  name: id,
  state: 'running',
  address: '127.0.0.1:8080',
  url: 'http://127.0.0.1:8080',
  since: 0,
  uptimeMs: 1_000,
  config,
  connections: 0,
  inFlight: 0,
  restarts: 0,
  ...over,
});

/** A health that was checked; what is given is different. */
export const health = (status: Health['status'], over: Partial<Health> = {}): Health => ({
  status,
  rising: false,
  falling: false,
  message: '',
  checks: 3,
  latencyMs: 1,
  since: 0,
  uptimeMs: 0,
  downtimeMs: 0,
  riseTimeMs: 0,
  fallTimeMs: 0,
  ...over,
});

/** A running cluster of these servers; what is given is different. */
export const cluster = (servers: readonly ServerSnapshot[], over: Partial<ClusterSnapshot> = {}): ClusterSnapshot => ({
  state: 'Running',
  revision: { desired: 1, applied: 1 },
  degraded: false,
  source: 'open',
  servers: Object.fromEntries(servers.map((one) => [one.id, one])),
  draining: [],
  ...over,
});

/** An active worker; what is given is different. */
export const worker = (slot: number, over: Partial<WorkerDetail> = {}): WorkerDetail => ({
  slot,
  state: 'active',
  pid: 4_710 + slot,
  port: 0,
  startedAt: 0,
  since: 0,
  uptimeMs: 65_000,
  restarts: 0,
  crashes: 0,
  recentCrashes: 0,
  revision: 1,
  servers: {},
  heartbeat: {
    sequence: 1,
    rssBytes: 62_914_560,
    heapUsedBytes: 10_000_000,
    utilization: 0.034,
    delayMs: { mean: 1, max: 2 },
    connections: 7,
    inFlight: 1,
    requests: 100,
    counters: {},
    gauges: {},
  },
  ...over,
});

/** A running cluster of these servers on these workers. */
export const onWorkers = (
  servers: readonly ServerSnapshot[],
  workers: readonly WorkerDetail[],
): WorkerClusterSnapshot => ({ ...cluster(servers), workers });

const text = fc.string({ unit: 'binary', maxLength: 40 });
const states = ['starting', 'running', 'draining', 'stopped', 'failed'] as const;

const anyHealth: fc.Arbitrary<Health> = fc
  .record({
    status: fc.constantFrom('ok', 'warn', 'down' as const),
    rising: fc.boolean(),
    message: text,
    checks: fc.nat(2),
  })
  .map(({ status, ...over }) => health(status, over));

const anyServer: fc.Arbitrary<ServerSnapshot> = fc
  .record({
    id: text,
    state: fc.constantFrom(...states),
    address: fc.oneof(text, fc.constantFrom('127.0.0.1:8080', '/run/x.sock')),
    url: fc.oneof(text, fc.webUrl()),
    uptimeMs: fc.nat(),
    connections: fc.nat(),
    inFlight: fc.nat(),
    restarts: fc.nat(3),
    reason: fc.option(text),
    found: fc.option(anyHealth),
  })
  .map(({ id, reason, found, ...over }) =>
    server(id, {
      ...over,
      ...(reason === null ? {} : { error: new Error(reason) }),
      ...(found === null ? {} : { health: found }),
    }),
  );

const anyDraining: fc.Arbitrary<Draining> = fc.record({
  server: text,
  address: text,
  connections: fc.nat(),
  since: fc.nat(5),
});

const anyWorker: fc.Arbitrary<WorkerDetail> = fc
  .record({
    state: fc.constantFrom('starting', 'active', 'stopping', 'stopped', 'crashed', 'respawning', 'disabled' as const),
    pid: fc.nat(99_999),
    restarts: fc.nat(3),
    uptimeMs: fc.nat(),
    reason: fc.option(text),
    beats: fc.boolean(),
  })
  .map(({ reason, beats, ...over }) => {
    const { heartbeat, ...silent } = worker(0, over);
    return {
      ...silent,
      ...(beats && heartbeat && { heartbeat }),
      ...(reason !== null && { error: new Error(reason) }),
    };
  });

/** Of a cluster on workers. */
export const anyWorkers: fc.Arbitrary<readonly WorkerDetail[]> = fc
  .array(anyWorker, { maxLength: 8 })
  .map((workers) => workers.map((one, slot) => ({ ...one, slot })));

export const anySnapshot: fc.Arbitrary<ClusterSnapshot> = fc
  .record({
    servers: fc.uniqueArray(anyServer, { maxLength: 8, selector: ({ id }) => id }),
    draining: fc.uniqueArray(anyDraining, { maxLength: 3, selector: (one) => `${one.server} ${one.since}` }),
    state: fc.constantFrom('New', 'Booting', 'Running', 'Reloading', 'Stopping', 'Stopped', 'Error' as const),
    degraded: fc.boolean(),
    desired: fc.nat(3),
  })
  .map(({ servers, desired, ...over }) => cluster(servers, { ...over, revision: { desired, applied: 1 } }));
