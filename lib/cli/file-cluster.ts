import { resolve } from 'node:path';
import { BehaviorSubject, filter, type Observable, Subject, Subscription } from 'rxjs';
import { eventsBetween } from '../admin/cluster-event.ts';
import type { Controlled } from '../admin/control-app.ts';
import { createDesired } from '../admin/desired.ts';
import { createCluster } from '../cluster/cluster.ts';
import type { Controllable } from '../cluster/controllable.ts';
import type { Outcome } from '../cluster/outcome.ts';
import type { ClusterSnapshot } from '../cluster/snapshot.ts';
import { codeIssues } from '../config/code-issues.ts';
import type { WorkersCount, WorkersSettings } from '../config/workers-config.ts';
import type { Logger } from '../log/logger.ts';
import { problemOfIssue } from '../source/problem.ts';
import type { FailedEvent, LoadedEvent, Problem, Source, SourceEvent } from '../source/source.ts';
import type { Runnable } from '../supervision/runnable.ts';
import type { WorkerCluster, WorkerClusterOptions } from '../worker-cluster/worker-cluster.ts';
import { type Complaint, complaintOf, complaintsAbout, errorComplaint } from './complaint.ts';
import { CommandError, EXIT, type ExitCode, exitCodeOfCause, exitCodeOfProblem } from './exit-code.ts';
import { keptAsTheyWere, workersFor } from './fixed-settings.ts';
import type { RunEvent } from './run-event.ts';

/** A cluster that serves what a file says. */
export interface FileCluster extends Runnable {
  /** Undefined until the file could be read. */
  readonly snapshot: ClusterSnapshot | undefined;
  /** What its control socket works with; undefined until the file could be read. */
  readonly controlled: Controlled | undefined;
  /** 1 when no worker could be kept running, or one had to be killed. */
  readonly exitCode: 0 | 1;
  /** Replaces every worker, one after the other; without workers every server behind its open socket. It is shown what came of it. */
  restart(): Promise<void>;
}

export interface FileClusterOptions {
  /** The directory that relative paths in configurations start from. */
  readonly baseDir: string;
  /** Called with every configuration that is in force whole, so that it can be kept. */
  readonly keep?: (event: LoadedEvent) => void;
  /** How many workers are to serve, whatever the file says. */
  readonly workers?: WorkersCount | undefined;
  /** Makes a cluster on workers. */
  readonly clusterWorkers: (options: WorkerClusterOptions) => WorkerCluster;
}

/**
 * Joins a source and a cluster into something a supervisor can look after.
 *
 * 1. `start` opens the source and waits for its first configuration. One that is not valid, or cannot be put in force,
 *    is a failure: there is nothing to fall back on, and nobody is served.
 * 2. From then on it is `Running`, whatever the source says: what cannot be used is shown, and what runs keeps running.
 * 3. `stop` lets go of the source first, so that nothing starts what is being stopped.
 *
 * @param openSource - the source; it reads again whenever the stream it is given emits.
 */
