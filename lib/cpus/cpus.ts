import { readFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { type CpuCounts, countCpus, type Rounding } from './count-cpus.ts';
import { readFacts } from './read-facts.ts';

/** How CPUs are counted. */
export interface CpuOptions {
  /**
   * What a quota that is no whole number of CPUs is rounded to; `'floor'` by default, at least 1. `'ceil'` suits work
   * that comes in bursts: between them, others leave it the time.
   */
  readonly rounding?: Rounding;
}

/**
 * How many CPUs this process can use at the same time: those it may run on (affinity, cpusets), no more than the CPU
 * quota of its control groups (v1 and v2, own and all above) allows. At least 1.
 *
 * Reads a few files of `/proc` and `/sys` at every call, synchronously; elsewhere than on Linux it is what Node says.
 */
export const availableCpus = (options?: CpuOptions): number => cpuCounts(options).available;

/**
 * How many of the CPUs of `availableCpus` do not share a core: work that keeps the arithmetic units of a core busy gains
 * little from a second thread on it. At least 1, never more than `availableCpus`; the same as that where cores cannot be
 * told apart, and elsewhere than on Linux.
 */
export const physicalCpus = (options?: CpuOptions): number => cpuCounts(options).physical;

/** Both at once, by one reading. */
export const cpuCounts = ({ rounding = 'floor' }: CpuOptions = {}): CpuCounts => {
  const parallelism = availableParallelism();
  const facts =
    process.platform === 'linux' ? readFacts(readText, parallelism) : { parallelism, cores: new Map(), quotas: [] };
  return countCpus(facts, rounding);
};

const readText = (path: string): string | undefined => {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    // Not every kernel and container has every file: what it would say stays unknown.
    return undefined;
  }
};
