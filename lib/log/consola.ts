import { createConsola, LogLevels } from 'consola';
import type { Logger } from './logger.ts';

/**
 * The default logger: consola, tagged `sluice`.
 *
 * Warnings and errors only: what happens as it was asked for is on the streams. `CONSOLA_LEVEL` overrides that.
 */
export const consolaLogger = (): Logger => {
  const level = process.env.CONSOLA_LEVEL === undefined ? { level: LogLevels.warn } : {};
  return createConsola(level).withTag('sluice');
};