export const createFileCluster = (
  openSource: (reload$: Observable<void>) => Source,
  show: (event: RunEvent) => void,
  logger: Logger,
  { baseDir, keep, workers: asked, clusterWorkers }: FileClusterOptions,
): FileCluster => {
  const state$ = new BehaviorSubject('New');
  const reload$ = new Subject<void>();
  const reading = new Subscription();
  let first: LoadedEvent | undefined;
  let controlled: Controlled | undefined;
  let inForce = false;
  let problems: readonly Problem[] = [];
  let resumedFrom: string | undefined;
  let scaledTo: WorkersCount | undefined;
  const complained = new WeakSet<Outcome>();

  /** Whoever pushed, and whoever hears of an outcome first: what it has to complain about is told once. */
  const complain = (outcome: Outcome): void => {
    if (complained.has(outcome)) return;
    complained.add(outcome);
    for (const complaint of complaintsAbout(outcome)) show({ type: 'error', ...complaint });
  };

  const follow = (event: SourceEvent, ready: () => void, refuse: (error: CommandError) => void): void => {
    // Before anything runs it is the end, and whoever ends it tells why.
    if (event.type === 'failed' && controlled === undefined) {
      refuse(unusable(event));
      return;
    }
    const code = controlled?.workers === undefined ? undefined : heldCode(event);
    if (code !== undefined) {
      follow(code, ready, refuse);
      return;
    }
    problems = event.type === 'failed' ? event.problems : [];
    if (event.type === 'failed') {
      show({ type: 'config', file: event.file, status: 'invalid', problems: event.problems.length });
      for (const problem of event.problems) show({ type: 'error', ...complaintOf(problem) });
      return;
    }
    show({ type: 'config', file: event.file, status: 'valid', servers: countOf(event) });
    first ??= event;
    for (const kept of keptAsTheyWere(first, event)) logger.warn(kept);
    resumedFrom = event.keptAt;
    try {
      controlled ??= open(event);
    } catch (error) {
      refuse(error instanceof CommandError ? error : new CommandError(EXIT.invalid, [errorComplaint(error)]));
      return;
    }
    scale(controlled, event);
    const applied = controlled.desired.apply(event.servers);
    // After the push: a cluster that starts with nothing to do is running before it serves.
    void controlled.cluster.start();
    void settle(controlled.cluster, event, applied, ready, refuse);
  };

  const settle = async (
    cluster: Controllable,
    event: LoadedEvent,
    applied: Promise<Outcome>,
    ready: () => void,
    refuse: (error: CommandError) => void,
  ): Promise<void> => {
    const outcome = await applied;
    const complaints = complaintsAbout(outcome);
    const [first, ...rest] = complaints;
    if (!inForce && first !== undefined && hasNothing(outcome, cluster.snapshot)) {
      refuse(new CommandError(exitCodeOf(outcome), [first, ...rest]));
      return;
    }
    complain(outcome);
    if (outcome.status === 'superseded' || outcome.status === 'cancelled') return;
    inForce = true;
    // What stands in the way may go away; a file that is saved again as it is counts as unchanged.
    if (complaints.length > 0 && outcome.status !== 'rejected') logger.warn(TRIED_AGAIN);
    if (event.keptAt !== undefined) {
      logger.warn(`the file cannot be used: the last good configuration, of ${event.keptAt}, is being served`);
    }
    // Names of code can be read again only as those of a file for workers.
    if (complaints.length === 0) keep?.(asked === undefined ? event : { ...event, workers: event.workers ?? asked });
    ready();
  };

  /** Follows the file in how many workers there are, unless the command line says it. */
  const scale = ({ workers }: Controlled, event: LoadedEvent): void => {
    const count =
      asked === undefined && event.workers !== undefined ? (workersFor(event, asked)?.count ?? 'auto') : undefined;
    if (workers === undefined || count === undefined || count === scaledTo) return;
    const isFirst = scaledTo === undefined;
    scaledTo = count;
    if (isFirst) return;
    workers.scale(count).catch((error: unknown) => show({ type: 'error', ...errorComplaint(error) }));
  };

  const open = (event: LoadedEvent): Controlled => {
    const { commit = 'atomic', strategy = 'hot-swap' } = event;
    const settings = workersFor(event, asked);
    const options = { logger, baseDir, commit, strategy };
    const onWorkers = settings && clusterWorkers({ ...options, ...fromBase(settings, baseDir) });
    const cluster: Controllable = onWorkers ?? createCluster(options);
    const workers = onWorkers?.workers;
    workers?.events$
      // What somebody should know is in the log anyway.
      .pipe(filter(({ type }) => type !== 'warning'))
      .subscribe((happened) => show({ type: 'worker', event: happened }));
    // What nobody can be kept running for is the end of the run.
    workers?.state$.pipe(filter((state) => state === 'Error')).subscribe((state) => state$.next(state));
    let before: ClusterSnapshot | undefined;
    cluster.cluster$.subscribe((snapshot) => {
      const events = eventsBetween(before, snapshot);
      before = snapshot;
      for (const event of events) show(event);
    });
    cluster.outcomes$.subscribe((outcome) => {
      show({ type: 'outcome', outcome });
      // Before anything is in force, it may be what ends the run, and is told then.
      if (inForce) complain(outcome);
    });
    const desired = createDesired(cluster, () => {
      resumedFrom = undefined;
    });
    return {
      cluster,
      ...(workers === undefined ? {} : { workers }),
      desired,
      fixed: { commit, strategy, ...(event.workers === undefined ? {} : { workers: event.workers }) },
      get problems() {
        return problems;
      },
      get resumedFrom() {
        return resumedFrom;
      },
    };
  };

  return {
    name: 'cluster',
    state$,
    get snapshot() {
      return controlled?.cluster.snapshot;
    },
    get controlled() {
      return controlled;
    },
    get error() {
      return controlled?.workers?.error;
    },
    get exitCode() {
      return controlled?.workers?.exitCode ?? 0;
    },
    async restart() {
      const report = await (controlled?.workers ?? controlled?.cluster)?.restart();
      if (report?.status === 'refused') logger.warn('the restart was refused', report.cause);
    },
    async start() {
      state$.next('Booting');
      await new Promise<void>((resolve, reject) => {
        reading.add(
          openSource(reload$).subscribe({
            next: (event) => follow(event, resolve, reject),
            complete: () => {
              if (controlled === undefined) reject(new CommandError(EXIT.invalid, [SAID_NOTHING]));
              controlled?.cluster.siphon.complete();
            },
          }),
        );
      });
      state$.next('Running');
    },
    async stop(options) {
      reading.unsubscribe();
      state$.next('Stopping');
      const report = await controlled?.cluster.stop(options);
      if (report !== undefined && inForce) show({ type: 'stopped', cut: report.cut, durationMs: report.durationMs });
      state$.next('Stopped');
    },
    reload() {
      reload$.next();
    },
  };
};

