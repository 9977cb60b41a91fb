import { type Observable, share } from 'rxjs';
import type { StopOptions } from '../cluster/cluster.ts';
import { guarded } from '../reactive/guarded.ts';
import type { PoolReader, PoolView } from './pool.ts';
import type { PoolChange, PoolServer } from './pool-server.ts';
import { INSPECT } from './pooled-server.ts';
import type { PoolReport } from './report.ts';
import { fieldOf, type PoolField, type PoolMatch, type Select, selectBy } from './select.ts';
import { restrictChanges, restrictServers } from './view.ts';

/** What a reader reads from and hands its orders to: the pool, behind its own methods. */
export interface PoolSource {
  /** All servers by key, in order, as they are now. */
  readonly servers: ReadonlyMap<string, PoolServer>;
  /** The servers in order, and again whenever one is added, removed, or changes. Replays the latest. */
  readonly servers$: Observable<readonly PoolServer[]>;
  /** What happens to entries; each is told after it is so. Hot, without replay. */
  readonly changes$: Observable<PoolChange>;
  /** Told of what subscribers throw. */
  report(error: unknown): void;
  /** The key that a spelling of an address stands for; `undefined` for what is no address. */
  keyOf(bind: string): string | undefined;
  start(servers: readonly PoolServer[]): Promise<PoolReport>;
  stop(servers: readonly PoolServer[], options?: StopOptions): Promise<PoolReport>;
  restart(servers: readonly PoolServer[]): Promise<PoolReport>;
}

/**
 * The servers of a pool that are selected, read as they are at each call.
 *
 * Holds nothing but its source and a predicate: it follows the pool without a subscription, and is gone when nobody has
 * it any more. Its streams subscribe to those of the pool while somebody listens to them.
 */
export class ServerReader implements PoolReader {
  readonly servers$: Observable<readonly PoolServer[]>;
  readonly changes$: Observable<PoolChange>;
  readonly #source: PoolSource;
  readonly #selects: Select | undefined;

  /** @param selects - which servers; all of them by default. */
  constructor(source: PoolSource, selects?: Select) {
    this.#source = source;
    this.#selects = selects;
    this.servers$ = selects === undefined ? source.servers$ : restrictServers(source, selects);
    // Made of two streams, it is nobody's operator any more and needs a guard of its own.
    this.changes$ =
      selects === undefined
        ? source.changes$
        : guarded(restrictChanges(source, selects).pipe(share()), (error) => source.report(error));
  }

  get size(): number {
    return this.#selects === undefined ? this.#source.servers.size : this.all().length;
  }

  has(bind: string): boolean {
    return this.load(bind) !== undefined;
  }

  load(bind: string): PoolServer | undefined {
    // Whoever has a key already should not pay for having it read as an address.
    const server = this.#source.servers.get(bind) ?? this.#source.servers.get(this.#source.keyOf(bind) ?? '');
    return server === undefined || this.#selects?.(server) === false ? undefined : server;
  }

  *entries(): IterableIterator<readonly [bind: string, server: PoolServer]> {
    const selects = this.#selects;
    for (const entry of this.#source.servers) if (selects === undefined || selects(entry[1])) yield entry;
  }

  *keys(): IterableIterator<string> {
    for (const [bind] of this.entries()) yield bind;
  }

  *values(): IterableIterator<PoolServer> {
    for (const [, server] of this.entries()) yield server;
  }

  [Symbol.iterator](): IterableIterator<readonly [bind: string, server: PoolServer]> {
    return this.entries();
  }

  walk(visit: (bind: string, server: PoolServer) => unknown): boolean {
    for (const [bind, server] of this.entries()) if (visit(bind, server) === false) return false;
    return true;
  }

  walkLimit(visit: (bind: string, server: PoolServer) => unknown, ...binds: readonly string[]): boolean {
    if (binds.length === 0) return this.walk(visit);
    const wanted = new Set(binds.map((bind) => this.#source.keyOf(bind) ?? bind));
    return this.walk((bind, server) => !wanted.has(bind) || visit(bind, server));
  }

  filter(field: PoolField, match: PoolMatch): PoolView {
    const selects = selectBy(field, match);
    const before = this.#selects;
    return new ServerView(this.#source, before === undefined ? selects : (server) => before(server) && selects(server));
  }

  list(source: PoolField, target: PoolField, match: PoolMatch): readonly string[] {
    return this.all()
      .filter(selectBy(source, match))
      .map((server) => fieldOf(server, target));
  }

  isRunning(): boolean {
    return this.all().some((server) => server.isRunning());
  }

  uptime(): number {
    return this.all().reduce((longest, server) => Math.max(longest, server.uptime()), 0);
  }

  monitorNames(): readonly string[] {
    return this.all().map(({ monitorName }) => monitorName);
  }

  /** What `JSON.stringify` and `console.log` show. */
  toJSON(): readonly PoolServer[] {
    return this.all();
  }

  [INSPECT](_depth: number, options: unknown, inspect: (value: unknown, options: unknown) => string): string {
    return `${this.#selects === undefined ? 'Pool' : 'PoolView'} ${inspect(this.all(), options)}`;
  }

  start(): Promise<PoolReport> {
    return this.#source.start(this.all());
  }

  stop(options?: StopOptions): Promise<PoolReport> {
    return this.#source.stop(this.all(), options);
  }

  restart(): Promise<PoolReport> {
    return this.#source.restart(this.all());
  }

  /** Those of this moment. Without the iterators that let a visitor stop half-way: several times as fast. */
  protected all(): PoolServer[] {
    const selects = this.#selects;
    const found: PoolServer[] = [];
    this.#source.servers.forEach((server) => {
      if (selects === undefined || selects(server)) found.push(server);
    });
    return found;
  }
}

/** Some servers of a pool, now and later. */
class ServerView extends ServerReader implements PoolView {
  snapshot(): readonly PoolServer[] {
    return Object.freeze(this.all());
  }
}
