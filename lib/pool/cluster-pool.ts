import { asapScheduler, auditTime, defer, map, merge, type Observable, of, share, takeUntil } from 'rxjs';
import type { StopOptions } from '../cluster/cluster.ts';
import { assertSignal } from '../cluster/options.ts';
import { OptionsError } from '../config/errors.ts';
import type { HealthConfig } from '../config/health-config.ts';
import type { Logger } from '../log/logger.ts';
import { fromAbortSignal } from '../reactive/from-abort-signal.ts';
import { guarded } from '../reactive/guarded.ts';
import { shareLatest } from '../reactive/share-latest.ts';
import { combineNow } from './combine-now.ts';
import { type Combining, combine, forget, planOf } from './combining.ts';
import { PoolError } from './errors.ts';
import { createKeeper } from './keeper.ts';
import { Lives } from './lives.ts';
import { assertStopOptions } from './options.ts';
import type { MergeOptions, MergePolicy, Pool, PoolOptions, PoolPlan } from './pool.ts';
import type { Monitor, PoolHandler, PoolServer, PoolServerConfig } from './pool-server.ts';
import { type Keeper, PooledServer } from './pooled-server.ts';
import { type PoolSource, ServerReader } from './reader.ts';
import { refresh } from './refresh.ts';
import type { PoolReport } from './report.ts';
import { restart, start, stopAll, stopSome } from './running.ts';
import { SharedHandlers } from './shared-handlers.ts';
import { Site } from './site.ts';
import { placeAll, remove, store } from './storing.ts';
import { tellUnanswered } from './unanswered.ts';
import { monitor } from './watching.ts';

/** Everything that happens to a pool, told to people: what they do about it cannot harm it. */
const streamsOf = (site: Site): Pick<PoolSource, 'servers$' | 'changes$' | 'report'> => {
  const report = (error: unknown): void => site.logger.error('a subscriber of the pool failed', error);
  const present = (): readonly PoolServer[] => Object.freeze([...site.entries.servers.values()]);
  const servers$ = merge(site.touched$, site.lives.snapshot$).pipe(
    auditTime(0, asapScheduler),
    takeUntil(site.closed$),
    map(present),
    shareLatest(),
  );
  return {
    servers$: guarded(
      defer(() =>
        site.closed
          ? of(present())
          : merge(
              defer(() => of(present())),
              servers$,
            ),
      ),
      report,
    ),
    changes$: guarded(site.changes$.pipe(share()), report),
    report,
  };
};

const sourceOf = (site: Site, keeper: Keeper): PoolSource => {
  const { servers$, changes$, report } = streamsOf(site);
  const entriesOf = (servers: readonly PoolServer[]) =>
    servers.flatMap((server) => PooledServer.entryOf(server, keeper) ?? []);
  return {
    get servers() {
      return site.entries.servers;
    },
    servers$,
    changes$,
    report,
    keyOf: (bind) => site.entries.keyOf(bind),
    start: (servers) => start(site, entriesOf(servers)),
    stop: (servers, options) => stopSome(site, entriesOf(servers), options),
    restart: (servers) => restart(site, entriesOf(servers)),
  };
};

/** A pool on a cluster. */
export class ClusterPool extends ServerReader implements Pool {
  readonly name: string;
  readonly cluster: Pool['cluster'];
  readonly state$: Observable<string>;
  readonly #options: PoolOptions;
  readonly #site: Site;
  readonly #keeper: Keeper;