const TRIED_AGAIN = 'not all of the file is in force: SIGHUP, or an edit of the file, tries again';

const SAID_NOTHING: Complaint = {
  code: 'ERR_SOURCE_SILENT',
  message: 'the stream that the file exports ended without a configuration',
  hint: 'let it emit one, or export a configuration',
};

const unusable = ({ problems: [first, ...rest] }: FailedEvent): CommandError =>
  new CommandError(exitCodeOfProblem(first), [complaintOf(first), ...rest.map(complaintOf)]);

/** Whether an outcome leaves nothing to serve with, although servers were asked for. */
const hasNothing = (outcome: Outcome, snapshot: ClusterSnapshot): boolean =>
  outcome.status !== 'committed' || Object.keys(snapshot.servers).length === 0;

const exitCodeOf = (outcome: Outcome): ExitCode => {
  switch (outcome.status) {
    case 'rejected':
      return EXIT.invalid;
    case 'rolledBack':
      return exitCodeOfCause(outcome.cause);
    default:
      return EXIT.refused;
  }
};

const countOf = ({ servers }: LoadedEvent): number => Object.values(servers).filter((server) => server !== null).length;

/** What is wrong with a configuration that no longer asks for the workers that run, and holds code. */
const heldCode = (event: SourceEvent): FailedEvent | undefined => {
  if (event.type === 'failed') return undefined;
  const { file, servers } = event;
  const [first, ...rest] = codeIssues(servers).map((issue) => problemOfIssue(file, issue, undefined));
  return first === undefined ? undefined : { type: 'failed', file, problems: [first, ...rest] };
};

/** Modules are named from where the file is. */
const fromBase = ({ preload, ...settings }: WorkersSettings, baseDir: string): WorkersSettings => ({
  ...settings,
  ...(preload === undefined ? {} : { preload: preload.map((path) => resolve(baseDir, path)) }),
});
