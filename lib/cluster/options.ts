import { defer } from 'rxjs';
import { OptionsError } from '../config/errors.ts';
import { assertOptions } from '../config/known-options.ts';
import type { CommitMode, Strategy } from '../config/server-config.ts';
import type { Listeners } from '../listener/listener.ts';
import { systemListeners } from '../listener/listeners.ts';
import { consolaLogger } from '../log/consola.ts';
import { guardLogger, type Logger } from '../log/logger.ts';
import { Instruments } from '../server/instruments.ts';
import type { ClusterInstrument } from './instrument.ts';

/** How a cluster works; everything has a default. */
export interface ClusterOptions {
  /** What supervisors and logs call it; `'cluster'` by default. */
  readonly name?: string;
  /** How changed servers are replaced unless they say themselves; `'hot-swap'` by default. */
  readonly strategy?: Strategy;
  /** `'atomic'` (default): one server that cannot be prepared undoes the whole commit. `'independent'`: the others go ahead. */
  readonly commit?: CommitMode;
  /**
   * How many configs may wait behind the one that is being committed, from 1 (default: the newest wins) to `Infinity`
   * (all are committed, in order). When it is full, the oldest waiting one is superseded.
   */
  readonly siphonBuffer?: number;
  /** Stop, gracefully, once the siphon has completed and its last config is settled; `false` by default: servers stay. */
  readonly stopOnComplete?: boolean;
  /** Milliseconds between the last stop and the first start of `stop-then-start`; 10 by default. */
  readonly restartDelayMs?: number;
  /** Milliseconds within which an address has to be bound, and what answers there to be built; 10 000 by default. */
  readonly startTimeoutMs?: number;
  /** The longest `stop()` may take, in milliseconds, whatever the servers' `drainTimeoutMs`; `Infinity` by default. */
  readonly shutdownTimeoutMs?: number;
  /**
   * Let `@hono/node-server` replace the global `Request` and `Response` by its own light ones; `true` by default.
   *
   * They serve 2.3 times as many requests (measured). With `false` the globals stay Node's own.
   */
  readonly overrideGlobalObjects?: boolean;
  /** The directory that relative paths in configs start from; the working directory by default. */
  readonly baseDir?: string;
  /** Where events and failed requests are written; consola by default. */
  readonly logger?: Logger;
  /** Aborting it stops the cluster, as `stop()` does. */
  readonly signal?: AbortSignal;
  /** Where sockets come from; the machine's TCP and unix sockets by default. */
  readonly listeners?: Listeners;
}

/** Options with every default filled in. */
export type ClusterSettings = Required<Omit<ClusterOptions, 'signal' | 'shutdownTimeoutMs'>> & {
  readonly signal: AbortSignal | undefined;
  readonly shutdownTimeoutMs: number;
  /** Who is told of what the cluster does. */
  readonly instruments: Instruments<ClusterInstrument>;
};

/** The longest a timer can wait; Node fires longer ones at once. */
const LONGEST_MS = 2 ** 31 - 1;

const among = <T extends string>(option: string, value: unknown, allowed: readonly T[]): T => {
  const found = allowed.find((candidate) => candidate === value);
  if (found === undefined) throw new OptionsError(option, `one of ${allowed.join(', ')}`);
  return found;
};

const durationMs = (option: string, value: number): number => {
  if (Number.isInteger(value) && value >= 0 && value <= LONGEST_MS) return value;
  throw new OptionsError(option, `a whole number of milliseconds from 0 to ${LONGEST_MS}`);
};

/** All that `ClusterOptions` has. */
export const clusterOptions: readonly (keyof ClusterOptions)[] = [
  'name',
  'strategy',
  'commit',
  'siphonBuffer',
  'stopOnComplete',
  'restartDelayMs',
  'startTimeoutMs',
  'shutdownTimeoutMs',
  'overrideGlobalObjects',
  'baseDir',
  'logger',
  'signal',
  'listeners',
];

const LEVELS: readonly (keyof Logger)[] = ['error', 'warn', 'info', 'debug'];

/** Throws an `OptionsError` for what cannot be listened to; `undefined` is no signal. */
export const assertSignal = (signal: unknown): void => {
  if (signal === undefined) return;
  // Not `instanceof`: a signal of another realm does as well.
  const isSignal = typeof signal === 'object' && signal !== null && 'aborted' in signal && 'addEventListener' in signal;
  if (!isSignal) throw new OptionsError('signal', 'an AbortSignal');
};

/** What the types say, for those who have none. */
const check = (options: ClusterOptions): void => {
  assertOptions(options, clusterOptions);
  const { name = '', baseDir = '.', logger, signal } = options;
  assertSignal(signal);
  if (typeof name !== 'string') throw new OptionsError('name', 'a text');
  if (typeof baseDir !== 'string' || baseDir === '') throw new OptionsError('baseDir', 'the path of a directory');
  if (logger !== undefined && !(typeof logger === 'object' && LEVELS.every((level) => level in logger))) {
    throw new OptionsError('logger', `an object with ${LEVELS.join(', ')}, such as consola`);
  }
};

/** Makes a failed bind of what the user's listeners throw instead of returning. */
const deferred =
  (listeners: Listeners): Listeners =>
  (address) =>
    defer(() => listeners(address));

/** Fills in the defaults. Throws an `OptionsError` for a value that cannot be worked with. */
export const settingsOf = (options: ClusterOptions): ClusterSettings => {
  check(options);
  const { siphonBuffer = 1, shutdownTimeoutMs = Number.POSITIVE_INFINITY } = options;
  if (!(siphonBuffer === Number.POSITIVE_INFINITY || (Number.isInteger(siphonBuffer) && siphonBuffer >= 1))) {
    throw new OptionsError('siphonBuffer', 'a whole number from 1, or Infinity');
  }
  const logger = guardLogger(options.logger ?? consolaLogger());
  return {
    name: options.name ?? 'cluster',
    strategy: among('strategy', options.strategy ?? 'hot-swap', ['hot-swap', 'stop-then-start']),
    commit: among('commit', options.commit ?? 'atomic', ['atomic', 'independent']),
    siphonBuffer,
    stopOnComplete: options.stopOnComplete ?? false,
    restartDelayMs: durationMs('restartDelayMs', options.restartDelayMs ?? 10),
    startTimeoutMs: durationMs('startTimeoutMs', options.startTimeoutMs ?? 10_000),
    shutdownTimeoutMs:
      shutdownTimeoutMs === Number.POSITIVE_INFINITY ? LONGEST_MS : durationMs('shutdownTimeoutMs', shutdownTimeoutMs),
    overrideGlobalObjects: options.overrideGlobalObjects ?? true,
    baseDir: options.baseDir ?? '.',
    logger,
    instruments: new Instruments(logger),
    listeners: options.listeners === undefined ? systemListeners : deferred(options.listeners),
    signal: options.signal,
  };
};
