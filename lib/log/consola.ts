import { createConsola } from 'consola';
import type { Logger } from './logger.ts';

/** The default logger: consola, tagged `sluice`, at the level consola takes from `CONSOLA_LEVEL`. */
export const consolaLogger = (): Logger => createConsola().withTag('sluice');
