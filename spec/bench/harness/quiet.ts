import type { Logger } from '../../../lib/index.ts';

const nothing = (): void => undefined;

/** Writes errors only: the lines about thousands of changes would be the slowest part of them. */
export const quietLogger: Logger = {
  error: (message, details) => process.stderr.write(`${message} ${details === undefined ? '' : String(details)}\n`),
  warn: nothing,
  info: nothing,
  debug: nothing,
};
