import type { HealthSettings } from '../config/health-settings.ts';
import type { RestartConfig } from '../config/server-config.ts';
import type { Health } from '../health/health.ts';
import { decideRestart } from '../supervision/restart.ts';

/** How far the restarts of a server that is down have come. */
export interface Healing {
  /**
   * - `watching`: nothing is to be done, or not yet.
   * - `waiting`: it is restarted as soon as its wait is over, unless it answers before.
   * - `given-up`: it was restarted as often as it may be, and is still down. It is left alone until it is well again.
   */
  readonly phase: 'watching' | 'waiting' | 'given-up';
  /** Checks that failed in a row since it was last started. */
  readonly failures: number;
  /** When it was given a restart, or was not because of the limit; as `decideRestart` remembers it. */
  readonly downs: readonly number[];
}

/** What is to be done now. */
export type Remedy =
  | { readonly type: 'none' }
  | { readonly type: 'restart'; readonly delayMs: number }
  /** The restart that was waited for is not needed any more. */
  | { readonly type: 'call-off' }
  | { readonly type: 'give-up' };

/** What the decision depends on besides the health of the server. */
export interface HealingRules {
  readonly settings: Pick<HealthSettings, 'fallToWarn' | 'fallToDown'>;
  readonly restart: Required<RestartConfig>;
  /** Numbers in `[0, 1)` that spread the wait. */
  readonly random?: () => number;
}

/** A server that was just put in place. */
export const initialHealing: Healing = Object.freeze({ phase: 'watching', failures: 0, downs: [] });

const NONE: Remedy = { type: 'none' };

/**
 * What follows from one more check for whether a server is restarted. Pure.
 *
 * It takes as many failures in a row as lead from `ok` to `down`, counted from its last start: that nobody has looked
 * yet, or that it needs a moment to get ready, is no reason. One success calls a restart off that is waited for; whoever
 * answers is not restarted. How long to wait, and when to stop trying, is what `decideRestart` says of crashes.
 *
 * @param health - after the check.
 * @param nowMs - on a clock that does not jump.
 */
export const afterLook = (
  healing: Healing,
  health: Pick<Health, 'status'> & { readonly succeeded: boolean },
  nowMs: number,
  { settings, restart, random }: HealingRules,
): { readonly healing: Healing; readonly remedy: Remedy } => {
  const { phase, downs } = healing;
  if (health.succeeded) {
    const isOver = phase === 'waiting' || (phase === 'given-up' && health.status !== 'down');
    const next: Healing = { phase: isOver ? 'watching' : phase, failures: 0, downs };
    return { healing: next, remedy: phase === 'waiting' ? { type: 'call-off' } : NONE };
  }
  const failures = healing.failures + 1;
  const isDue = health.status === 'down' && failures >= settings.fallToWarn + settings.fallToDown;
  if (phase !== 'watching' || !isDue) return { healing: { phase, failures, downs }, remedy: NONE };
  const decision = decideRestart(downs, nowMs, restart, random);
  return decision.type === 'restart'
    ? {
        healing: { phase: 'waiting', failures, downs: decision.crashes },
        remedy: { type: 'restart', delayMs: decision.delayMs },
      }
    : { healing: { phase: 'given-up', failures, downs: decision.crashes }, remedy: { type: 'give-up' } };
};

/** After it was restarted, or could not be: what counts is what it does from now on. */
export const afterRestart = ({ downs }: Healing): Healing => ({ phase: 'watching', failures: 0, downs });
