import { resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { ClusterOptions, ClusterSettings } from '../cluster/options.ts';
import { settingsOf } from '../cluster/options.ts';
import { OptionsError } from '../config/errors.ts';
import { assertOptions } from '../config/known-options.ts';
import { checkMetricsOptions } from '../metrics/metrics-options.ts';
import type { WorkersOptions } from '../workers/options.ts';
import { workersOptions } from '../workers/settings.ts';
import type { AgentSettings } from './messages.ts';
import type { WorkerClusterOptions, WorkerMetricsOptions } from './worker-cluster.ts';

/** Options with every default filled in. */
export interface WorkerClusterSettings {
  readonly cluster: ClusterSettings;
  /** Those of the workers, which look at them themselves; without the script that they run. */
  readonly workers: Omit<WorkersOptions, 'script'>;
  readonly agent: AgentSettings;
  readonly prepareTimeoutMs: number;
}

/** Options that are about configs. */
const CLUSTER = [
  'name',
  'strategy',
  'commit',
  'siphonBuffer',
  'stopOnComplete',
  'restartDelayMs',
  'startTimeoutMs',
  'baseDir',
  'logger',
  'signal',
] as const satisfies readonly (keyof ClusterOptions & keyof WorkerClusterOptions)[];

/** Options of workers that are said otherwise here, or not at all. */
const WITHHELD = [
  'name',
  'script',
  'port',
  'args',
  'logger',
  'signal',
] as const satisfies readonly (keyof WorkersOptions)[];

type ProcessOption = Exclude<keyof WorkersOptions, (typeof WITHHELD)[number]> & keyof WorkerClusterOptions;

/** Options that are about processes. */
const WORKERS = workersOptions.filter((option): option is ProcessOption => !WITHHELD.some((one) => one === option));

const OWN = ['code', 'prepareTimeoutMs', 'metrics'] as const satisfies readonly (keyof WorkerClusterOptions)[];

/** All that `WorkerClusterOptions` has. */
export const workerClusterOptions: readonly (keyof WorkerClusterOptions)[] = [...CLUSTER, ...WORKERS, ...OWN];

/** Servers drain for 30 s unless they say otherwise; the rest is for the process to end. */
const SHUTDOWN_TIMEOUT_MS = 35_000;
const PREPARE_TIMEOUT_MS = 30_000;

/** The longest a timer can wait; Node fires longer ones at once. */
const LONGEST_MS = 2 ** 31 - 1;

const pick = <T extends object, K extends keyof T>(from: T, keys: readonly K[]): Pick<T, K> => {
  const entries = keys.flatMap((key) => (from[key] === undefined ? [] : [[key, from[key]] as const]));
  // Each key is one of `keys`, with the value that it has there.
  return Object.fromEntries(entries) as Pick<T, K>;
};

const timeoutMs = (option: string, value: number): number => {
  if (Number.isInteger(value) && value >= 1 && value <= LONGEST_MS) return value;
  throw new OptionsError(option, `a whole number of milliseconds from 1 to ${LONGEST_MS}`);
};

const codePath = (code: unknown, baseDir: string): string => {
  if (code instanceof URL && code.protocol === 'file:') return fileURLToPath(code);
  if (typeof code !== 'string' || code === '') throw new OptionsError('code', 'the path of a module, or a file URL');
  return code.startsWith('file:') ? fileURLToPath(code) : resolve(baseDir, code);
};

const METRICS: readonly (keyof WorkerMetricsOptions)[] = ['prefix', 'maxRoutes', 'process'];

/** The workers look at the values themselves, by then it is late: what each of them would refuse is refused here. */
const metricsOf = (metrics: boolean | WorkerMetricsOptions): WorkerMetricsOptions | undefined => {
  if (typeof metrics === 'boolean') return metrics ? {} : undefined;
  checkMetricsOptions(metrics, METRICS);
  return pick(metrics, METRICS);
};

/** Fills in the defaults. Throws an `OptionsError` for a value that cannot be worked with. */
export const workerClusterSettingsOf = (options: WorkerClusterOptions): WorkerClusterSettings => {
  assertOptions(options, workerClusterOptions);
  const cluster = settingsOf(pick(options, CLUSTER));
  const { name, strategy, restartDelayMs, startTimeoutMs, logger } = cluster;
  const baseDir = resolve(cluster.baseDir);
  const { code, prepareTimeoutMs = PREPARE_TIMEOUT_MS, shutdownTimeoutMs = SHUTDOWN_TIMEOUT_MS } = options;
  const metrics = metricsOf(options.metrics ?? false);
  return {
    cluster,
    workers: { ...pick(options, WORKERS), shutdownTimeoutMs, name: `${name} workers`, port: 0, logger },
    prepareTimeoutMs: timeoutMs('prepareTimeoutMs', prepareTimeoutMs),
    agent: {
      name,
      strategy,
      restartDelayMs,
      startTimeoutMs,
      shutdownTimeoutMs,
      baseDir,
      ...(code === undefined ? {} : { code: codePath(code, baseDir) }),
      ...(metrics === undefined ? {} : { metrics }),
    },
  };
};
