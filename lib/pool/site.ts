import { ReplaySubject, Subject } from 'rxjs';
import type { Plan } from '../cluster/plan.ts';
import type { ServerSnapshot } from '../cluster/snapshot.ts';
import { type Address, parseAddress } from '../config/address.ts';
import type { ClusterConfig, CommitMode } from '../config/server-config.ts';
import type { Logger } from '../log/logger.ts';
import { type Desired, DesiredWriter } from './desired.ts';
import { Entries } from './entries.ts';
import type { Entry, Part } from './entry.ts';
import { PoolError, type PoolFailure, type PoolPhase } from './errors.ts';
import { hurriedParts } from './hurried.ts';
import type { Lives } from './lives.ts';
import type { PoolChange, PoolServer } from './pool-server.ts';
import { PooledServer } from './pooled-server.ts';
import { type ReadServer, readServer, type ServerReading } from './read-server.ts';
import { ServerIds } from './server-id.ts';
import type { SharedHandlers } from './shared-handlers.ts';
import { Turns } from './turns.ts';
import { emptyPlan, idle, type Verdict, verdictOf } from './verdict.ts';

/** What a site begins with. */
export interface SiteOptions {
  readonly lives: Lives;
  readonly handlers: SharedHandlers;
  readonly logger: Logger;
  /** Makes what people hold of a new entry. */
  readonly handleFor: (entry: Entry) => PoolServer;
}

/** A server that is to be put into the pool. */
export interface Draft extends ReadServer {
  readonly id: string;
}

/** Under which key a server is found, and where. */
export interface Found {
  readonly key: string;
  readonly address: Address;
}

/** What everything that changes a pool works with: its entries, the cluster they are sent to, and whose turn it is. */
export class Site {
  readonly entries = new Entries();
  readonly ids = new ServerIds();
  readonly turns = new Turns();
  readonly lives: Lives;
  readonly handlers: SharedHandlers;
  readonly logger: Logger;
  readonly handleFor: (entry: Entry) => PoolServer;
  /** What is stored from now on is started at once. */
  started = false;
  /** Emits once, when the pool is closed. */
  readonly closed$ = new ReplaySubject<void>(1);
  closed = false;
  /** Stops so far: what was asked for before one is not begun after it. */
  stops = 0;
  readonly changes$ = new Subject<PoolChange>();
  /** Something that no snapshot of the cluster tells has changed. */
  readonly touched$ = new Subject<void>();
  readonly #writer = new DesiredWriter((text) => this.entries.keyOf(text));

  constructor({ lives, handlers, logger, handleFor }: SiteOptions) {
    this.lives = lives;
    this.handlers = handlers;
    this.logger = logger;
    this.handleFor = handleFor;
    lives.moved$.subscribe(() => this.settle());
  }

  /** Has a change made when it is its turn; rejects when the pool is closed by then. */
  async change<T>(work: () => T | Promise<T>): Promise<T> {
    this.assertOpen();
    return this.turns.take(() => {
      this.assertOpen();
      return work();
    });
  }

  assertOpen(): void {
    if (this.closed) throw new PoolError('ERR_POOL_CLOSED', 'the pool is closed', { hint: 'make a new one' });
  }

  read(given: unknown, id: string): ServerReading {
    return readServer(given, id, (key) => this.handlers.at(key));
  }

  /** What the cluster knows of it. */
  status({ id }: Entry): ServerSnapshot | undefined {
    return this.lives.server(id);
  }

  isRunning(entry: Entry): boolean {
    return this.status(entry)?.state === 'running';
  }

  write(parts: Iterable<Part> = this.entries.values()): Desired {
    return this.#writer.write([...parts]);
  }

  /** What names and addresses mean in this pool. */
  finder(): (text: string) => readonly Entry[] {
    const find = this.#writer.finder([...this.entries.values()]);
    return (text) => find(text).flatMap(({ id }) => this.entries.byId(id) ?? []);
  }

  /**
   * Sends these servers as all there are to the cluster, and tells what became of them.
   *
   * Entries that stand in the way without being concerned, because they have failed, are not wanted any more.
   *
   * @param concerned - the ids of those that this is about.
   */
  async commit(parts: readonly Part[], mode: CommitMode, concerned: ReadonlySet<string>): Promise<Verdict> {
    if (!this.lives.live) return idle;
    this.#giveUpFailed(concerned);
    const verdict = await this.#send(() => this.lives.apply(this.write(parts).config, mode));
    const bystanders = this.#giveUp(verdict, concerned);
    if (verdict.status === 'undone' && bystanders > 0) return this.commit(parts, mode, concerned);
    this.settle();
    return verdict;
  }

  /** Sends what the pool has, after something else was refused. */
  async restore(): Promise<void> {
    await this.commit([...this.entries.values()], 'independent', new Set());
  }

