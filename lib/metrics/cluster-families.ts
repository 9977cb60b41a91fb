import type { ClusterState } from '../cluster/cluster-state.ts';
import type { Family } from './family.ts';
import { ofClusters, type Scrape, withLabel } from './scrape.ts';

const STATES = [
  'New',
  'Booting',
  'Running',
  'Reloading',
  'Stopping',
  'Stopped',
  'Error',
] as const satisfies readonly ClusterState[];

/** What clusters are, and what became of their configs. */
export const clusterFamilies: readonly Family<Scrape>[] = [
  {
    name: 'cluster_state',
    type: 'gauge',
    help: 'The state the cluster is in: 1 for that one, 0 for the others.',
    labels: ['state'],
    samples: ({ clusters }) =>
      clusters.flatMap(({ labels, snapshot }) =>
        STATES.map((each) => ({ labels: withLabel(labels, 'state', each), value: each === snapshot.state ? 1 : 0 })),
      ),
  },
  {
    name: 'cluster_degraded',
    type: 'gauge',
    help: 'Whether something that should run does not: 1 or 0.',
    labels: [],
    samples: ofClusters(({ snapshot }) => (snapshot.degraded ? 1 : 0)),
  },
  {
    name: 'config_revision_desired',
    type: 'gauge',
    help: 'The number of the newest config that was looked at.',
    labels: [],
    samples: ofClusters(({ snapshot }) => snapshot.revision.desired),
  },
  {
    name: 'config_revision_applied',
    type: 'gauge',
    help: 'The number of the config in force.',
    labels: [],
    samples: ofClusters(({ snapshot }) => snapshot.revision.applied),
  },
  {
    name: 'commits_total',
    type: 'counter',
    help: 'Configs that were pushed, by what became of them.',
    labels: ['outcome'],
    samples: ({ clusters }) =>
      clusters.flatMap(({ commits }) => commits.map(({ labels, count }) => ({ labels, value: count }))),
  },
  {
    name: 'commit_duration_seconds',
    type: 'histogram',
    help: 'Seconds from the push of a config to its outcome.',
    labels: ['outcome'],
    samples: ({ clusters }) =>
      clusters.flatMap(({ commits }) =>
        commits.flatMap(({ labels, count, durations }) => (count === 0 ? [] : durations.samples(labels))),
      ),
  },
];
