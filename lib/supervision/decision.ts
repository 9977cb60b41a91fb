/** What follows from an event: the life as it is now, and what to do about it, in order. */
export interface Decided<L, E> {
  readonly life: L;
  readonly effects: readonly E[];
}

/** Nothing to do. */
export const keep = <L>(life: L): Decided<L, never> => ({ life, effects: [] });

/** One decision and what follows from it, as one. */
export const andThen = <L, E>(first: Decided<NoInfer<L>, E>, next: (life: L) => Decided<L, E>): Decided<L, E> => {
  const second = next(first.life);
  return { life: second.life, effects: [...first.effects, ...second.effects] };
};
