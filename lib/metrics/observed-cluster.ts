import type { Unsubscribable } from 'rxjs';
import type { ClusterInstrument, Instrumented } from '../cluster/instrument.ts';
import type { Outcome } from '../cluster/outcome.ts';
import type { ClusterSnapshot } from '../cluster/snapshot.ts';
import type { EndedRequest, RequestWatcher } from '../server/instrument.ts';
import { Buckets } from './buckets.ts';
import type { Labels } from './family.ts';
import { ServerRequests } from './request-series.ts';

/** A cluster, as far as it is measured. */
export interface MeasuredCluster extends Instrumented {
  readonly snapshot: ClusterSnapshot;
}

/** Every outcome there can be: from the beginning each of them has happened so many times. */
const OUTCOMES = [
  'committed',
  'unchanged',
  'rejected',
  'rolledBack',
  'superseded',
  'cancelled',
] as const satisfies readonly Outcome['status'][];

/** Seconds; from configs that change a route to those that wait for connections to drain. */
const COMMIT_BOUNDS: readonly number[] = [0.001, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30];

/** Seconds; those of the pool that Sluice's health checks follow. */
const LATENCY_BOUNDS: readonly number[] = [0, 0.05, 0.1, 0.2, 0.3, 0.4, 0.5, 0.75, 1, 1.5, 2, 2.5, 3, 4, 5, 10];

/** What became of configs in one way. */
export interface CommitSeries {
  readonly labels: Labels;
  readonly durations: Buckets;
  count: number;
}

/** How long the checks of one server took. */
export interface LatencySeries {
  readonly labels: Labels;
  readonly latencies: Buckets;
  checks: number;
}

/** One cluster at one moment, and what was counted of it. */
export interface ClusterReading {
  readonly labels: Labels;
  readonly snapshot: ClusterSnapshot;
  readonly requests: readonly ServerRequests[];
  readonly commits: readonly CommitSeries[];
  readonly latencies: readonly LatencySeries[];
  /** The labels of a server; the same object at every scrape. */
  labelsOf(server: string): Labels;
}

/**
 * Counts what a cluster does.
 *
 * Servers are forgotten, with all that was counted of them, when no config has them any more and the last of their
 * connections has ended: their ids would otherwise be remembered for ever.
 */
export class ObservedCluster implements ClusterInstrument {
  readonly labels: Labels;
  readonly #cluster: MeasuredCluster;
  readonly #maxRoutes: number;
  readonly #commits = new Map<string, CommitSeries>();
  readonly #requests = new Map<string, ServerRequests>();
  readonly #latencies = new Map<string, LatencySeries>();
  readonly #labels = new Map<string, Labels>();
  /** One for all requests: what has to be known of each it is told. */
  readonly #watcher: RequestWatcher = { end: (request) => this.#end(request) };

  constructor(cluster: MeasuredCluster, labels: Labels, maxRoutes: number) {
    this.#cluster = cluster;
    this.labels = labels;
    this.#maxRoutes = maxRoutes;
    for (const outcome of OUTCOMES) {
      this.#commits.set(outcome, { labels: { ...labels, outcome }, durations: new Buckets(COMMIT_BOUNDS), count: 0 });
    }
  }

  /** Begins to count, until it is unsubscribed. */
  attach(): Unsubscribable {
    return this.#cluster.instrument(this);
  }

  begin(): RequestWatcher {
    return this.#watcher;
  }

  refused(server: string, status: number): void {
    this.#of(server).refuse(status);
  }

  committed({ status, durationMs }: Outcome): void {
    const series = this.#commits.get(status);
    if (series === undefined) return;
    series.count += 1;
    series.durations.add(durationMs / 1000);
    // Whether or not anybody scrapes: ids may come and go for ever.
    if (status === 'committed') this.#forget(this.#cluster.snapshot);
  }

  read(): ClusterReading {
    const { snapshot } = this.#cluster;
    this.#forget(snapshot);
    for (const { id, health } of Object.values(snapshot.servers)) {
      if (health === undefined || health.checks === 0) continue;
      const series = this.#latencies.get(id) ?? this.#firstCheck(id);
      // Checks of an earlier life may have been more.
      if (series.checks !== health.checks) series.latencies.add(health.latencyMs / 1000);
      series.checks = health.checks;
    }
    return {
      labels: this.labels,
      snapshot,
      requests: [...this.#requests.values()],
      commits: [...this.#commits.values()],
      latencies: [...this.#latencies.values()],
      labelsOf: (server) => this.#labelsOf(server),
    };
  }

  #end(request: EndedRequest): void {
    this.#of(request.server).end(request);
  }

  #of(server: string): ServerRequests {
    const known = this.#requests.get(server);
    if (known !== undefined) return known;
    const made = new ServerRequests(this.#labelsOf(server), this.#maxRoutes);
    this.#requests.set(server, made);
    return made;
  }

  #firstCheck(server: string): LatencySeries {
    const series = {
      labels: { ...this.labels, monitor: server },
      latencies: new Buckets(LATENCY_BOUNDS),
      checks: 0,
    };
    this.#latencies.set(server, series);
    return series;
  }

  #labelsOf(server: string): Labels {
    const known = this.#labels.get(server);
    if (known !== undefined) return known;
    const labels = { ...this.labels, server };
    this.#labels.set(server, labels);
    return labels;
  }

  #forget({ servers, draining }: ClusterSnapshot): void {
    const leaving = new Set(draining.map(({ server }) => server));
    const isGone = (id: string): boolean => servers[id] === undefined && !leaving.has(id);
    for (const map of [this.#requests, this.#latencies, this.#labels]) {
      for (const id of map.keys()) if (isGone(id)) map.delete(id);
    }
  }
}
