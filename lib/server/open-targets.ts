import type { Logger } from '../log/logger.ts';
import { Targets } from './proxy/targets.ts';
import { openUpstream } from './undici/undici.ts';

/**
 * The targets that the servers of one cluster pass requests on to, none yet.
 *
 * A cluster keeps them across its configs: a route that is built anew finds its connections warm, and knows who was
 * down.
 */
export const openTargets = (logger: Logger): Targets =>
  new Targets(openUpstream, {
    down: (target) => logger.warn(`target ${target} gives no answers and is left alone for a while`),
    up: (target) => logger.info(`target ${target} answers again`),
  });
