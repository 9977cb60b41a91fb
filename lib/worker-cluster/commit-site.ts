import type { Strategy } from '../config/server-config.ts';
import type { DataConfigs } from './data-configs.ts';
import type { Fleet } from './fleet.ts';
import type { Holds } from './holds.ts';
import type { Places } from './places.ts';

/** With what commits work. */
export interface CommitSite {
  readonly fleet: Fleet;
  readonly holds: Holds;
  readonly places: Places;
  readonly configs: DataConfigs;
  readonly strategy: Strategy;
}
