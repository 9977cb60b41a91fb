import { BehaviorSubject, type Observable, Subject, Subscription } from 'rxjs';
import { eventsBetween } from '../admin/cluster-event.ts';
import type { Controlled } from '../admin/control-app.ts';
import { createDesired } from '../admin/desired.ts';
import { type Cluster, createCluster } from '../cluster/cluster.ts';
import type { Outcome } from '../cluster/outcome.ts';
import type { ClusterSnapshot } from '../cluster/snapshot.ts';
import type { Logger } from '../log/logger.ts';
import type { FailedEvent, LoadedEvent, Problem, Source, SourceEvent } from '../source/source.ts';
import type { Runnable } from '../supervision/runnable.ts';
import { type Complaint, complaintOf, complaintsAbout } from './complaint.ts';
import { CommandError, EXIT, type ExitCode, exitCodeOfCause, exitCodeOfProblem } from './exit-code.ts';
import type { RunEvent } from './run-event.ts';

/** A cluster that serves what a file says. */
export interface FileCluster extends Runnable {
  /** Undefined until the file could be read. */
  readonly snapshot: ClusterSnapshot | undefined;
  /** What its control socket works with; undefined until the file could be read. */
  readonly controlled: Controlled | undefined;
  /** Starts every server anew behind its open socket; what came of it is shown. */
  restart(): Promise<void>;
}

export interface FileClusterOptions {
  /** The directory that relative paths in configurations start from. */
  readonly baseDir: string;
  /** Called with every configuration that is in force whole, so that it can be kept. */
  readonly keep?: (event: LoadedEvent) => void;
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
  { baseDir, keep }: FileClusterOptions,
): FileCluster => {
  const state$ = new BehaviorSubject('New');
  const reload$ = new Subject<void>();
  const reading = new Subscription();
  let first: LoadedEvent | undefined;
  let controlled: Controlled | undefined;
  let inForce = false;
  let problems: readonly Problem[] = [];
  let resumedFrom: string | undefined;
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
    problems = event.type === 'failed' ? event.problems : [];
    if (event.type === 'failed') {
      show({ type: 'config', file: event.file, status: 'invalid', problems: event.problems.length });
      for (const problem of event.problems) show({ type: 'error', ...complaintOf(problem) });
      return;
    }
    show({ type: 'config', file: event.file, status: 'valid', servers: countOf(event) });
    first ??= event;
    warnAboutFixed(first, event, logger);
    resumedFrom = event.keptAt;
    controlled ??= open(event);
    const applied = controlled.desired.apply(event.servers);
    // After the push: a cluster that starts with nothing to do is running before it serves.
    void controlled.cluster.start();
    void settle(controlled.cluster, event, applied, ready, refuse);
  };

  const settle = async (
    cluster: Cluster,
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
    if (event.keptAt !== undefined) {
      logger.warn(`the file cannot be used: the last good configuration, of ${event.keptAt}, is being served`);
    }
    if (complaints.length === 0) keep?.(event);
    ready();
  };

  const open = ({ commit = 'atomic', strategy = 'hot-swap' }: LoadedEvent): Controlled => {
    const cluster = createCluster({ logger, baseDir, commit, strategy });
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
      desired,
      fixed: { commit, strategy },
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
    async restart() {
      await controlled?.cluster.restart();
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

/** What a cluster is made with stays as it was: saying so beats an edit without effect. */
const warnAboutFixed = (first: LoadedEvent, now: LoadedEvent, logger: Logger): void => {
  for (const name of ['commit', 'strategy'] as const) {
    if (first[name] !== now[name]) logger.warn(`${name} stays ${first[name] ?? 'the default'} until the next start`);
  }
};
