import type { EventLoopReading } from './event-loop.ts';
import type { Labels, Sample } from './family.ts';
import type { ClusterReading } from './observed-cluster.ts';

/** Everything that is exposed, at one moment. */
export interface Scrape {
  readonly clusters: readonly ClusterReading[];
  /** Absent while nothing is observed. */
  readonly eventLoop: EventLoopReading | undefined;
}

/** One number for each cluster. */
export const ofClusters =
  (read: (cluster: ClusterReading) => number) =>
  ({ clusters }: Scrape): readonly Sample[] =>
    clusters.map((cluster) => ({ labels: cluster.labels, value: read(cluster) }));

const kept = new WeakMap<Labels, Map<string, Labels>>();

/** Labels with one more; the same object for the same labels and value, so that it is written down once. */
export const withLabel = (labels: Labels, name: string, value: string): Labels => {
  const more = kept.get(labels) ?? new Map<string, Labels>();
  kept.set(labels, more);
  const key = `${name}=${value}`;
  const known = more.get(key);
  if (known !== undefined) return known;
  const made = { ...labels, [name]: value };
  more.set(key, made);
  return made;
};
