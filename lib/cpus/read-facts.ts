import { groupDirectories } from './cgroup.ts';
import { coreOf, coresInCpuinfo } from './core.ts';
import { type CpuFacts, usableCpus } from './count-cpus.ts';
import { allowedCpus, parseCpuList } from './cpu-list.ts';
import { quotaOfCfs, quotaOfCpuMax } from './quota.ts';

/** The text of a file; `undefined` when there is none, or it cannot be read. */
export type ReadText = (path: string) => string | undefined;

const CPUS = '/sys/devices/system/cpu';

/**
 * What Linux says of the CPUs of this process. Files that are missing, as many are in containers, leave unknown what
 * they would tell.
 */
export const readFacts = (read: ReadText, parallelism: number): CpuFacts => {
  const onlineList = read(`${CPUS}/online`);
  const online = onlineList === undefined ? undefined : parseCpuList(onlineList);
  const allowed = allowedCpus(read('/proc/self/status') ?? '');
  const cores = coresInTopology(read, usableCpus({ online, allowed }));
  return {
    parallelism,
    online,
    allowed,
    cores: cores.size > 0 ? cores : coresInCpuinfo(read('/proc/cpuinfo') ?? ''),
    quotas: quotasOf(read),
  };
};

const coresInTopology = (read: ReadText, cpus: readonly number[]): ReadonlyMap<number, string> => {
  const cores = new Map<number, string>();
  for (const cpu of cpus) {
    const file = (name: string): string | undefined => read(`${CPUS}/cpu${cpu}/topology/${name}`);
    // One file is enough on every kernel since 5.2; the others are read where it is missing.
    const core =
      coreOf({ coreCpusList: file('core_cpus_list') }) ??
      coreOf({
        threadSiblingsList: file('thread_siblings_list'),
        packageId: file('physical_package_id'),
        dieId: file('die_id'),
        coreId: file('core_id'),
      });
    if (core !== undefined) cores.set(cpu, core);
  }
  return cores;
};

const quotasOf = (read: ReadText): readonly number[] =>
  groupDirectories(read('/proc/self/cgroup') ?? '', read('/proc/self/mountinfo') ?? '').flatMap(({ version, path }) => {
    const quota =
      version === 2
        ? quotaOfCpuMax(read(`${path}/cpu.max`) ?? '')
        : quotaOfCfs(read(`${path}/cpu.cfs_quota_us`) ?? '', read(`${path}/cpu.cfs_period_us`) ?? '');
    return quota === undefined ? [] : [quota];
  });
