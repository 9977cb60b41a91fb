import { ReactiveCluster } from '../../cluster/cluster.ts';
import type { ClusterOptions } from '../../cluster/options.ts';
import type { ApplyOptions } from '../../cluster/orders.ts';
import type { Outcome, Refusal } from '../../cluster/outcome.ts';
import { Renewal } from '../../cluster/reading.ts';
import type { AgentSettings, ConfigData } from '../messages.ts';
import { drainingMs } from './draining-ms.ts';
import { createNames, type Names } from './names.ts';

/** What an agent has once it was told how to work. */
export interface Equipment {
  readonly settings: AgentSettings;
  readonly cluster: ReactiveCluster;
  readonly names: Names;
}

/** Makes what an agent works with; nothing is started. */
export const equip = (settings: AgentSettings, site: Pick<ClusterOptions, 'listeners' | 'logger'>): Equipment => {
  const { name, strategy, restartDelayMs, startTimeoutMs, baseDir, code } = settings;
  const shutdownTimeoutMs = drainingMs(settings.shutdownTimeoutMs);
  const cluster = new ReactiveCluster(
    { name, strategy, restartDelayMs, startTimeoutMs, shutdownTimeoutMs, baseDir, ...site },
    // The primary tells of outcomes, once for all workers.
    () => {},
  );
  return { settings, cluster, names: createNames(baseDir, code) };
};

/** Has the cluster of a worker put a config in force, or says which names of it lead nowhere here. */
export const carryOut = async (
  { cluster, names }: Equipment,
  config: ConfigData,
  renew: readonly string[] | undefined,
  options: ApplyOptions,
): Promise<Outcome | { readonly refusals: readonly Refusal[] }> => {
  const named = await names.resolve(config, renew !== undefined);
  if (!named.ok) return { refusals: named.refusals };
  return renew === undefined
    ? cluster.apply(named.config, options)
    : cluster.renewal(new Renewal(renew, named.config), options);
};