  constructor(options: PoolOptions, logger: Logger) {
    const { handler, signal, ...rest } = options;
    assertSignal(signal);
    const settings = { name: 'pool', ...rest, logger, siphonBuffer: Number.POSITIVE_INFINITY };
    const lives = new Lives(settings);
    const handlers = new SharedHandlers(handler);
    const site: Site = new Site({ lives, handlers, logger, handleFor: (entry) => new PooledServer(entry, keeper) });
    const keeper = createKeeper(site);
    super(sourceOf(site, keeper));
    this.#options = options;
    this.#site = site;
    this.#keeper = keeper;
    this.name = lives.cluster.name ?? settings.name;
    this.cluster = lives.cluster;
    this.state$ = lives.cluster.state$;
    if (signal === undefined) return;
    fromAbortSignal(signal)
      .pipe(takeUntil(site.closed$))
      .subscribe(() => void this.#close());
  }

  get error(): Error | undefined {
    return this.cluster.error;
  }

  get closed(): boolean {
    return this.#site.closed;
  }

  /** Adds servers before anything runs; throws a `PoolError` that names all that cannot be. */
  fill(configs: readonly (PoolServerConfig | undefined)[]): void {
    placeAll(
      this.#site,
      configs.filter((config) => config !== undefined),
    );
  }

  override start(): Promise<PoolReport> {
    return start(this.#site);
  }

  override stop(options?: StopOptions): Promise<PoolReport> {
    return stopAll(this.#site, options);
  }

  override restart(): Promise<PoolReport> {
    return restart(this.#site);
  }

  storeNew(config: PoolServerConfig): Promise<PoolServer> {
    return store(this.#site, config);
  }

  store(server: PoolServer): Promise<PoolServer> {
    return store(this.#site, server?.config, (entry) =>
      PooledServer.attach(server, entry, this.#keeper) ? server : this.#site.handleFor(entry),
    );
  }

  async delete(bind: string, options: StopOptions = {}): Promise<boolean> {
    return (await this.loadAndDelete(bind, options)) !== undefined;
  }

  async loadAndDelete(bind: string, options: StopOptions = {}): Promise<PoolServer | undefined> {
    assertStopOptions(options);
    const find = () => {
      const entry = this.#site.entries.find(bind);
      return entry === undefined ? [] : [entry];
    };
    const [server] = await remove(this.#site, find, options.drainTimeoutMs);
    return server;
  }

  async clean(options: StopOptions = {}): Promise<void> {
    assertStopOptions(options);
    await remove(this.#site, () => [...this.#site.entries.values()], options.drainTimeoutMs);
  }

  clone(options: Pick<PoolOptions, 'signal' | 'name'> = {}): Pool {
    const { given } = this.#site.handlers;
    const { handler: _, ...rest } = { ...this.#options, ...options };
    const clone = new ClusterPool({ ...rest, ...(given === undefined ? {} : { handler: given }) }, this.#site.logger);
    clone.fill(Array.from(this.#site.entries.values(), ({ config }) => config));
    return clone;
  }

  async merge(
    other: Iterable<readonly [string, PoolServer]>,
    { conflict = 'source' }: MergeOptions = {},
  ): Promise<PoolPlan> {
    return combineNow(this.#site, () => configsOf(other), merging(conflict));
  }

  planMerge(other: Iterable<readonly [string, PoolServer]>, { conflict = 'source' }: MergeOptions = {}): PoolPlan {
    return this.#plan(configsOf(other), merging(conflict));
  }

  reload(configs?: Iterable<PoolServerConfig>): Promise<PoolPlan> {
    if (configs === undefined) return refresh(this.#site);
    return combineNow(this.#site, () => [...configs], { phase: 'reload', conflict: 'source', keep: false });
  }

  planReload(configs: Iterable<PoolServerConfig>): PoolPlan {
    return this.#plan([...configs], { phase: 'reload', conflict: 'source', keep: false });
  }

  handler(handler: PoolHandler | undefined): Promise<void> {
    const site = this.#site;
    return site.change(() => {
      site.handlers.exchange(handler);
      tellUnanswered(site, site.entries.values());
    });
  }

  monitor(settings: HealthConfig = {}): Promise<readonly Monitor[]> {
    return monitor(this.#site, settings);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#close();
  }

  #plan(configs: readonly unknown[], combining: Combining): PoolPlan {
    const combination = combine(this.#site, configs, combining);
    try {
      return planOf(this.#site, combination, combining);
    } finally {
      forget(this.#site, combination);
    }
  }

  async #close(): Promise<void> {
    const site = this.#site;
    site.closed = true;
    await stopAll(site);
    site.closed$.next();
    site.closed$.complete();
    site.changes$.complete();
  }
}

const POLICIES: readonly MergePolicy[] = ['source', 'target', 'error'];

const merging = (conflict: MergePolicy): Combining => {
  if (!POLICIES.includes(conflict)) throw new OptionsError('conflict', `one of ${POLICIES.join(', ')}`);
  return { phase: 'merge', conflict, keep: true };
};

const configsOf = (other: Iterable<readonly [string, PoolServer]>): readonly PoolServerConfig[] => {
  if (other === undefined || other === null) {
    throw new PoolError('ERR_POOL_PARAM_EMPTY', 'there is no pool to merge', { hint: 'give a pool, or a view of one' });
  }
  return Array.from(other, ([, { config }]) => config);
};
