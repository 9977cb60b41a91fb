import { BehaviorSubject, type Observable, Subject, Subscription } from 'rxjs';
import { eventsBetween } from '../admin/cluster-event.ts';
import { type Cluster, createCluster } from '../cluster/cluster.ts';
import type { Outcome } from '../cluster/outcome.ts';
import type { ClusterSnapshot } from '../cluster/snapshot.ts';
import type { Logger } from '../log/logger.ts';
import type { FailedEvent, LoadedEvent, Source, SourceEvent } from '../source/source.ts';
import type { Runnable } from '../supervision/runnable.ts';
import { type Complaint, complaintOf, complaintsAbout } from './complaint.ts';
import { CommandError, EXIT, exitCodeOfProblem } from './exit-code.ts';
import type { RunEvent } from './run-event.ts';

/** A cluster that serves what a file says; `snapshot` is undefined until the file could be read. */
export interface FileCluster extends Runnable {
  readonly snapshot: ClusterSnapshot | undefined;
}

/**
 * Joins a source and a cluster into something a supervisor can look after.
 *
 * 1. `start` opens the source and waits for its first configuration. One that is not valid, or cannot be put in force,
 *    is a failure: there is nothing to fall back on, and nobody is served.
 * 2. From then on it is `Running`, whatever the source says: what cannot be used is shown, and what runs keeps running.
 * 3. `stop` lets go of the source first, so that nothing starts what is being stopped.
 *
 * @param open - the source; it reads again whenever the stream it is given emits.
 */
export const createFileCluster = (
  open: (reload$: Observable<void>) => Source,
  show: (event: RunEvent) => void,
  logger: Logger,
): FileCluster => {
  const state$ = new BehaviorSubject('New');
  const reload$ = new Subject<void>();
  const reading = new Subscription();
  let first: LoadedEvent | undefined;
  let cluster: Cluster | undefined;
  let inForce = false;

  const follow = (event: SourceEvent, ready: () => void, refuse: (error: CommandError) => void): void => {
    // Before anything runs it is the end, and whoever ends it tells why.
    if (event.type === 'failed' && cluster === undefined) {
      refuse(unusable(event));
      return;
    }
    if (event.type === 'failed') {
      show({ type: 'config', file: event.file, status: 'invalid', problems: event.problems.length });
      for (const problem of event.problems) show({ type: 'error', ...complaintOf(problem) });
      return;
    }
    show({ type: 'config', file: event.file, status: 'valid', servers: countOf(event) });
    first ??= event;
    warnAboutFixed(first, event, logger);
    cluster ??= openCluster(event, show, logger);
    const applied = cluster.apply(event.servers);
    // After the push: a cluster that starts with nothing to do is running before it serves.
    void cluster.start();
    void settle(cluster, applied, ready, refuse);
  };

  const settle = async (
    cluster: Cluster,
    applied: Promise<Outcome>,
    ready: () => void,
    refuse: (error: CommandError) => void,
  ): Promise<void> => {
    const outcome = await applied;
    const complaints = complaintsAbout(outcome);
    const [first, ...rest] = complaints;
    if (!inForce && first !== undefined && hasNothing(outcome, cluster.snapshot)) {
      refuse(new CommandError(exitCodeOf(outcome, first), [first, ...rest]));
      return;
    }
    for (const complaint of complaints) show({ type: 'error', ...complaint });
    if (outcome.status === 'superseded' || outcome.status === 'cancelled') return;
    inForce = true;
    ready();
  };

  return {
    name: 'cluster',
    state$,
    get snapshot() {
      return cluster?.snapshot;
    },
    async start() {
      state$.next('Booting');
      await new Promise<void>((resolve, reject) => {
        reading.add(
          open(reload$).subscribe({
            next: (event) => follow(event, resolve, reject),
            complete: () => {
              if (cluster === undefined) reject(new CommandError(EXIT.invalid, [SAID_NOTHING]));
              cluster?.siphon.complete();
            },
          }),
        );
      });
      state$.next('Running');
    },
    async stop(options) {
      reading.unsubscribe();
      state$.next('Stopping');
      const report = await cluster?.stop(options);
      if (report !== undefined && inForce) show({ type: 'stopped', cut: report.cut, durationMs: report.durationMs });
      state$.next('Stopped');
    },
    reload() {
      reload$.next();
    },
  };
};

const openCluster = ({ commit, strategy }: LoadedEvent, show: (event: RunEvent) => void, logger: Logger): Cluster => {
  const cluster = createCluster({
    logger,
    ...(commit === undefined ? {} : { commit }),
    ...(strategy === undefined ? {} : { strategy }),
  });
  let before: ClusterSnapshot | undefined;
  cluster.cluster$.subscribe((snapshot) => {
    const events = eventsBetween(before, snapshot);
    before = snapshot;
    for (const event of events) show(event);
  });
  cluster.outcomes$.subscribe((outcome) => show({ type: 'outcome', outcome }));
  return cluster;
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

const exitCodeOf = (
  outcome: Outcome,
  { code }: Complaint,
): typeof EXIT.invalid | typeof EXIT.refused | typeof EXIT.timeout => {
  if (outcome.status === 'rejected') return EXIT.invalid;
  return code === 'ERR_START_TIMEOUT' ? EXIT.timeout : EXIT.refused;
};

const countOf = ({ servers }: LoadedEvent): number => Object.values(servers).filter((server) => server !== null).length;

/** What a cluster is made with stays as it was: saying so beats an edit without effect. */
const warnAboutFixed = (first: LoadedEvent, now: LoadedEvent, logger: Logger): void => {
  for (const name of ['commit', 'strategy'] as const) {
    if (first[name] !== now[name]) logger.warn(`${name} stays ${first[name] ?? 'the default'} until the next start`);
  }
};
