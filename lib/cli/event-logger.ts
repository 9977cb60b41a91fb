import type { Logger } from '../log/logger.ts';
import type { LogLevel, RunEvent } from './run-event.ts';

/** What the cluster and its supervisor write to their log about things that are told as events, or at the end. */
const NARRATED = [
  /^config \d+ /,
  /^server \S+ (?:stays behind|crashed and is started again|failed and stays down)/,
  /^(?:cluster|control) is running$/,
  /^restarting cluster$/,
  /^runnable (?:cluster|control) failed/,
  /^stopped (?:cluster|control)$/,
  /^worker \d+(?:, process \d+, ended| is (?:started|active|disabled|replaced)| lets process| comes back| gets another)/,
  /^worker \d+ could not be started/,
  /^\d+ workers? failed in a row/,
  /^(?:workers are started again|restarting \d+ worker|changing from \d+ worker|\d+ workers? restarted in )/,
  /^workers? [\d, ]+ did not leave in time/,
  /^the restart was given up after /,
];

/** A logger whose entries become events; what is an event anyway is left out, and so is what only helps debugging. */
export const eventLogger = (show: (event: RunEvent) => void): Logger => {
  const entry =
    (level: LogLevel) =>
    (message: string, details?: unknown): void => {
      if (NARRATED.some((pattern) => pattern.test(message))) return;
      show({ type: 'log', level, message, ...(details === undefined ? {} : { details }) });
    };
  return { error: entry('error'), warn: entry('warn'), info: entry('info'), debug: () => {} };
};
