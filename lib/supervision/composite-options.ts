import { initialDelayOf, restartDefaults } from '../config/defaults.ts';
import { OptionsError } from '../config/errors.ts';
import { received } from '../config/received.ts';
import type { RestartConfig } from '../config/server-config.ts';
import type { Logger } from '../log/logger.ts';
import type { Policy } from './composite-life.ts';
import { LONGEST_MS } from './limits.ts';
import type { RestartStrategy } from './restart-strategy.ts';

/** How a composite restarts its children, how long it waits, and where it logs. */
export interface CompositeOptions {
  /** Its name in the states, logs and errors of what it is part of; `composite` by default. */
  readonly name?: string;
  /** Who is stopped and started again with one that is no more; `one-for-one` by default: nobody. */
  readonly strategy?: RestartStrategy;
  /** How often and how soon one child is started again; by default as servers are: 5 times a minute, from 100 ms. */
  readonly restart?: RestartConfig;
  /**
   * Milliseconds each child has until it is `Running`, until it has taken another config or has reloaded, and `members`
   * until there are some; 120 000 by default.
   */
  readonly startTimeoutMs?: number;
  /** Milliseconds each child has to stop; 35 000 by default: the 30 s servers drain for, and 5 to finish. */
  readonly stopTimeoutMs?: number;
  /** Milliseconds all of them together have to stop; 120 000 by default. */
  readonly shutdownTimeoutMs?: number;
  /** Stops it when aborted. */
  readonly signal?: AbortSignal;
  /** Where it says what it does; consola by default. */
  readonly logger?: Logger;
}

/**
 * What a composite goes by: what was given, otherwise the defaults.
 *
 * @throws OptionsError when the strategy is unknown or a number out of range.
 */
export const policyOf = ({ name = 'composite', strategy = 'one-for-one', restart = {} }: CompositeOptions): Policy => {
  if (!strategies.includes(strategy)) {
    throw new OptionsError('strategy', `one of ${strategies.join(', ')}, not ${received(strategy)}`);
  }
  const { intensity = restartDefaults.intensity, periodMs = restartDefaults.periodMs } = restart;
  const { maxMs = restartDefaults.maxMs } = restart;
  const initialMs = initialDelayOf(restart.initialMs, maxMs);
  for (const [option, value, least] of [
    ['intensity', intensity, 0],
    ['periodMs', periodMs, 1],
    ['initialMs', initialMs, 0],
    ['maxMs', maxMs, initialMs],
  ] as const) {
    if (Number.isInteger(value) && value >= least && value <= LONGEST_MS) continue;
    throw new OptionsError(
      `restart.${option}`,
      `a whole number between ${least} and ${LONGEST_MS}, not ${received(value)}`,
    );
  }
  return { name, strategy, restart: { intensity, periodMs, initialMs, maxMs } };
};

const strategies: readonly string[] = ['one-for-one', 'rest-for-one', 'one-for-all'];
