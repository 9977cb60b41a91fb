import type { Course } from '../cluster/course.ts';
import { type ServerSnapshot, takeDisabled } from '../cluster/snapshot.ts';
import { formatAddress } from '../config/address.ts';
import { clientUrl } from '../config/expose.ts';
import type { ServerSpec } from '../config/server-spec.ts';
import type { WorkersSnapshot } from '../workers/snapshot.ts';
import { isAmiss, mergeDraining, mergeServer, type WorkerServer } from './merge.ts';
import type { Peer } from './peer.ts';
import type { Places } from './places.ts';
import type { WorkerClusterSnapshot, WorkerDetail } from './worker-cluster.ts';

/** What a snapshot is taken of. */
export interface ViewSource {
  readonly course: Pick<Course<WorkerClusterSnapshot>, 'state' | 'source' | 'sourceError' | 'progress'>;
  readonly places: Pick<Places, 'get' | 'entries'>;
  readonly peers: readonly Peer[];
  readonly epoch: number;
  readonly workers: WorkersSnapshot;
  /** Why no worker runs, and none will. */
  readonly failure: Error | undefined;
}

const inWorkers = (id: string, peers: readonly Peer[]): readonly WorkerServer[] =>
  peers.flatMap(({ slot, pid, servers }) => {
    const report = servers.get(id);
    return report === undefined ? [] : [{ slot, pid, report }];
  });

/** Slots that should run what is in force, and do not. */
const isShort = ({ workers }: WorkersSnapshot): boolean =>
  workers.some(({ state }) => state === 'crashed' || state === 'respawning' || state === 'disabled');

/** Takes a snapshot at `now`, milliseconds since the epoch. */
export const takeView = (
  { course, places, peers, epoch, workers, failure }: ViewSource,
  now: number,
): WorkerClusterSnapshot => {
  const { state, source, sourceError, progress } = course;
  const ending = state === 'Stopping' || state === 'Stopped';
  const members = ending ? peers : peers.filter(({ phase }) => phase === 'member');
  // Without a prototype no id can be mistaken for a property of every object.
  const servers: Record<string, ServerSnapshot> = Object.create(null);
  let degraded = state === 'Error' || progress.refused.length > 0 || isShort(workers);
  const take = (id: string, spec: ServerSpec): void => {
    const found = inWorkers(id, members);
    const address = places.get(id)?.address ?? spec.address;
    const text = address.kind === 'unix' ? address.path : formatAddress(address);
    const at = { address: text, url: clientUrl(spec.expose, address, spec.tls !== undefined) };
    servers[id] = mergeServer(spec, found, now, at, ending);
    degraded ||= found.some(({ report }) => isAmiss(report));
  };
  for (const [id, spec] of progress.specs) {
    if (places.get(id) !== undefined) take(id, spec);
    else if (spec.disabled) servers[id] = takeDisabled(spec);
  }
  for (const [id, { spec }] of places.entries) if (servers[id] === undefined) take(id, spec);
  const { desired, applied, issues } = progress;
  const error = failure ?? progress.error ?? sourceError;
  return Object.freeze({
    state,
    revision: Object.freeze({ desired, applied }),
    degraded,
    source,
    servers: Object.freeze(servers),
    draining: mergeDraining(peers.flatMap((peer) => (ending ? peer.draining : drainingIn(peer)))),
    workers: Object.freeze(
      workers.workers.map((worker) => detailOf(worker, peers, progress.specs, epoch, applied, now)),
    ),
    ...(error === undefined ? {} : { error }),
    ...(issues === undefined ? {} : { issues: Object.freeze(issues) }),
  });
};

/** What a worker that leaves still serves is on its way out as well. */
const drainingIn = ({ phase, draining, servers }: Peer): Peer['draining'] => {
  if (phase !== 'leaving') return draining;
  const own = [...servers].map(([server, { address, connections, since }]) => ({
    server,
    address,
    connections,
    since,
  }));
  return [...draining, ...own];
};

const detailOf = (
  worker: WorkersSnapshot['workers'][number],
  peers: readonly Peer[],
  specs: ReadonlyMap<string, ServerSpec>,
  epoch: number,
  applied: number,
  now: number,
): WorkerDetail => {
  const peer = peers.find(({ pid }) => pid === worker.pid);
  const servers: Record<string, ServerSnapshot> = Object.create(null);
  if (peer !== undefined) {
    for (const [id, report] of peer.servers) {
      const spec = specs.get(id);
      if (spec === undefined || spec.disabled) continue;
      servers[id] = mergeServer(spec, [{ slot: peer.slot, pid: peer.pid, report }], now, report);
    }
  }
  // A config that said the same took no switch: who runs what is in force runs that one.
  const revision = peer === undefined ? 0 : peer.epoch === epoch && epoch > 0 ? applied : peer.revision;
  return Object.freeze({ ...worker, revision, servers: Object.freeze(servers) });
};
