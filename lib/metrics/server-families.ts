import type { ServerSnapshot } from '../cluster/snapshot.ts';
import type { ServerState } from '../server/state.ts';
import type { Family, Sample } from './family.ts';
import { type Scrape, withLabel } from './scrape.ts';

const STATES = ['starting', 'running', 'draining', 'stopped', 'failed'] as const satisfies readonly ServerState[];

const ofServers =
  (read: (server: ServerSnapshot) => number) =>
  ({ clusters }: Scrape): readonly Sample[] =>
    clusters.flatMap(({ snapshot, labelsOf }) =>
      Object.values(snapshot.servers).map((server) => ({ labels: labelsOf(server.id), value: read(server) })),
    );

/** What servers are, as the latest snapshot has it. */
export const serverFamilies: readonly Family<Scrape>[] = [
  {
    name: 'server_up',
    type: 'gauge',
    help: 'Whether a server answers: 1 while it is running, otherwise 0.',
    labels: ['server'],
    samples: ofServers(({ state }) => (state === 'running' ? 1 : 0)),
  },
  {
    name: 'server_state',
    type: 'gauge',
    help: 'The state a server is in: 1 for that one, 0 for the others.',
    labels: ['server', 'state'],
    samples: ({ clusters }) =>
      clusters.flatMap(({ snapshot, labelsOf }) =>
        Object.values(snapshot.servers).flatMap(({ id, state }) =>
          STATES.map((each) => ({ labels: withLabel(labelsOf(id), 'state', each), value: each === state ? 1 : 0 })),
        ),
      ),
  },
  {
    name: 'server_restarts_total',
    type: 'counter',
    help: 'Restarts of a server after crashes, and because it was down.',
    labels: ['server'],
    samples: ofServers(({ restarts }) => restarts),
  },
  {
    name: 'server_connections',
    type: 'gauge',
    help: 'Open connections.',
    labels: ['server'],
    samples: ofServers(({ connections }) => connections),
  },
  {
    name: 'server_requests_in_flight',
    type: 'gauge',
    help: 'Requests that were received and are not answered yet.',
    labels: ['server'],
    samples: ofServers(({ inFlight }) => inFlight),
  },
];
