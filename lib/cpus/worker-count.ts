import { OptionsError } from '../config/errors.ts';
import { received } from '../config/received.ts';
import type { CpuCounts } from './count-cpus.ts';
import { cpuCounts } from './cpus.ts';

/** As many CPUs as Linux can tell apart: more is a mistake, and would be started one by one until memory ends. */
export const MOST_WORKERS = 8_192;

const isCount = (count: number): boolean => Number.isInteger(count) && count >= 1 && count <= MOST_WORKERS;

/**
 * How many workers there are to be: a number is taken as it is; `'auto'`, which is the default, is as
 * many as there are CPUs to use, `'physical'` as many as there are cores. `WEB_CONCURRENCY` wins over both words: that
 * is how hosts like Heroku say it.
 *
 * @param counts - read only when nothing else decides.
 * @throws OptionsError naming `count` or `WEB_CONCURRENCY`, when it is no whole number from 1 to 8 192.
 */
export const workerCount = (
  wanted: number | 'auto' | 'physical' | undefined,
  env: Readonly<Record<string, string | undefined>>,
  counts: () => CpuCounts = cpuCounts,
): number => {
  if (typeof wanted === 'number') {
    if (isCount(wanted)) return wanted;
    throw refusal(wanted);
  }
  const chosen = wanted ?? 'auto';
  if (chosen !== 'auto' && chosen !== 'physical') throw refusal(chosen);
  const { WEB_CONCURRENCY: said } = env;
  if (said !== undefined) return readConcurrency(said);
  const { available, physical } = counts();
  return chosen === 'auto' ? available : physical;
};

/** Callers without types can ask for anything. */
const refusal = (wanted: unknown): OptionsError =>
  new OptionsError('count', `a whole number from 1 to ${MOST_WORKERS}, 'auto' or 'physical', not ${received(wanted)}`);

const readConcurrency = (text: string): number => {
  const count = Number(text);
  if (/^[1-9]\d*$/.test(text) && isCount(count)) return count;
  throw new OptionsError(
    'WEB_CONCURRENCY',
    '',
    `WEB_CONCURRENCY must be a whole number from 1 to ${MOST_WORKERS}, not ${received(text)}`,
    'set the variable of the environment to a number, or unset it',
  );
};
