import type { Observable, Observer } from 'rxjs';
import type { ClusterConfig, CommitMode, Strategy } from '../config/server-config.ts';
import type { Logger } from '../log/logger.ts';
import type { Runnable } from '../supervision/runnable.ts';
import type { ClusterState } from './cluster-state.ts';
import type { Outcome } from './outcome.ts';
import type { Plan } from './plan.ts';
import type { ClusterSnapshot } from './snapshot.ts';

export interface ClusterOptions {
  readonly name?: string;
  readonly strategy?: Strategy;
  readonly commit?: CommitMode;
  readonly siphonBuffer?: number;
  readonly stopOnComplete?: boolean;
  readonly restartDelayMs?: number;
  readonly startTimeoutMs?: number;
  readonly shutdownTimeoutMs?: number;
  readonly overrideGlobalObjects?: boolean;
  readonly logger?: Logger;
  readonly signal?: AbortSignal;
}

export interface StopReport {
  /** Connections that were cut at the deadline. */
  readonly cut: number;
  readonly durationMs: number;
}

export interface StopOptions {
  /** Overrides every server's own `drainTimeoutMs`. */
  readonly drainTimeoutMs?: number;
}

export interface Cluster extends AsyncDisposable, Runnable {
  readonly siphon: Observer<ClusterConfig>;
  readonly cluster$: Observable<ClusterSnapshot>;
  readonly state$: Observable<ClusterState>;
  readonly outcomes$: Observable<Outcome>;
  readonly snapshot: ClusterSnapshot;
  apply(config: ClusterConfig): Promise<Outcome>;
  plan(config: ClusterConfig): Plan;
  start(): Promise<void>;
  stop(options?: StopOptions): Promise<StopReport>;
}

export declare const createCluster: (options?: ClusterOptions) => Cluster;
