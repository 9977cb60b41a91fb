import { BehaviorSubject, defer, filter, firstValueFrom, type Observable, switchMap } from 'rxjs';
import { type Cluster, createCluster, type StopOptions, type StopReport } from '../cluster/cluster.ts';
import type { ClusterOptions } from '../cluster/options.ts';
import type { Outcome } from '../cluster/outcome.ts';
import type { Plan } from '../cluster/plan.ts';
import type { ClusterSnapshot, ServerSnapshot } from '../cluster/snapshot.ts';
import type { ClusterConfig, CommitMode } from '../config/server-config.ts';
import { guarded } from '../reactive/guarded.ts';

/** A cluster to look at, whichever life of the pool it belongs to. */
export type ClusterView = Pick<Cluster, 'cluster$' | 'state$' | 'outcomes$' | 'snapshot' | 'error' | 'name'>;

/**
 * The clusters of a pool, one after the other: each lives from a start to a stop.
 *
 * A cluster that is started again begins with what it had; a pool may have changed meanwhile, so it begins with another.
 */
export class Lives {
  /** The present one, and each later one. */
  readonly cluster$: BehaviorSubject<Cluster>;
  /** What is known of the servers of the present life, and of each later one. Ends with the pool. */
  readonly snapshot$: Observable<ClusterSnapshot>;
  readonly view: ClusterView;
  readonly #options: ClusterOptions;
  #live = false;
  #ending: Promise<StopReport> | undefined;
  #over = false;

  constructor(options: ClusterOptions, report: (error: unknown) => void) {
    this.#options = options;
    this.cluster$ = new BehaviorSubject(createCluster(options));
    const clusters = this.cluster$;
    this.snapshot$ = clusters.pipe(switchMap(({ cluster$ }) => cluster$));
    this.view = {
      name: clusters.value.name ?? 'pool',
      cluster$: guarded(
        defer(() => clusters.value.cluster$),
        report,
      ),
      state$: guarded(
        defer(() => clusters.value.state$),
        report,
      ),
      outcomes$: guarded(
        defer(() => clusters.value.outcomes$),
        report,
      ),
      get snapshot() {
        return clusters.value.snapshot;
      },
      get error() {
        return clusters.value.error;
      },
    };
  }

  /** It serves, or is about to: configs have an effect. */
  get live(): boolean {
    return this.#live;
  }

  /** What is known of a server of the present life. */
  server(id: string): ServerSnapshot | undefined {
    return this.#live || this.#ending !== undefined ? this.cluster$.value.snapshot.servers[id] : undefined;
  }

  /** A generation of it still finishes what it accepted. */
  isDraining(id: string): boolean {
    return this.cluster$.value.snapshot.draining.some(({ server }) => server === id);
  }

  /** After a stop, another cluster is there, so that whoever looks from now on sees the next life. */
  renew(): void {
    if (!this.#over || this.#ending !== undefined) return;
    this.#over = false;
    this.cluster$.next(createCluster(this.#options));
  }

  /** Settles when the life that is ending has ended. */
  async ended(): Promise<void> {
    await this.#ending;
  }

  /** Begins to live with a config; the former life has ended. */
  start(config: ClusterConfig): Promise<Outcome> {
    this.renew();
    const cluster = this.cluster$.value;
    // Pushed first, so that it is the config the cluster boots with.
    const outcome = cluster.apply(config, { commit: 'independent' });
    this.#live = true;
    void cluster.start();
    return outcome;
  }

  plan(config: ClusterConfig): Plan {
    return this.cluster$.value.plan(config);
  }

  apply(config: ClusterConfig, commit: CommitMode): Promise<Outcome> {
    return this.cluster$.value.apply(config, { commit });
  }

  restart(ids: readonly string[], commit: CommitMode): Promise<Outcome> {
    return this.cluster$.value.restart(ids, { commit });
  }

  /** Ends the life there is; what was asked for and is not settled is cancelled. Everybody gets the report of one stop. */
  stop(options?: StopOptions): Promise<StopReport> {
    if (!this.#live) return this.#ending ?? Promise.resolve({ cut: 0, durationMs: 0 });
    this.#live = false;
    this.#over = true;
    const ending = this.cluster$.value.stop(options).finally(() => {
      this.#ending = undefined;
    });
    this.#ending = ending;
    return ending;
  }

  /** Settles when none of these servers has a generation that still finishes what it accepted. */
  async drained(ids: ReadonlySet<string>): Promise<void> {
    if (!this.#live || ids.size === 0) return;
    const { cluster$ } = this.cluster$.value;
    const isDone$ = cluster$.pipe(filter(({ draining }) => !draining.some(({ server }) => ids.has(server))));
    await firstValueFrom(isDone$, { defaultValue: undefined });
  }

  complete(): void {
    this.cluster$.complete();
  }
}
