import { OptionsError } from '../config/errors.ts';
import { assertOptions } from '../config/known-options.ts';
import type { MetricsRegistry } from './registry.ts';

/** What is measured, and under which names; everything has a default. */
export interface MetricsOptions {
  /** One of prom-client's registries that series are added to; one of their own by default. */
  readonly registry?: MetricsRegistry;
  /** What the names of all series begin with; `'sluice_'` by default. */
  readonly prefix?: string;
  /**
   * How many routes of a server are told apart, from 1; 100 by default. Those asked for after that are `other`: an app
   * with thousands of them would be thousands of series.
   */
  readonly maxRoutes?: number;
  /** Expose what prom-client measures of the process and of Node as well, under its own names; `false` by default. */
  readonly process?: boolean;
}

/** A number of routes that tells most apps apart, and keeps a server below some ten thousand lines. */
export const MAX_ROUTES = 100;

const OPTIONS: readonly (keyof MetricsOptions)[] = ['registry', 'prefix', 'maxRoutes', 'process'];

/**
 * Throws an `OptionsError` for options that nothing can work with.
 *
 * @param known - the options there are; all of them by default.
 */
export const checkMetricsOptions = (
  options: MetricsOptions,
  known: readonly (keyof MetricsOptions)[] = OPTIONS,
): void => {
  assertOptions(options, known);
  const { prefix = '', maxRoutes = MAX_ROUTES } = options;
  if (!/^(?:[a-z_:][\w:]*)?$/i.test(prefix))
    throw new OptionsError('prefix', 'letters, digits, _ and :, no digit first');
  if (!Number.isInteger(maxRoutes) || maxRoutes < 1) throw new OptionsError('maxRoutes', 'a whole number from 1');
};
