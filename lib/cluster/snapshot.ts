import type { Issue } from '../config/issue.ts';
import type { ServerLimits } from '../config/server-config.ts';
import type { ClusterState } from './cluster-state.ts';

/** A server: `starting → running → draining → stopped`, or `failed`. */
export type ServerState = 'starting' | 'running' | 'draining' | 'stopped' | 'failed';

/** One server as it is now. */
export interface ServerSnapshot {
  readonly id: string;
  readonly name: string;
  readonly state: ServerState;
  /** Where it answers, with the real port: `'127.0.0.1:41873'`, or the socket path. */
  readonly address: string;
  /** Under which URL clients reach it. */
  readonly url: string;
  /** When it entered `state`, milliseconds since the epoch. */
  readonly since: number;
  /** Milliseconds it has been running without a break; 0 unless `running`. */
  readonly uptimeMs: number;
  readonly config: ServerConfigView;
  readonly connections: number;
  readonly inFlight: number;
  /** Restarts after crashes, since it was first started. */
  readonly restarts: number;
  /** Why it is not running. */
  readonly error?: Error;
}

/** The config in force, as data: code is left out, defaults are filled in. */
export interface ServerConfigView extends ServerLimits {
  readonly listen: string;
  readonly routes: readonly { readonly path: string; readonly kind: string }[];
}

/** A generation that still finishes what it accepted. */
export interface Draining {
  readonly server: string;
  readonly address: string;
  readonly connections: number;
  readonly since: number;
}

/** Everything about a cluster at one moment; never changes after it was handed out. */
export interface ClusterSnapshot {
  readonly state: ClusterState;
  /** `desired` is the newest push that was looked at, `applied` the one in force. */
  readonly revision: { readonly desired: number; readonly applied: number };
  /** Something that should run does not. */
  readonly degraded: boolean;
  /** What the last source said: it still may speak, it completed, or it failed. */
  readonly source: 'open' | 'completed' | 'failed';
  readonly servers: Readonly<Record<string, ServerSnapshot>>;
  readonly draining: readonly Draining[];
  /** Why `desired` is not `applied`. */
  readonly error?: Error;
  readonly issues?: readonly Issue[];
}
