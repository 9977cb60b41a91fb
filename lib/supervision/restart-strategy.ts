/**
 * When something that is no more is started again, in OTP's terms: `permanent` always, `transient` when it failed and
 * not when it ended by itself, `temporary` never.
 */
export type RestartType = 'permanent' | 'transient' | 'temporary';

/**
 * Who else is stopped and started again with one that is: nobody, those that were started after it, or all.
 */
export type RestartStrategy = 'one-for-one' | 'rest-for-one' | 'one-for-all';

/** One of several, as far as it matters to who is restarted with whom. */
export interface Restartable {
  readonly restart: RestartType;
  /** Whether there is something to stop. */
  readonly held: boolean;
}

/** Who is stopped and then started, each in order. */
export interface Regroup<T> {
  readonly stop: readonly T[];
  readonly start: readonly T[];
}

/**
 * Who is stopped, and after that started, because some of `members` are down and to come back.
 *
 * The strategy says who belongs together with each of the fallen; they are stopped in reverse and started in order. A
 * temporary one that is stopped with the others stays down; a transient one that had ended is started with them.
 *
 * @param members - in the order in which they are started.
 * @param fallen - the positions of those that are to come back.
 * @see Erlang/OTP `supervisor`, restart strategies.
 */
export const regroup = <T extends Restartable>(
  strategy: RestartStrategy,
  members: readonly T[],
  fallen: readonly number[],
): Regroup<T> => {
  const group = members.filter((_, index) => fallen.some((at) => belongs[strategy](index, at)));
  return {
    stop: group.filter((member) => member.held).toReversed(),
    start: group.filter((member) => member.restart !== 'temporary'),
  };
};

/** Whether the one at `index` goes down with the one at `fallen`. */
const belongs: Readonly<Record<RestartStrategy, (index: number, fallen: number) => boolean>> = {
  'one-for-one': (index, fallen) => index === fallen,
  'rest-for-one': (index, fallen) => index >= fallen,
  'one-for-all': () => true,
};

/** Whether one of this type comes back after it failed, or after it ended by itself. */
export const comesBack = (type: RestartType, how: 'failed' | 'ended'): boolean =>
  type === 'permanent' || (type === 'transient' && how === 'failed');
