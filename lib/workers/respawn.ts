import { type CrashLimit, isTooMany, spanMs, withEnd } from './crash-window.ts';
import type { WorkerExit } from './exit.ts';
import type { RespawnBackoff } from './options.ts';

/** Whether a worker that ended without being asked to comes back. */
export type RespawnPolicy = 'always' | 'on-failure' | 'never';

/** What is decided by; a part of the settings of workers. */
export interface RespawnSettings extends CrashLimit {
  readonly respawn: RespawnPolicy;
  readonly respawnDelayMs: number;
  readonly backoff: Required<RespawnBackoff>;
}

/** What is remembered of how the processes of a slot ended. */
export interface CrashRecord {
  /** When they did, as far as it counts towards disabling it; oldest first, on a clock that does not jump. */
  readonly ends: readonly number[];
  /** Failures in a row, by which the delay grows. */
  readonly failures: number;
  /** It was disabled and has its one more chance. */
  readonly onTrial: boolean;
}

/** Nothing is held against it: a new slot, and one that somebody enabled. */
export const CLEAN: CrashRecord = { ends: [], failures: 0, onTrial: false };

/** What a slot that was disabled has once it has cooled down: its next failure before it proved itself disables it again. */
export const ON_TRIAL: CrashRecord = { ...CLEAN, onTrial: true };

/** The end of a process of a slot. */
export interface End {
  readonly exit: WorkerExit;
  /** On the clock of the record. */
  readonly at: number;
  /** Milliseconds it had been ready; `undefined` when it never was. */
  readonly activeMs: number | undefined;
  /** Another process has booted and waits for the slot. */
  readonly hasSpare?: boolean;
}

/** What follows from the end of a process; `record` is what to remember for the next one. */
export type RespawnDecision =
  | { readonly type: 'stay-down'; readonly record: CrashRecord }
  | { readonly type: 'respawn'; readonly delayMs: number; readonly record: CrashRecord }
  | { readonly type: 'disable'; readonly crashes: number; readonly withinMs: number; readonly record: CrashRecord };

/**
 * What is done about the end of the only process of a slot.
 *
 * - Told to leave for good (`stop`, `scale`): it stays down. Told to leave for a better one (`restart`, `memory`, `age`,
 *   `abandoned`) that is not there: it comes back, and nothing is held against it.
 * - Anything else counts when {@link counts} says so, and then disables the slot once the crash window is full, at once
 *   on trial, or brings it back after a delay that grows. Where a spare waits, the first of a row is answered at once.
 *
 * On trial a slot proves itself by being active for a crash window.
 *
 * @param random - a number in `[0, 1)`, drawn for each decision.
 */
export const decideRespawn = (
  record: CrashRecord,
  { exit, at, activeMs, hasSpare = false }: End,
  settings: RespawnSettings,
  random = 0,
): RespawnDecision => {
  const { intent } = exit;
  if (intent === 'stop' || intent === 'scale') return { type: 'stay-down', record };
  if (isPlanned(exit)) return { type: 'respawn', delayMs: hasSpare ? 0 : delayMs(1, settings, random), record };
  if (!counts(exit, settings.respawn)) return { type: 'stay-down', record };

  const onTrial = record.onTrial && !(activeMs !== undefined && activeMs >= settings.crashWindowMs);
  const ends = withEnd(record.ends, at, settings);
  const stable = activeMs !== undefined && activeMs >= settings.backoff.resetAfterMs;
  const failures = stable ? 1 : record.failures + 1;
  const next: CrashRecord = { ends, failures, onTrial };
  return onTrial || isTooMany(ends, settings)
    ? { type: 'disable', crashes: Math.max(1, ends.length), withinMs: spanMs(ends), record: next }
    : { type: 'respawn', delayMs: hasSpare && failures === 1 ? 0 : delayMs(failures, settings, random), record: next };
};

/** It was told to leave and did: nobody failed. */
const isPlanned = ({ intent }: WorkerExit): boolean =>
  intent !== undefined && intent !== 'unready' && intent !== 'unresponsive';

/**
 * Whether an end is held against its slot, and against all of them together.
 *
 * Crashes are, and so are processes that were killed for not becoming ready or not answering. Where everybody comes back
 * an unexpected exit with code 0 is as well: a loop of those would never end.
 */
export const counts = (exit: WorkerExit, policy: RespawnPolicy): boolean => {
  if (isPlanned(exit) || policy === 'never') return false;
  return policy === 'always' || exit.crash || exit.intent !== undefined;
};

/**
 * `respawnDelayMs`, grown by the factor with every failure after the first up to `maxMs`, less the part that chance
 * takes off.
 */
const delayMs = (
  failures: number,
  { respawnDelayMs, backoff: { factor, maxMs, jitter } }: RespawnSettings,
  random: number,
): number => {
  // The largest power that is a number: what is beyond is beyond any longest delay, and 0 × Infinity is no number.
  const grown = respawnDelayMs * Math.min(factor ** (failures - 1), Number.MAX_VALUE);
  // A first delay that is longer than the longest was asked for as such.
  const wholeMs = Math.max(respawnDelayMs, Math.min(grown, maxMs));
  return Math.round(wholeMs * (1 - jitter * random));
};
