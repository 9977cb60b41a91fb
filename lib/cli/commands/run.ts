import { basename, dirname, resolve } from 'node:path';
import { NEVER, Subscription } from 'rxjs';
import { surroundings } from '../../admin/control-directory.ts';
import { createControlServer } from '../../admin/control-server.ts';
import { socketName } from '../../admin/control-socket.ts';
import { createLogRing } from '../../admin/log-ring.ts';
import type { WorkersCount } from '../../config/workers-config.ts';
import { fileSource } from '../../source/file-source.ts';
import { resumeLastGood } from '../../source/last-good.ts';
import { RunnableError } from '../../supervision/errors.ts';
import type { Runnable } from '../../supervision/runnable.ts';
import { supervise } from '../../supervision/supervise.ts';
import { clusterWorkers } from '../../worker-cluster/cluster-workers.ts';
import { errorComplaint } from '../complaint.ts';
import { type Console, printLines } from '../console.ts';
import { optional } from '../control/optional-server.ts';
import type { Display } from '../display.ts';
import { divertConsole } from '../divert-console.ts';
import { complaintLines } from '../event-line.ts';
import { eventLogger } from '../event-logger.ts';
import { CommandError, EXIT, type ExitCode } from '../exit-code.ts';
import { createFileCluster, type FileCluster } from '../file-cluster.ts';
import { keeper } from '../keeper.ts';
import { jsonDisplay, lineDisplay } from '../line-display.ts';
import { liveDisplay } from '../live-display.ts';
import { logEntry } from '../log-entry.ts';
import type { RunEvent } from '../run-event.ts';
import { lastGoodPath } from '../state-file.ts';
import { informantOf, notifierFor } from '../systemd.ts';

export interface RunOptions {
  readonly file: string;
  readonly watch: boolean;
  readonly json: boolean;
  /** What other commands call it; the name of the directory of the file by default. */
  readonly name: string | undefined;
  /** Whether there is to be a control socket, and whether it is the end when there can be none. */
  readonly control: 'none' | 'wanted' | 'required';
  /** Whether the last good configuration is kept, and started from when the file cannot be used. */
  readonly resume: boolean;
  /** How many workers serve, whatever the file says; as it says by default. */
  readonly workers: WorkersCount | undefined;
  readonly version: string;
}

/** Serves what a file says until the process is told to stop, and tells how that ended. */
export const run = async (options: RunOptions, console: Console): Promise<ExitCode> => {
  const { file, watch, json, resume } = options;
  const logs = createLogRing();
  const show = (event: RunEvent): void => {
    display.show(event);
    const entry = logEntry(event, new Date());
    if (entry !== undefined) logs.add(entry);
    manager?.tell(event);
  };
  const logger = eventLogger(show);
  const kept = resume ? lastGoodPath(file, process.env) : undefined;
  const cluster = createFileCluster(
    (reload$) => {
      const source = fileSource(file, { watch, reload$, inWorkers: options.workers !== undefined });
      return kept === undefined ? source : source.pipe(resumeLastGood(kept));
    },
    show,
    logger,
    {
      baseDir: dirname(resolve(file)),
      workers: options.workers,
      clusterWorkers,
      ...(kept === undefined ? {} : { keep: keeper(file, kept, show) }),
    },
  );
  const notifier = notifierFor(process.env, (error) => show({ type: 'error', ...errorComplaint(error) }));
  const manager = notifier && informantOf(notifier, () => cluster.snapshot, process.env);
  const display = chooseDisplay(json, console, file, () => cluster.snapshot);

  // Code in a configuration runs in this process: what it throws where nobody catches ends the run, but not the
  // requests under way.
  const crashed = new AbortController();
  const onCrash = (error: unknown): void => {
    show({ type: 'error', ...errorComplaint(error) });
    crashed.abort();
  };
  // What nobody sees any more and nobody can stop must not keep its addresses. Output that goes to a program or a file
  // is another matter: that may come to its end while the servers are needed. The table is drawn every second, so a
  // terminal that was closed is noticed whether or not anything happens.
  const abandoned = new AbortController();
  const leaving = console.terminal !== undefined && !json ? console.stdout.gone$ : NEVER;
  // A second signal ends the process without coming back here, and the last lines are still to be drawn.
  const onExit = (): void => display.close(true);
  const following = new Subscription();
  following.add(leaving.subscribe(() => abandoned.abort()));
  const restoreConsole = divertConsole((level, message) => show({ type: 'log', level, message }));
  // Before whoever has to say something about how it ended.
  process.prependListener('exit', onExit);
  process.on('uncaughtException', onCrash);
  try {
    // The control socket first, so that it is the last to go: draining is when people look.
    // No limits here: servers have their own, for binding and for draining, and a file may wait for its first word.
    await supervise([...controlOf(options, cluster, logs, show), cluster], {
      signals: true,
      signal: AbortSignal.any([crashed.signal, abandoned.signal]),
      logger,
      startTimeoutMs: Number.POSITIVE_INFINITY,
      stopTimeoutMs: Number.POSITIVE_INFINITY,
      shutdownTimeoutMs: Number.POSITIVE_INFINITY,
    });
    display.close(true);
    return crashed.signal.aborted || cluster.exitCode !== 0 ? EXIT.error : EXIT.done;
  } catch (error) {
    const cause = error instanceof RunnableError ? error.cause : error;
    const failure = cause instanceof CommandError ? cause : new CommandError(EXIT.error, [errorComplaint(cause)]);
    if (json) for (const complaint of failure.complaints) show({ type: 'error', ...complaint });
    display.close(false);
    if (!json) printLines(console.stderr, console.paintErrors, failure.complaints.flatMap(complaintLines));
    return failure.exitCode;
  } finally {
    process.off('uncaughtException', onCrash);
    process.off('exit', onExit);
    restoreConsole();
    following.unsubscribe();
    await manager?.close();
  }
};

const controlOf = (
  { file, name, control, version }: RunOptions,
  cluster: FileCluster,
  logs: ReturnType<typeof createLogRing>,
  show: (event: RunEvent) => void,
): readonly Runnable[] => {
  if (control === 'none') return [];
  const identity = {
    name: name ?? socketName(basename(dirname(resolve(file)))),
    pid: process.pid,
    version,
    file: resolve(file),
    startedAt: Date.now(),
  };
  const target = { identity, logs, running: () => cluster.controlled };
  // What the control server itself has to say is in its errors and answers.
  const silent = { error: () => {}, warn: () => {}, info: () => {}, debug: () => {} };
  const server = createControlServer(target, surroundings(), silent);
  const refuse = (cause: unknown): CommandError => new CommandError(EXIT.refused, [errorComplaint(cause)]);
  if (control === 'wanted') return [optional(server, (error) => show({ type: 'error', ...errorComplaint(error) }))];
  return [{ ...server, start: () => Promise.resolve(server.start()).catch((cause) => Promise.reject(refuse(cause))) }];
};

const chooseDisplay = (
  json: boolean,
  { stdout, stderr, paint, paintErrors, terminal }: Console,
  file: string,
  snapshot: Parameters<typeof liveDisplay>[4],
): Display => {
  if (json) return jsonDisplay(stdout);
  return terminal === undefined
    ? lineDisplay(stdout, stderr, paint, paintErrors)
    : liveDisplay(stdout, terminal, paint, file, snapshot);
};
