import type { Observable } from 'rxjs';
import type { ServerSnapshot } from '../cluster/snapshot.ts';
import type { App, ServerConfig } from '../config/server-config.ts';
import type { Health } from '../health/health.ts';
import type { ServerState } from '../server/state.ts';

/** One server of a pool. Without `app` and `routes` it answers with the handler that the pool's servers share. */
export interface PoolServerConfig extends Omit<ServerConfig, 'dependsOn'> {
  /** Which of the pool's handlers answers when it has neither `app` nor `routes`; the default one without. */
  readonly handlerKey?: string;
  /** Servers it needs, by name or address: started before it, stopped after it. */
  readonly dependsOn?: readonly string[];
}

/**
 * The handlers that servers share: one for all, or several by key; `''` is the key of the default one. What has a `fetch`
 * function is one for all.
 */
export type PoolHandler = App | Readonly<Record<string, App>>;

/**
 * One server of a pool, as long as the pool has it: what it says is always the present. Printed, or as JSON, it shows its
 * id, name, address, URL and state.
 */
export interface PoolServer {
  /**
   * What its cluster calls it: its key in `pool.cluster.snapshot.servers`, the label `server` of metrics, and what rules
   * of readiness name. Made of its name, or of its address as it was written, with a number behind it where others have
   * the same; stays until it is taken out of its pool or another one takes its place.
   */
  readonly id: string;
  /** What people call it; its address when it has no name. */
  readonly name: string;
  /** Its key: where it listens, in canonical form, with the real port once that is known. */
  readonly bind: string;
  /** Host and port under which clients reach it: those of `expose`, otherwise `bind`. */
  readonly expose: string;
  /** The URL under which clients reach it. */
  readonly url: string;
  /** It is not to be started. */
  readonly disabled: boolean;
  /** Connections to it are encrypted. */
  readonly isTls: boolean;
  /** What it was asked to be. */
  readonly config: PoolServerConfig;
  /** `stopped` before its first start as well. */
  readonly state: ServerState;
  /** Everything that is known of it while the pool runs, under the name it has here. */
  readonly snapshot: ServerSnapshot | undefined;
  /** How it is, once something looks after it. */
  readonly health: Health | undefined;
  /** Why it does not run although it should. A stop is no error. */
  readonly error: Error | undefined;
  /** It was taken out of its pool: it can be stored in another one, and nothing else. */
  readonly detached: boolean;
  /** What monitors and metrics call it: unlike any other's. */
  readonly monitorName: string;
  isRunning(): boolean;
  /** Milliseconds it has been running; 0 when it does not. */
  uptime(): number;
  /** Starts it alone, and what it depends on. Resolves when it answers; rejects with a `PoolError`. */
  start(): Promise<void>;
  /** Lets it finish what it accepted, and frees its address; also of what depends on it. */
  stop(options?: { readonly drainTimeoutMs?: number }): Promise<void>;
  /**
   * Builds it anew behind its open socket; starts it when it failed or was never started. Rejects with a `PoolError`
   * (`ERR_POOL_RESTART`) when that cannot be, or when it was stopped on purpose.
   */
  restart(): Promise<void>;
  /**
   * Changes some of its config, and the rest stays; its key follows its address. All or nothing. Members that are
   * `undefined` are taken away. Resolves when it is in force, and an address that was left is free.
   *
   * Rejects with a `PoolError` when the result is not valid, cannot be put in force, or another server has the address.
   */
  update(change: Partial<PoolServerConfig>): Promise<void>;
  /** Looks once whether it is well: its own check, or whether it accepts connections. Rejects with a `PoolError`. */
  healthCheck(): Promise<void>;
}

/** What happened to an entry of a pool. */
export type PoolChange =
  | { readonly type: 'added'; readonly bind: string; readonly server: PoolServer }
  | { readonly type: 'replaced'; readonly bind: string; readonly server: PoolServer; readonly former: PoolServerConfig }
  | { readonly type: 'removed'; readonly bind: string; readonly server: PoolServer }
  /** It is found under another key from now on. */
  | { readonly type: 'rekeyed'; readonly bind: string; readonly former: string; readonly server: PoolServer };

/** How one server is looked after. */
export interface Monitor {
  /** Unlike any other's in the pool. */
  readonly name: string;
  readonly server: PoolServer;
  /** As it is now. */
  readonly health: Health;
  /** Every change of its health, beginning with the present one. Completes when its server leaves the pool. */
  readonly health$: Observable<Health>;
}
