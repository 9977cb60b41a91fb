import type { Cluster } from './cluster.ts';

/** A cluster for those who steer it and read its state, whether its servers run in this process or in others. */
export type Controllable = Omit<Cluster, 'instrument'>;
