import type { ServerSnapshot } from '../cluster/snapshot.ts';
import { urlOf } from '../config/address.ts';
import type { Health } from '../health/health.ts';
import type { ServerState } from '../server/state.ts';
import type { Entry } from './entry.ts';
import { PoolError } from './errors.ts';
import type { PoolServer, PoolServerConfig } from './pool-server.ts';

/** Who carries out what is asked of one server, and knows how it is. */
export interface Keeper {
  status(entry: Entry): ServerSnapshot | undefined;
  /** It finishes what it accepted before it was told to stop. */
  isDraining(entry: Entry): boolean;
  start(entry: Entry): Promise<void>;
  stop(entry: Entry, options?: { readonly drainTimeoutMs?: number }): Promise<void>;
  restart(entry: Entry): Promise<void>;
  update(entry: Entry, change: Partial<PoolServerConfig>): Promise<void>;
  healthCheck(entry: Entry): Promise<void>;
}

/** What Node asks for a text when a value is printed. */
export const INSPECT = Symbol.for('nodejs.util.inspect.custom');

const renamed = new WeakMap<ServerSnapshot, ServerSnapshot>();

/** The same snapshot under the name that its server has in the pool; the same one each time. */
const calledBy = (name: string, snapshot: ServerSnapshot): ServerSnapshot => {
  const known = renamed.get(snapshot);
  if (known?.name === name) return known;
  const named = Object.freeze({ ...snapshot, name });
  renamed.set(snapshot, named);
  return named;
};

/** What people hold of a server: everything it says is looked up when it is asked for. */
export class PooledServer implements PoolServer {
  #entry: Entry;
  /** `undefined` once it was taken out of its pool. */
  #keeper: Keeper | undefined;

  constructor(entry: Entry, keeper: Keeper) {
    this.#entry = entry;
    this.#keeper = keeper;
  }

  /** The entry behind a server, with the keeper it belongs to; `undefined` for what is no server of a pool. */
  static entryOf(server: PoolServer, keeper: Keeper): Entry | undefined {
    return server instanceof PooledServer && server.#keeper === keeper ? server.#entry : undefined;
  }

  static detach(server: PoolServer | undefined): void {
    if (server instanceof PooledServer) server.#keeper = undefined;
  }

  /** Puts a detached server back to life as another entry; says whether it was one. */
  static attach(server: PoolServer, entry: Entry, keeper: Keeper): boolean {
    if (!(server instanceof PooledServer) || server.#keeper !== undefined) return false;
    server.#entry = entry;
    server.#keeper = keeper;
    return true;
  }

  get id(): string {
    return this.#entry.id;
  }

  get name(): string {
    return this.#entry.name;
  }

  get bind(): string {
    return this.#entry.key;
  }

  get expose(): string {
    const { expose } = this.config;
    return expose === undefined ? this.bind : new URL(this.url).host;
  }

  get url(): string {
    const { spec, address } = this.#entry;
    return this.#status?.url ?? spec.expose ?? urlOf(address, this.isTls);
  }

  get disabled(): boolean {
    return this.#entry.spec.disabled;
  }

  get isTls(): boolean {
    return this.#entry.spec.tls !== undefined;
  }

  get config(): PoolServerConfig {
    return this.#entry.config;
  }

  get state(): ServerState {
    const state = this.#status?.state ?? 'stopped';
    if (state !== 'stopped') return state;
    if (this.#keeper?.isDraining(this.#entry) === true) return 'draining';
    return this.#entry.error === undefined ? state : 'failed';
  }

  get snapshot(): ServerSnapshot | undefined {
    const status = this.#status;
    return status === undefined || status.name === this.name ? status : calledBy(this.name, status);
  }

  /** As the cluster tells it, which calls by its id what has no name. */
  get #status(): ServerSnapshot | undefined {
    return this.#keeper?.status(this.#entry);
  }

  get health(): Health | undefined {
    return this.#status?.health;
  }

  get error(): Error | undefined {
    return this.#entry.error ?? this.#status?.error;
  }

  get detached(): boolean {
    return this.#keeper === undefined;
  }

  get monitorName(): string {
    return `HTTP Server [${this.bind}]`;
  }

  isRunning(): boolean {
    return this.#status?.state === 'running';
  }

  uptime(): number {
    return this.#status?.uptimeMs ?? 0;
  }

  /** What `JSON.stringify` and `console.log` show. */
  toJSON(): Pick<PoolServer, 'id' | 'name' | 'bind' | 'url' | 'state'> {
    const { id, name, bind, url, state } = this;
    return { id, name, bind, url, state };
  }

  [INSPECT](_depth: number, options: unknown, inspect: (value: unknown, options: unknown) => string): string {
    return `PoolServer ${inspect(this.toJSON(), options)}`;
  }

  async start(): Promise<void> {
    await this.#attached().start(this.#entry);
  }

  async stop(options?: { readonly drainTimeoutMs?: number }): Promise<void> {
    await this.#attached().stop(this.#entry, options);
  }

  async restart(): Promise<void> {
    await this.#attached().restart(this.#entry);
  }

  async update(change: Partial<PoolServerConfig>): Promise<void> {
    await this.#attached().update(this.#entry, change);
  }

  async healthCheck(): Promise<void> {
    await this.#attached().healthCheck(this.#entry);
  }

  #attached(): Keeper {
    if (this.#keeper !== undefined) return this.#keeper;
    throw new PoolError('ERR_POOL_DETACHED', `server ${this.name} was taken out of its pool`, {
      hint: 'store it in a pool first',
    });
  }
}
