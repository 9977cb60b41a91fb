import { LONGEST_COOL_DOWN_MS } from '../../config/proxy-config.ts';

/** What a target's own requests have shown of it. */
export interface Health {
  /** Connections in a row that ended without an answer. */
  readonly strikes: number;
  /** Rests in a row. */
  readonly rests: number;
  /** Until when it is left alone; 0 when it need not rest. */
  readonly restsUntil: number;
  /** A request is finding out whether it is back. */
  readonly onTrial: boolean;
}

export const HEALTHY: Health = Object.freeze({ strikes: 0, rests: 0, restsUntil: 0, onTrial: false });

/** One may have been a kept connection that was just about to be closed. */
const STRIKES = 2;

/**
 * After a request that got no answer: a target that cannot be reached rests at once, one whose connections end from the
 * second in a row on. Each rest is twice as long as the one before, up to 30 s.
 */
export const afterFailure = (health: Health, isReachable: boolean, now: number, coolDownMs: number): Health => {
  const strikes = health.strikes + 1;
  if (isReachable && strikes < STRIKES) return { ...health, strikes };
  // Many requests may fail of one cause: those that were under way when the rest began do not make it longer.
  if (health.restsUntil > now && !health.onTrial) return { ...health, strikes };
  const restMs = Math.min(coolDownMs * 2 ** Math.min(health.rests, 20), Math.max(coolDownMs, LONGEST_COOL_DOWN_MS));
  return { strikes, rests: health.rests + 1, restsUntil: now + restMs, onTrial: false };
};

/**
 * When a target is chosen whose rest has ended: one request tries it, others leave it alone until that is answered, or
 * as long as a first rest.
 */
export const afterChoice = (health: Health, now: number, coolDownMs: number): Health =>
  health.restsUntil === 0 || health.restsUntil > now
    ? health
    : { ...health, restsUntil: now + coolDownMs, onTrial: true };

/** When there is reason to believe that a target is back: its rest ends now, and the next request finds out. */
export const afterWake = (health: Health, now: number): Health =>
  health.restsUntil <= now ? health : { ...health, restsUntil: now, onTrial: false };
