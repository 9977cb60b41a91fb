import { Console } from 'node:console';
import { Writable } from 'node:stream';
import type { LogLevel } from './run-event.ts';

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
  const diverted = new Console({ stdout: to('info'), stderr: to('error'), colorMode: false });
  diverted.warn = new Console({ stdout: to('warn'), colorMode: false }).log;
  diverted.debug = new Console({ stdout: to('debug'), colorMode: false }).log;
  globalThis.console = diverted;
  return () => {
    globalThis.console = before;
  };
};
