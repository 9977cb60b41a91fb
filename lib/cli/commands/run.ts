import { NEVER } from 'rxjs';
import { fileSource } from '../../source/file-source.ts';
import { RunnableError } from '../../supervision/errors.ts';
import { supervise } from '../../supervision/supervise.ts';
import { errorComplaint } from '../complaint.ts';
import { type Console, printLines } from '../console.ts';
import type { Display } from '../display.ts';
import { complaintLines } from '../event-line.ts';
import { eventLogger } from '../event-logger.ts';
import { CommandError, EXIT, type ExitCode } from '../exit-code.ts';
import { createFileCluster } from '../file-cluster.ts';
import { jsonDisplay, lineDisplay } from '../line-display.ts';
import { liveDisplay } from '../live-display.ts';
import type { RunEvent } from '../run-event.ts';

export interface RunOptions {
  readonly file: string;
  readonly watch: boolean;
  readonly json: boolean;
}

/** Serves what a file says until the process is told to stop, and tells how that ended. */
export const run = async ({ file, watch, json }: RunOptions, console: Console): Promise<ExitCode> => {
  const show = (event: RunEvent): void => display.show(event);
  const logger = eventLogger(show);
  const cluster = createFileCluster((reload$) => fileSource(file, { watch, reload$ }), show, logger);
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
  const watching = leaving.subscribe(() => abandoned.abort());
  // A second signal ends the process without coming back here, and the last lines are still to be drawn.
  const onExit = (): void => display.close(true);
  process.on('exit', onExit);
  process.on('uncaughtException', onCrash);
  try {
    // No limits here: servers have their own, for binding and for draining, and a file may wait for its first word.
    await supervise([cluster], {
      signals: true,
      signal: AbortSignal.any([crashed.signal, abandoned.signal]),
      logger,
      startTimeoutMs: Number.POSITIVE_INFINITY,
      stopTimeoutMs: Number.POSITIVE_INFINITY,
      shutdownTimeoutMs: Number.POSITIVE_INFINITY,
    });
    display.close(true);
    return crashed.signal.aborted ? EXIT.error : EXIT.done;
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
    watching.unsubscribe();
  }
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
