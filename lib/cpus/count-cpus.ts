/** What is known of the CPUs a process has; everything but `parallelism` may be unknown. */
export interface CpuFacts {
  /** What Node says. It knows of affinity, and from Node 22 on of quotas. */
  readonly parallelism: number;
  /** CPUs that are switched on. */
  readonly online?: readonly number[] | undefined;
  /** CPUs the process may run on. */
  readonly allowed?: readonly number[] | undefined;
  /** The core of each CPU; one that is missing has a core of its own. */
  readonly cores: ReadonlyMap<number, string>;
  /** CPUs' worth of time that each control group above the process may use. */
  readonly quotas: readonly number[];
}

/** How many CPUs there are to use. */
export interface CpuCounts {
  /** CPUs that can run something at the same time; at least 1. */
  readonly available: number;
  /** How many of them do not share a core; at least 1, never more than `available`. */
  readonly physical: number;
}

/** What half a CPU is counted as. */
export type Rounding = 'floor' | 'ceil';

/** How many CPUs a process can use, by what is known of them. Order and holes in lists do not matter. */
export const countCpus = (facts: CpuFacts, rounding: Rounding = 'floor'): CpuCounts => {
  const cpus = usableCpus(facts);
  const quota = facts.quotas.length === 0 ? undefined : Math[rounding](facts.quotas.reduce((a, b) => Math.min(a, b)));
  // Node has rounded the quota down already where it knows of one.
  const isRounded = rounding === 'ceil' && quota !== undefined && cpus.length > 0;
  const limits = [
    ...(isRounded ? [] : [facts.parallelism]),
    ...(cpus.length === 0 ? [] : [cpus.length]),
    ...(quota === undefined ? [] : [quota]),
  ];
  const available = Math.max(1, Math.min(...limits));
  const told = cpus.length === 0 ? [...facts.cores.keys()] : cpus;
  const cores = new Set(told.map((cpu) => facts.cores.get(cpu) ?? cpu)).size;
  return { available, physical: cores === 0 ? available : Math.min(cores, available) };
};

/** The CPUs that are switched on and may be used, each once; empty when nothing is known of them. */
export const usableCpus = ({ online, allowed }: Pick<CpuFacts, 'online' | 'allowed'>): readonly number[] => {
  if (online === undefined || online.length === 0) return unique(allowed ?? []);
  if (allowed === undefined || allowed.length === 0) return unique(online);
  const on = new Set(online);
  return unique(allowed.filter((cpu) => on.has(cpu)));
};

const unique = (cpus: readonly number[]): readonly number[] => [...new Set(cpus)];
