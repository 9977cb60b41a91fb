import type { Logger } from '../log/logger.ts';
import type { WorkersEvent } from './event.ts';
import type { WorkerExit } from './exit.ts';
import type { RestartReport } from './restart-report.ts';

const count = (amount: number, noun: string): string => `${amount} ${noun}${amount === 1 ? '' : 's'}`;

const workers = (slots: readonly number[]): string =>
  `${slots.length === 1 ? 'worker' : 'workers'} ${slots.join(', ')}`;

/** An error in one line. */
const summary = (error: Error): string => {
  const [line = ''] = error.message.split('\n');
  const code =
    'code' in error && typeof error.code === 'string' && !line.includes(error.code) ? ` (${error.code})` : '';
  return `${line === '' ? error.name : line}${code}`;
};

/** The same, and what was behind it. */
const fullSummary = (error: Error): string =>
  error.cause instanceof Error ? `${summary(error)}: ${summary(error.cause)}` : summary(error);

/** Writes what happens to workers. Pure but for the logger. */
export const narrate = (event: WorkersEvent, logger: Logger): void => {
  switch (event.type) {
    case 'starting':
      logger.debug(`worker ${event.slot} is started as process ${event.pid} (${event.why})`);
      return;
    case 'active':
      logger.info(`worker ${event.slot} is active: process ${event.pid}, after ${Math.round(event.bootMs)} ms`);
      return;
    case 'draining':
      logger.debug(`worker ${event.slot} lets process ${event.pid} finish (${event.reason})`);
      return;
    case 'exit':
      narrateExit(event.slot, event.pid, event.exit, logger);
      return;
    case 'respawning':
      logger.info(`worker ${event.slot} comes back in ${event.delayMs} ms`);
      return;
    case 'disabled':
      logger.error(
        `worker ${event.slot} is disabled: it failed ${count(event.crashes, 'time')} within ${Math.round(event.withinMs)} ms`,
      );
      return;
    case 'enabled':
      logger.info(
        `worker ${event.slot} gets another chance${event.by === 'cool-down' ? ', after it has cooled down' : ''}`,
      );
      return;
    case 'unresponsive':
      logger.warn(
        `worker ${event.slot} is replaced: process ${event.pid} has not been heard of for ${Math.round(event.silentMs)} ms`,
      );
      return;
    case 'outgrown': {
      const why = event.reason === 'memory' ? 'it holds too much memory' : 'it is old enough';
      logger.info(`worker ${event.slot} is replaced: ${why}`);
      return;
    }
    case 'breaker':
      if (event.open)
        logger.error(`${count(event.crashes, 'worker')} failed in a row: nobody is started again for a while`);
      else logger.info('workers are started again');
      return;
    case 'restart-begun':
      logger.info(`restarting ${count(event.count, 'worker')}, one after the other`);
      return;
    case 'restart-ended':
      narrateRestart(event.report, logger);
      return;
    case 'scaled':
      logger.info(`changing from ${count(event.from, 'worker')} to ${event.to}`);
      return;
    case 'warning':
      logger.warn(event.hint === undefined ? event.message : `${event.message} (${event.hint})`);
  }
};

const narrateExit = (slot: number, pid: number, exit: WorkerExit, logger: Logger): void => {
  const how = exit.signal === null ? `with exit code ${exit.code}` : `by ${exit.signal}`;
  const who = pid === 0 ? `worker ${slot} could not be started` : `worker ${slot}, process ${pid}, ended ${how}`;
  const asked = exit.intent === undefined ? '' : ` (${exit.intent})`;
  if (exit.crash || exit.intent === 'unready') {
    // One that ran has printed it itself, with its stack.
    logger.warn(
      `${who}${asked}${exit.error === undefined ? '' : `: ${(pid === 0 ? fullSummary : summary)(exit.error)}`}`,
    );
  } else if (exit.forced) logger.warn(`${who}${asked}: it did not leave in time`);
  else if (exit.intent === undefined) logger.info(`${who}: nobody asked it to`);
  else logger.debug(`${who}${asked}`);
};

const narrateRestart = (report: RestartReport, logger: Logger): void => {
  const { status, replaced, forced, durationMs, cause } = report;
  if (status === 'refused') {
    logger.warn(`the restart was refused${cause === undefined ? '' : `: ${cause.message}`}`);
    return;
  }
  if (forced.length > 0) logger.warn(`${workers(forced)} did not leave in time and had to be killed`);
  const ms = `${Math.round(durationMs)} ms`;
  if (status === 'done') logger.info(`${count(replaced.length, 'worker')} restarted in ${ms}`);
  else {
    const why = cause === undefined ? '' : `: ${fullSummary(cause)}`;
    logger.error(`the restart was given up after ${ms}, with ${count(replaced.length, 'worker')} restarted${why}`);
  }
};