  /** The first config of a life, or another one for the life there is. */
  async launch(config: ClusterConfig): Promise<Verdict> {
    const { lives } = this;
    const verdict = await this.#send(() => (lives.live ? lives.apply(config, 'independent') : lives.start(config)));
    this.settle();
    return verdict;
  }

  async rebuild(ids: readonly string[], mode: CommitMode): Promise<Verdict> {
    return this.lives.live ? this.#send(() => this.lives.restart(ids, mode)) : idle;
  }

  /** What the cluster would do about these servers; nothing while it does not live. */
  plan(parts: readonly Part[]): Plan {
    return this.lives.live ? this.lives.plan(this.write(parts).config) : emptyPlan;
  }

  /** Finds servers under the ports they were given. */
  settle(): void {
    const moves = new Map<Entry, Found>();
    for (const entry of this.entries.floats()) {
      const found = this.foundAt(entry);
      if (found !== undefined && found.key !== entry.key) moves.set(entry, found);
    }
    this.rekey(moves);
  }

  /** Where a server that runs really listens. */
  foundAt(entry: Entry): Found | undefined {
    const bound = this.status(entry);
    if (bound?.state !== 'running') return undefined;
    const read = parseAddress(bound.address);
    return read.ok ? { key: bound.address, address: read.address } : undefined;
  }

  rekey(moves: ReadonlyMap<Entry, Found>): void {
    for (const { entry, former } of this.entries.rekey(moves)) {
      if (entry.handle !== undefined) this.tell({ type: 'rekeyed', bind: entry.key, former, server: entry.handle });
    }
  }

  /** Tells of a change after it is so. */
  tell(change: PoolChange): void {
    this.changes$.next(change);
    this.touched$.next();
  }

  /** Whoever held a server when it was taken out cannot act on it any more. */
  assertHas(entry: Entry): void {
    if (this.entries.byId(entry.id) === entry) return;
    const hint = 'store it in a pool first';
    throw new PoolError('ERR_POOL_DETACHED', `server ${entry.name} was taken out of its pool`, { hint });
  }

  /** Takes an entry out; gives what people hold of it. */
  drop(entry: Entry): PoolServer | undefined {
    const { handle, key } = entry;
    this.entries.remove(entry);
    this.ids.release(entry.id);
    this.detach(entry);
    if (handle !== undefined) this.tell({ type: 'removed', bind: key, server: handle });
    return handle;
  }

  detach(entry: Entry): void {
    PooledServer.detach(entry.handle);
    entry.wanted = false;
    entry.error = undefined;
  }

  /** Gives servers that are about to leave another time to do so. */
  async hurry(leaving: readonly Entry[], drainTimeoutMs: number | undefined): Promise<void> {
    const hurried = hurriedParts(leaving, drainTimeoutMs);
    if (hurried.size === 0) return;
    const parts = Array.from(this.entries.values(), (entry) => hurried.get(entry.id) ?? entry);
    await this.commit(parts, 'independent', new Set(hurried.keys()));
  }

  /** An entry whose server cannot run is left alone until it is started again. */
  fail(entry: Entry, error: Error): void {
    entry.wanted = false;
    entry.error = error;
    this.touched$.next();
  }

  #giveUpFailed(concerned: ReadonlySet<string>): void {
    for (const entry of this.entries.values()) {
      if (!entry.wanted || concerned.has(entry.id)) continue;
      const status = this.status(entry);
      if (status?.state === 'failed' && status.error !== undefined) this.fail(entry, status.error);
    }
  }

  #giveUp({ refused }: Verdict, concerned: ReadonlySet<string>): number {
    let count = 0;
    for (const [id, error] of refused) {
      const entry = concerned.has(id) ? undefined : this.entries.byId(id);
      // Who runs on was refused for what others ask for.
      if (entry === undefined || !entry.wanted || this.isRunning(entry)) continue;
      this.fail(entry, error);
      count += 1;
    }
    return count;
  }

  async #send(push: () => Promise<Parameters<typeof verdictOf>[0]>): Promise<Verdict> {
    const verdict = verdictOf(await push());
    if (verdict.status === 'idle') this.assertOpen();
    return verdict;
  }
}

/** What to do about an error, as it says itself. */
export const hintOf = (error: Error): string | undefined =>
  'hint' in error && typeof error.hint === 'string' ? error.hint : undefined;

/** What failed for one server. */
export const failureOf = (
  { name, key }: { readonly name: string; readonly key: string },
  phase: PoolPhase,
  error: Error,
): PoolFailure => ({
  server: name,
  bind: key,
  phase,
  code: 'code' in error && typeof error.code === 'string' ? error.code : undefined,
  error,
});
