import type { ClusterView, OutcomeView, ServerView } from '../admin/cluster-view.ts';
import type { ControlView } from '../admin/control-app.ts';
import type { ErrorView } from '../admin/error-view.ts';
import type { RestartReportView, WorkerEventFields, WorkersView, WorkerView } from '../admin/worker-view.ts';
import type { ClusterState } from '../cluster/cluster-state.ts';
import type { Plan } from '../cluster/plan.ts';
import type { Draining } from '../cluster/snapshot.ts';
import type { WorkersSettings } from '../config/workers-config.ts';
import type { HealthStatus } from '../health/health.ts';
import type { ServerState } from '../server/state.ts';
import type { Complaint } from './complaint.ts';
import type { Finding } from './doctor/finding.ts';
import type { LogLevel } from './run-event.ts';

/** What every line has. */
export interface Stamped<Type extends string> {
  readonly type: Type;
  /** When it was written: ISO 8601, UTC. */
  readonly at: string;
}

/** The file was read. What becomes of a valid one is the `outcome` that follows. */
export interface ConfigEvent extends Stamped<'config'> {
  readonly file: string;
  readonly status: 'valid' | 'invalid';
  /** How many servers it asks for; when it is valid. */
  readonly servers?: number;
  /** How many `error` events follow; when it is not valid. */
  readonly problems?: number;
}

/** Something is wrong: with the file, with putting it in force, or with the command. */
export interface ErrorEvent extends Stamped<'error'>, Complaint {}

/** What became of a config. */
export interface OutcomeEvent extends Stamped<'outcome'>, OutcomeView {}

/** The cluster has another state, or is degraded, or is so no more. */
export interface StateEvent extends Stamped<'state'> {
  readonly state: ClusterState;
  /** Something that should run does not, or is down as its check finds it. */
  readonly degraded: boolean;
}

/** A server has another state or address. */
export interface ServerEvent extends Stamped<'server'> {
  readonly id: string;
  readonly state: ServerState;
  /** Where it answers, with the real port: `127.0.0.1:41873`, or the socket path. */
  readonly address: string;
  /** Under which URL clients reach it; absent for a generation that leaves. */
  readonly url?: string;
  /** Connections it still has to finish, when it leaves. */
  readonly connections?: number;
  /** Restarts after crashes, and because it was down. */
  readonly restarts?: number;
  /** Why it does not run. */
  readonly error?: string;
}

/** The health of a server has another status. On its way up for the first time, only that it is `ok` is told. */
export interface HealthEvent extends Stamped<'health'> {
  readonly id: string;
  readonly status: HealthStatus;
  /** It is on its way up. */
  readonly rising: boolean;
  /** What the last check failed with; empty after a success. */
  readonly message: string;
}

/** The whole cluster, whenever it has come to rest. */
export interface SnapshotEvent extends Stamped<'snapshot'>, ClusterView {}

/** Something happened to a worker, or to all of them. */
export interface WorkerEvent extends Stamped<'worker'>, WorkerEventFields {}

/** What was logged. */
export interface LogEvent extends Stamped<'log'> {
  readonly level: LogLevel;
  readonly message: string;
  /** What came with the message, as far as JSON can hold it. */
  readonly details?: unknown;
}

/** The end of `run`: everything has stopped. */
export interface StoppedEvent extends Stamped<'stopped'> {
  /** Connections that had something unfinished when they were cut. */
  readonly cut: number;
  readonly durationMs: number;
}

/** Lines are missing here, because nobody took them. */
export interface GapEvent extends Stamped<'gap'> {
  readonly dropped: number;
}

/** What `sluice run --json` writes, one object per line, and `sluice logs --json` again. */
export type RunLine =
  | ConfigEvent
  | ErrorEvent
  | OutcomeEvent
  | StateEvent
  | ServerEvent
  | HealthEvent
  | SnapshotEvent
  | WorkerEvent
  | LogEvent
  | StoppedEvent
  | GapEvent;

/** One server that `check` would serve. */
export interface CheckedServer {
  readonly id: string;
  readonly name: string;
  readonly listen: string;
  readonly url: string;
  readonly disabled: boolean;
  /** The paths of its routes. */
  readonly routes: readonly string[];
}

/** What `check` has found. */
export interface CheckResult extends Stamped<'check'> {
  readonly file: string;
  readonly valid: boolean;
  readonly servers: readonly CheckedServer[];
  /** The workers they would run on; absent for one process. */
  readonly workers?: WorkersSettings;
  readonly problems: readonly Complaint[];
}

/** What `plan`, and `apply --dry-run`, would do. */
export interface PlanResult extends Stamped<'plan'>, Plan {
  /** The name of the cluster. */
  readonly cluster: string;
  readonly file: string;
  /** What else there is to know, as sentences. */
  readonly notes: readonly string[];
}

/** What came of an order. */
export interface OrderResult extends Stamped<'apply' | 'drain' | 'resume' | 'restart'>, OutcomeView {
  /** The name of the cluster. */
  readonly cluster: string;
  /** What else there is to know, as sentences. */
  readonly notes: readonly string[];
}

/** How clusters are doing. */
export interface StatusResult extends Stamped<'status'> {
  readonly clusters: readonly ControlView[];
  /** Those that did not answer, when there are any. */
  readonly errors?: readonly ErrorView[];
}

/** The servers of a cluster. */
export interface ServersResult extends Stamped<'servers'> {
  /** The name of the cluster. */
  readonly cluster: string;
  readonly servers: readonly ServerView[];
  /** Generations that still finish what they accepted. */
  readonly draining: readonly Draining[];
  /** Servers that an operator took out. */
  readonly drained: readonly string[];
  /** The processes that serve, by slot; absent where that is one. */
  readonly workers?: readonly WorkerView[];
}

/** The workers of a cluster, and what `workers scale` has made of them. */
export interface WorkersResult extends Stamped<'workers'>, WorkersView {
  /** The name of the cluster. */
  readonly cluster: string;
}

/** What a restart of all workers came to. */
export interface WorkersRestartResult extends Stamped<'workers-restart'>, RestartReportView {
  /** The name of the cluster. */
  readonly cluster: string;
}

/** The worker that was enabled. */
export interface WorkersEnableResult extends Stamped<'workers-enable'> {
  /** The name of the cluster. */
  readonly cluster: string;
  readonly worker: WorkerView;
}

/** What `doctor` has found. */
export interface DoctorResult extends Stamped<'doctor'> {
  /** The configuration that was looked at, when there is one. */
  readonly file?: string;
  /** Whether no finding is a failure. */
  readonly ok: boolean;
  readonly findings: readonly Finding[];
}

/** What `init` has done. */
export interface InitResult extends Stamped<'init'> {
  readonly file: string;
  /** Commands to call next. */
  readonly next: readonly string[];
}

/** What the other commands write with `--json`: one object; or `error` events, when there is none to write. */
export type ResultLine =
  | CheckResult
  | PlanResult
  | OrderResult
  | StatusResult
  | ServersResult
  | WorkersResult
  | WorkersRestartResult
  | WorkersEnableResult
  | DoctorResult
  | InitResult;
