import type { ClusterSnapshot } from '../cluster/snapshot.ts';
import type { WorkerDetail } from '../worker-cluster/worker-cluster.ts';
import type { WorkersEvent } from '../workers/event.ts';
import type { WorkerExit } from '../workers/exit.ts';
import type { RestartReport } from '../workers/restart-report.ts';
import type { WorkerSnapshot } from '../workers/snapshot.ts';
import type { WorkersStats } from '../workers/statistics.ts';
import type { WorkersState } from '../workers/worker-state.ts';
import type { Workers } from '../workers/workers.ts';
import { type ErrorView, errorView, wholeErrorView } from './error-view.ts';

/** How the process of a worker ended. */
export interface WorkerExitView extends Omit<WorkerExit, 'error'> {
  /** What it said of its failure before it ended. */
  readonly error?: ErrorView;
}

/** One worker as it is now. */
export interface WorkerView extends Omit<WorkerSnapshot, 'lastExit' | 'error'> {
  readonly lastExit?: WorkerExitView;
  /** Why it does not run. */
  readonly error?: ErrorView;
  /** The revision it has in force; 0 for none. */
  readonly revision?: number;
}

/** All workers as they are now. */
export interface WorkersView {
  readonly state: WorkersState;
  /** How many there are to be. */
  readonly count: number;
  readonly active: number;
  /** A rolling restart is under way. */
  readonly restarting: boolean;
  /** Booted processes that wait for a worker to fail. */
  readonly spares: number;
  /** By slot. */
  readonly workers: readonly WorkerView[];
  /** Why the state is `Error`. */
  readonly error?: ErrorView;
  /** Numbers of all together. */
  readonly stats: WorkersStats;
}

/** What a rolling restart came to. */
export interface RestartReportView extends Omit<RestartReport, 'cause'> {
  /** Why it was aborted or refused. */
  readonly cause?: ErrorView;
}

/** What happened to a worker, or to all of them, as data. */
export interface WorkerEventFields {
  /** What happened; the other fields depend on it. */
  readonly event: WorkersEvent['type'];
  /** Which worker; absent where it is about all of them. */
  readonly slot?: number;
  /** Its process. */
  readonly pid?: number;
  /** What the process was started for; of `starting`. */
  readonly why?: 'start' | 'respawn' | 'replacement' | 'enable' | 'scale';
  /** Milliseconds from its start until it was ready; of `active`. */
  readonly bootMs?: number;
  /** Why it leaves, or is replaced; of `draining` and `outgrown`. */
  readonly reason?: string;
  /** How it ended; of `exit`. */
  readonly exit?: WorkerExitView;
  /** Milliseconds until it comes back; of `respawning`. */
  readonly delayMs?: number;
  /** How many crashes there were; of `disabled` and `breaker`. */
  readonly crashes?: number;
  /** Milliseconds in which they happened; of `disabled`. */
  readonly withinMs?: number;
  /** Who gave it another chance; of `enabled`. */
  readonly by?: 'caller' | 'cool-down';
  /** Milliseconds without a sign of life; of `unresponsive`. */
  readonly silentMs?: number;
  /** Whether nobody is started again for now; of `breaker`. */
  readonly open?: boolean;
  /** How many are to be replaced; of `restart-begun`. */
  readonly count?: number;
  /** What the restart came to; of `restart-ended`. */
  readonly report?: RestartReportView;
  /** How many there were, and are to be; of `scaled`. */
  readonly from?: number;
  readonly to?: number;
  /** What somebody should know; of `warning`. */
  readonly code?: string;
  readonly message?: string;
  readonly hint?: string;
}

const exitView = ({ error, ...exit }: WorkerExit): WorkerExitView => ({
  ...exit,
  ...(error === undefined ? {} : { error: errorView(error) }),
});

/** A worker as data; of one with servers, without these: they are in the cluster, summed up. Pure. */
export const workerView = (worker: WorkerSnapshot | WorkerDetail): WorkerView => {
  const { lastExit, error, ...rest } = worker;
  const { servers: _, ...own } = { servers: undefined, ...rest };
  return {
    ...own,
    uptimeMs: Math.round(own.uptimeMs),
    ...(lastExit === undefined ? {} : { lastExit: exitView(lastExit) }),
    ...(error === undefined ? {} : { error: errorView(error) }),
  };
};

/** What a snapshot says of its workers; `undefined` where it is of a cluster in one process. Pure. */
export const workersIn = (snapshot: ClusterSnapshot): readonly WorkerDetail[] | undefined =>
  // Only a cluster on workers has that member.
  'workers' in snapshot ? (snapshot.workers as readonly WorkerDetail[]) : undefined;

/**
 * All workers as data. Reads them as they are.
 *
 * @param details - the same by slot with what runs in them, as far as that is known.
 */
export const workersView = (workers: Workers, details: readonly WorkerDetail[] = []): WorkersView => {
  const { state, count, active, restarting, spares, workers: all, error } = workers.snapshot;
  return {
    state,
    count,
    active,
    restarting,
    spares,
    workers: all.map((worker) => {
      const detail = details.find(({ slot }) => slot === worker.slot);
      return { ...workerView(worker), ...(detail === undefined ? {} : { revision: detail.revision }) };
    }),
    ...(error === undefined ? {} : { error: errorView(error) }),
    stats: workers.stats(),
  };
};

/** A restart as data. Pure. */
export const restartReportView = ({ cause, ...report }: RestartReport): RestartReportView => ({
  ...report,
  ...(cause === undefined ? {} : { cause: wholeErrorView(cause) }),
});

/** An event without its time, as data. Pure. */
export const workerEventFields = ({ at: _, ...happened }: WorkersEvent): WorkerEventFields => {
  const { type, ...fields } = happened;
  if ('exit' in fields) return { event: type, ...fields, exit: exitView(fields.exit) };
  if ('report' in fields) return { event: type, ...fields, report: restartReportView(fields.report) };
  return { event: type, ...fields };
};
