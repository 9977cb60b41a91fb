/**
 * How far the exchange of one slot has come in a rolling restart: `waiting` for its turn, `booting` its replacement,
 * which is then `ready`; `leaving` while the old process finishes and the new one serves; `done`.
 */
export type ExchangePhase = 'waiting' | 'booting' | 'ready' | 'leaving' | 'done';

/** One slot, as a rolling restart sees it. */
export interface RollingSlot {
  readonly slot: number;
  readonly phase: ExchangePhase;
}

export interface RollingLimits {
  /** Processes there may be beyond the slots. */
  readonly surge: number;
  /** Whether enough are active for an old process to be let go of, once the replacement of this slot serves. */
  readonly mayLetGo: (slot: number) => boolean;
}

/** What to do next: start the replacement of a slot, or let it take over. */
export type RollingMove = { readonly type: 'prepare' | 'takeOver'; readonly slot: number };

const EXTRA: readonly ExchangePhase[] = ['booting', 'ready', 'leaving'];

/**
 * The next move of a rolling restart; `undefined` while there is nothing to do but wait, and at the end.
 *
 * Replacements boot ahead as far as `surge` allows, and take over strictly in the order of the slots. A process that
 * leaves is one too many until it is gone, so a slow one holds up the start of others, not their taking over.
 *
 * @param slots - in the order in which they are to be replaced.
 */
export const nextMove = (
  slots: readonly RollingSlot[],
  { surge, mayLetGo }: RollingLimits,
): RollingMove | undefined => {
  // Taking over comes first: it is what ends processes.
  const front = slots.find(({ phase }) => phase !== 'leaving' && phase !== 'done');
  if (front === undefined) return undefined;
  if (front.phase === 'ready' && mayLetGo(front.slot)) return { type: 'takeOver', slot: front.slot };
  const extra = slots.filter(({ phase }) => EXTRA.includes(phase)).length;
  const next = slots.find(({ phase }) => phase === 'waiting');
  return next !== undefined && extra < surge ? { type: 'prepare', slot: next.slot } : undefined;
};
