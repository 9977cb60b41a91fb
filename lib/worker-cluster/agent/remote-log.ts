import type { Logger } from '../../log/logger.ts';
import { LONGEST, toDetailsData } from '../log-details.ts';
import type { LogLine } from '../messages.ts';

/** Lines that a worker may send in a quarter of a second; what is more is counted. */
const MOST_LINES = 64;

const PERIOD_MS = 250;

/** A logger whose lines are written by the primary. */
export interface RemoteLog extends Logger {
  /** Sends what waits, and from then on every line at once, as the last words of a process. */
  end(): void;
}

/**
 * Lines go out together at the end of the turn; what exceeds 64 lines in 250 ms is dropped and counted.
 *
 * @param send - is given lines in order, and how many were dropped before them.
 */
export const createRemoteLog = (send: (lines: readonly LogLine[], dropped: number) => void): RemoteLog => {
  let waiting: LogLine[] = [];
  let dropped = 0;
  let sent = 0;
  let timer: NodeJS.Timeout | undefined;
  let isEnded = false;
  let isDue = false;

  const flush = (): void => {
    isDue = false;
    if (waiting.length === 0 && dropped === 0) return;
    const [lines, lost] = [waiting, dropped];
    waiting = [];
    dropped = 0;
    send(lines, lost);
  };
  const renew = (): void => {
    timer = undefined;
    sent = 0;
    flush();
  };
  const write = (level: LogLine['level'], message: string, details: unknown): void => {
    if (isEnded) {
      send([lineOf(level, message, details)], 0);
      return;
    }
    timer ??= setTimeout(renew, PERIOD_MS).unref();
    sent += 1;
    if (sent > MOST_LINES) {
      dropped += 1;
      return;
    }
    waiting.push(lineOf(level, message, details));
    if (isDue) return;
    isDue = true;
    queueMicrotask(flush);
  };
  const at =
    (level: LogLine['level']) =>
    (message: string, details?: unknown): void =>
      write(level, message, details);
  return {
    error: at('error'),
    warn: at('warn'),
    info: at('info'),
    debug: at('debug'),
    end: () => {
      isEnded = true;
      clearTimeout(timer);
      flush();
    },
  };
};

const lineOf = (level: LogLine['level'], message: string, details: unknown): LogLine => ({
  level,
  message: message.slice(0, LONGEST),
  ...(details === undefined ? {} : { details: toDetailsData(details) }),
});
