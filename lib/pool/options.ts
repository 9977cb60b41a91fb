import { clusterOptions } from '../cluster/options.ts';
import { OptionsError } from '../config/errors.ts';
import { assertOptions, assertOptionsIfAny } from '../config/known-options.ts';

/** What the options of a cluster say and a pool decides for each change. */
const ITS_OWN: readonly string[] = ['commit', 'siphonBuffer', 'stopOnComplete'];

const POOL: readonly string[] = ['handler', ...clusterOptions.filter((option) => !ITS_OWN.includes(option))];

/** What only servers have: whoever gives it has forgotten the options. */
const OF_SERVERS: readonly string[] = ['listen', 'app', 'routes'];

/** Throws an `OptionsError` for what are no options of a pool. */
export const assertPoolOptions = (options: unknown): void => {
  const members = typeof options === 'object' && options !== null ? Object.keys(options) : [];
  if (Array.isArray(options) || members.some((member) => OF_SERVERS.includes(member))) {
    throw new OptionsError('options', '', 'options come first: createPool({}, { … })');
  }
  const own = ITS_OWN.find((option) => members.includes(option));
  if (own !== undefined) throw new OptionsError(own, 'left out: a pool decides that for each change');
  assertOptions(options, POOL);
};

const STOP: readonly string[] = ['drainTimeoutMs'];

/** Throws an `OptionsError` for options that a stop does not have. */
export const assertStopOptions = (options: unknown): void => assertOptionsIfAny(options, STOP);
