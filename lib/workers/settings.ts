import { assertSignal } from '../cluster/options.ts';
import { OptionsError } from '../config/errors.ts';
import { assertOptions } from '../config/known-options.ts';
import type { CpuCounts } from '../cpus/count-cpus.ts';
import { cpuCounts } from '../cpus/cpus.ts';
import { workerCount } from '../cpus/worker-count.ts';
import { consolaLogger } from '../log/consola.ts';
import { guardLogger, type Logger } from '../log/logger.ts';
import { workerExecArgv } from './exec-arguments.ts';
import {
  among,
  callback,
  durationMs,
  factor,
  list,
  modulePath,
  part,
  portNumber,
  text,
  texts,
  variables,
  wholeFrom,
} from './option-checks.ts';
import type { RespawnBackoff, WorkersOptions } from './options.ts';
import type { Sharing } from './protocol.ts';

/** Something that does not keep workers from being started, but that somebody should know. */
export interface Warning {
  readonly code: string;
  readonly message: string;
  readonly hint?: string;
}

type Numbers =
  | 'shutdownTimeoutMs'
  | 'startupDelayMs'
  | 'respawnDelayMs'
  | 'crashWindowMs'
  | 'maxCrashes'
  | 'coolDownMs'
  | 'maxIntensity'
  | 'intensityPeriodMs'
  | 'readyTimeoutMs'
  | 'surge'
  | 'spares'
  | 'heartbeatMs'
  | 'heartbeatTimeoutMs'
  | 'maxMemoryBytes'
  | 'maxAgeMs'
  | 'maxAgeJitter'
  | 'port';

/** Options with every default filled in; a limit of 0 is none. */
export interface WorkersSettings extends Readonly<Record<Numbers, number>> {
  readonly name: string;
  /** Absolute; symbolic links are in it as they were given. */
  readonly script: string;
  readonly count: number;
  readonly sharing: Sharing;
  readonly respawn: 'always' | 'on-failure' | 'never';
  readonly backoff: Required<RespawnBackoff>;
  /** `undefined` for as many as there are slots, however many that becomes. */
  readonly minAvailable: number | undefined;
  readonly preload: readonly string[];
  readonly execArgv: readonly string[];
  /** What one slot is given. Throws what the user's functions throw, and an `OptionsError` for what they return. */
  readonly env: (slot: number) => Readonly<Record<string, string | undefined>>;
  readonly args: (slot: number) => readonly string[];
  /** What is known of that before there is a slot: everything, unless a function decides. */
  readonly commonEnv: Readonly<Record<string, string | undefined>>;
  readonly onStart: WorkersOptions['onStart'];
  readonly onExit: WorkersOptions['onExit'];
  readonly logger: Logger;
  readonly signal: AbortSignal | undefined;
  readonly warnings: readonly Warning[];
}

/** All that `WorkersOptions` has. */
export const workersOptions: readonly (keyof WorkersOptions)[] = [
  'name',
  'script',
  'count',
  'port',
  'sharing',
  'respawn',
  'shutdownTimeoutMs',
  'startupDelayMs',
  'respawnDelayMs',
  'backoff',
  'crashWindowMs',
  'maxCrashes',
  'coolDownMs',
  'maxIntensity',
  'intensityPeriodMs',
  'readyTimeoutMs',
  'surge',
  'minAvailable',
  'spares',
  'preload',
  'heartbeatMs',
  'heartbeatTimeoutMs',
  'maxMemoryBytes',
  'maxAgeMs',
  'maxAgeJitter',
  'env',
  'args',
  'execArgv',
  'onStart',
  'onExit',
  'logger',
  'signal',
];

const backoffOptions: readonly (keyof RespawnBackoff)[] = ['factor', 'maxMs', 'jitter', 'resetAfterMs'];

/** What the settings are made of besides the options: this process. */
export interface Surroundings {
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly argv: readonly string[];
  readonly execArgv: readonly string[];
  readonly cpus: () => CpuCounts;
}

const here = (): Surroundings => ({
  env: process.env,
  argv: process.argv,
  execArgv: process.execArgv,
  cpus: cpuCounts,
});

/** Fills in the defaults. Throws an `OptionsError` for a value that cannot be worked with; nothing is started by then. */
export const settingsOf = (
  options: WorkersOptions,
  { env, argv, execArgv, cpus }: Surroundings = here(),
): WorkersSettings => {
  assertOptions(options, workersOptions);
  const port = portNumber(options.port);
  const count = workerCount(options.count, env, cpus);
  const logger = options.logger ?? consolaLogger();
  if (typeof logger !== 'object' || !(['error', 'warn', 'info', 'debug'] as const).every((level) => level in logger)) {
    throw new OptionsError('logger', 'an object with error, warn, info, debug, such as consola');
  }
  assertSignal(options.signal);
  return {
    name: text('name', options.name ?? 'workers'),
    script: modulePath('script', options.script ?? argv[1]),
    count,
    port,
    sharing: among('sharing', options.sharing ?? 'shared', ['shared', 'round-robin', 'reuse-port']),
    respawn: policyOf(options.respawn),
    backoff: backoffOf(options.backoff ?? {}),
    minAvailable: minAvailableOf(options.minAvailable, count),
    preload: list('preload', options.preload ?? []).map((module) => modulePath('preload', module)),
    execArgv: texts('execArgv', options.execArgv ?? workerExecArgv(execArgv)),
    env: envOf(options.env),
    args: argsOf(options.args),
    commonEnv: typeof options.env === 'function' ? {} : variables('env', options.env ?? {}),
    onStart: callback('onStart', options.onStart),
    onExit: callback('onExit', options.onExit),
    logger: guardLogger(logger),
    signal: options.signal,
    ...timesOf(options),
    ...limitsOf(options),
    warnings: warningsOf(count, cpus),
  };
};

