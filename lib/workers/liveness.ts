/** How long a worker has been silent, counted only while the primary itself was there to listen. */
export interface Silence {
  /** Milliseconds. */
  readonly silentMs: number;
  /** Until when `silentMs` is counted, on a clock that does not jump. */
  readonly until: number;
  /** It was given up for silent and has not been heard of since. */
  readonly unresponsive: boolean;
}

/** A silence that begins now. */
export const heardAt = (now: number): Silence => ({ silentMs: 0, until: now, unresponsive: false });

/**
 * Counts on until now.
 *
 * A primary that was blocked or stopped has not read what its workers said meanwhile, and wakes up to its timers first.
 * Each look was due after `plannedMs`; what it came later than that is the primary's own lateness and nobody's silence.
 *
 * @returns the silence so far, and whether it has just become too long.
 */
export const look = (
  silence: Silence,
  now: number,
  { plannedMs, limitMs }: { readonly plannedMs: number; readonly limitMs: number },
): { readonly silence: Silence; readonly exceeded: boolean } => {
  const silentMs = silence.silentMs + Math.max(0, Math.min(now - silence.until, plannedMs));
  const unresponsive = silentMs >= limitMs;
  return {
    silence: { silentMs, until: now, unresponsive: silence.unresponsive || unresponsive },
    exceeded: unresponsive && !silence.unresponsive,
  };
};

/** The most by which a lateness of the primary is told from silence, as a part of the limit. */
const LOOKS = 10;

/** Milliseconds until the next look: often enough to notice an absence of the primary, and right when the limit is due. */
export const nextLookMs = (silence: Silence, limitMs: number): number => {
  const everyMs = limitMs / LOOKS;
  const leftMs = limitMs - silence.silentMs;
  return Math.max(1, leftMs > 0 ? Math.min(everyMs, leftMs) : everyMs);
};
