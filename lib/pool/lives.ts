import { asapScheduler, filter, firstValueFrom, type Observable, observeOn, Subject, startWith, switchMap } from 'rxjs';
import { type Cluster, createCluster, type StopOptions, type StopReport } from '../cluster/cluster.ts';
import type { ClusterOptions } from '../cluster/options.ts';
import type { Outcome } from '../cluster/outcome.ts';
import type { Plan } from '../cluster/plan.ts';
import type { ClusterSnapshot, ServerSnapshot } from '../cluster/snapshot.ts';
import type { ClusterConfig, CommitMode } from '../config/server-config.ts';

/**
 * The cluster of a pool from one start to the next stop, and again.
 *
 * A cluster that is started again begins with what it had; a pool may have changed meanwhile, so its cluster is renewed.
 */
export class Lives {
  readonly cluster: Cluster;
  /** What is known of the servers of the present life, then of each later one. Does not complete. */
  readonly snapshot$: Observable<ClusterSnapshot>;
  /** A server that crashed has come back on another port. */
  readonly moved$ = new Subject<void>();
  /** Connections of servers that stopped had to be cut. */
  readonly cut$ = new Subject<{ readonly server: string; readonly connections: number }>();
  readonly #begun$ = new Subject<void>();
  #live = false;
  #ending: Promise<StopReport> | undefined;

  constructor(options: ClusterOptions) {
    const cluster = createCluster(options);
    this.cluster = cluster;
    cluster.instrument({
      moved: () => this.moved$.next(),
      cut: (server, connections) => this.cut$.next({ server, connections }),
    });
    this.snapshot$ = this.#begun$.pipe(
      startWith(undefined),
      switchMap(() => cluster.cluster$),
    );
  }

  /** It serves, or is about to: configs have an effect. */
  get live(): boolean {
    return this.#live;
  }

  /** What is known of a server of the present life. */
  server(id: string): ServerSnapshot | undefined {
    return this.#live || this.#ending !== undefined ? this.cluster.snapshot.servers[id] : undefined;
  }

  /** A generation of it still finishes what it accepted. */
  isDraining(id: string): boolean {
    return this.cluster.snapshot.draining.some(({ server }) => server === id);
  }

  /** After a stop: whoever looks from now on sees the next life. */
  renew(): void {
    this.cluster.renew();
  }

  /** Settles when the life that is ending has ended. */
  async ended(): Promise<void> {
    await this.#ending;
  }

  /** Begins to live with a config; the former life has ended. */
  start(config: ClusterConfig): Promise<Outcome> {
    this.renew();
    // Pushed first, so that it is the config the cluster boots with.
    const outcome = this.cluster.apply(config, { commit: 'independent' });
    this.#live = true;
    void this.cluster.start();
    this.#begun$.next();
    return outcome;
  }

  apply(config: ClusterConfig, commit: CommitMode): Promise<Outcome> {
    return this.cluster.apply(config, { commit });
  }

  restart(ids: readonly string[], commit: CommitMode): Promise<Outcome> {
    return this.cluster.restart(ids, { commit });
  }

  plan(config: ClusterConfig): Plan {
    return this.cluster.plan(config);
  }

  /** Ends the life there is; what was asked for and is not settled is cancelled. Everybody gets the report of one stop. */
  stop(options?: StopOptions): Promise<StopReport> {
    if (!this.#live) return this.#ending ?? Promise.resolve({ cut: 0, durationMs: 0 });
    this.#live = false;
    const ending = this.cluster.stop(options).finally(() => {
      this.#ending = undefined;
    });
    this.#ending = ending;
    return ending;
  }

  /** Settles when none of these servers has a generation that still finishes what it accepted. */
  async drained(ids: ReadonlySet<string>): Promise<void> {
    if (ids.size === 0) return;
    if (!this.#live) return this.ended();
    const isDone$ = this.cluster.cluster$.pipe(
      filter(({ draining }) => !draining.some(({ server }) => ids.has(server))),
      // In the same turn it is told what had to be cut; whoever waits should hear of that first.
      observeOn(asapScheduler),
    );
    await firstValueFrom(isDone$, { defaultValue: undefined });
  }
}