const timesOf = (options: WorkersOptions) => {
  const ms = (option: keyof WorkersOptions, byDefault: number): number =>
    durationMs(option, options[option] ?? byDefault);
  const heartbeatMs = ms('heartbeatMs', 500);
  const heartbeatTimeoutMs = ms('heartbeatTimeoutMs', Math.max(2_500, 5 * heartbeatMs));
  // A beat is due every `heartbeatMs`: with less than that between them, everybody would be silent all the time.
  if (heartbeatMs > 0 && heartbeatTimeoutMs > 0 && heartbeatTimeoutMs <= heartbeatMs) {
    throw new OptionsError('heartbeatTimeoutMs', `longer than heartbeatMs, which is ${heartbeatMs}`);
  }
  return {
    shutdownTimeoutMs: ms('shutdownTimeoutMs', 15_000),
    startupDelayMs: ms('startupDelayMs', 100),
    respawnDelayMs: ms('respawnDelayMs', 100),
    crashWindowMs: ms('crashWindowMs', 5_000),
    coolDownMs: ms('coolDownMs', 60_000),
    intensityPeriodMs: ms('intensityPeriodMs', 60_000),
    readyTimeoutMs: ms('readyTimeoutMs', 30_000),
    maxAgeMs: ms('maxAgeMs', 0),
    heartbeatMs,
    heartbeatTimeoutMs,
  };
};

const limitsOf = (options: WorkersOptions) => {
  const maxMemoryBytes = wholeFrom(0, 'maxMemoryBytes', options.maxMemoryBytes ?? 0);
  if (maxMemoryBytes > 0 && options.heartbeatMs === 0) {
    throw new OptionsError('heartbeatMs', 'above 0 with maxMemoryBytes: a beat is what tells of memory');
  }
  return {
    maxCrashes: wholeFrom(0, 'maxCrashes', options.maxCrashes ?? 3),
    maxIntensity: wholeFrom(0, 'maxIntensity', options.maxIntensity ?? 0),
    surge: wholeFrom(1, 'surge', options.surge ?? 2),
    spares: wholeFrom(0, 'spares', options.spares ?? 0),
    maxAgeJitter: part('maxAgeJitter', options.maxAgeJitter ?? 0.1),
    maxMemoryBytes,
  };
};

const policyOf = (respawn: WorkersOptions['respawn'] = 'always'): WorkersSettings['respawn'] => {
  if (typeof respawn === 'boolean') return respawn ? 'always' : 'never';
  return among('respawn', respawn, ['always', 'on-failure', 'never']);
};

const backoffOf = (backoff: RespawnBackoff): Required<RespawnBackoff> => {
  if (typeof backoff !== 'object') {
    throw new OptionsError('backoff', `an object with ${backoffOptions.join(', ')}`);
  }
  assertOptions(backoff, backoffOptions);
  return {
    factor: factor('backoff.factor', backoff.factor ?? 1),
    maxMs: durationMs('backoff.maxMs', backoff.maxMs ?? 15_000),
    jitter: part('backoff.jitter', backoff.jitter ?? 0),
    resetAfterMs: durationMs('backoff.resetAfterMs', backoff.resetAfterMs ?? 5_000),
  };
};

/** More than there are could never be available, and a restart would let go of nobody. */
const minAvailableOf = (minAvailable: unknown, count: number): number | undefined => {
  if (minAvailable === undefined) return undefined;
  const least = wholeFrom(0, 'minAvailable', minAvailable);
  if (least > count) throw new OptionsError('minAvailable', `at most the count, which is ${count}, not ${least}`);
  return least;
};

const envOf = (env: WorkersOptions['env'] = {}): WorkersSettings['env'] => {
  if (typeof env === 'function') return (slot) => variables('env', env(slot));
  const same = variables('env', env);
  return () => same;
};

const argsOf = (args: WorkersOptions['args'] = []): WorkersSettings['args'] => {
  if (typeof args === 'function') return (slot) => texts('args', args(slot));
  const same = [...texts('args', args)];
  return () => same;
};

/** How many workers for each CPU are still no mistake: some wait for others most of the time. */
const MANY = 2;

const warningsOf = (count: number, cpus: () => CpuCounts): readonly Warning[] => {
  const warning = crowdWarning(count, cpus);
  return warning === undefined ? [] : [warning];
};

/** Tells of more workers than CPUs have use for; `undefined` when there are not. */
export const crowdWarning = (count: number, cpus: () => CpuCounts = cpuCounts): Warning | undefined => {
  const { available } = cpus();
  if (count <= MANY * available) return undefined;
  return {
    code: 'WARN_MANY_WORKERS',
    message: `${count} workers share ${available} ${available === 1 ? 'CPU' : 'CPUs'}`,
    hint: `'auto' would be ${available}; more of them wait for each other and hold memory each`,
  };
};
