import { Targets } from './proxy/targets.ts';
import { openUpstream } from './undici/undici.ts';

/**
 * The targets that the servers of one cluster pass requests on to, none yet.
 *
 * A cluster keeps them across its configs: a route that is built anew finds its connections warm, and knows who was
 * down.
 */
export const openTargets = (): Targets => new Targets(openUpstream);
