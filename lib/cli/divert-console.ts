import { Console } from 'node:console';
import { Writable } from 'node:stream';
import type { LogLevel } from './run-event.ts';

/** An object on one line, as everything in a log is. */
const INSPECT = { breakLength: Number.POSITIVE_INFINITY, compact: true };

/**
 * Hands over what code in this process writes to `console`, call by call: it would break a table that is drawn over, and
 * output of which every line is JSON. Modules that were imported keep writing to the new one for as long as they live.
 *
 * @returns what puts the old console back.
 */
export const divertConsole = (take: (level: LogLevel, text: string) => void): (() => void) => {
  const before = globalThis.console;
  // Each call of a console is one write, with a line break at its end.
  const to = (level: LogLevel): Writable =>
    new Writable({
      decodeStrings: false,
      write(text: string, _, done) {
        take(level, text.replace(/\n$/, ''));
        done();
      },
    });
  const consoleOn = (level: LogLevel, errorLevel: LogLevel = level): Console =>
    new Console({ stdout: to(level), stderr: to(errorLevel), colorMode: false, inspectOptions: INSPECT });
  const diverted = consoleOn('info', 'error');
  diverted.warn = consoleOn('warn').log;
  diverted.debug = consoleOn('debug').log;
  globalThis.console = diverted;
  return () => {
    globalThis.console = before;
  };
};
