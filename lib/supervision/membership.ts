import { sameData } from '../config/plain-data.ts';
import type { CompositeMember } from './composite-member.ts';

/** A member in force, and what its runnable can do. */
export interface Present {
  readonly id: number;
  readonly member: CompositeMember;
  readonly canConfigure: boolean;
  readonly canReload: boolean;
  /** Whether it is no more, and will not be again by itself. */
  readonly over: boolean;
}

/** What becomes of one place in the order. */
export type Slot =
  /** Stays as it is. */
  | { readonly type: 'keep'; readonly id: number; readonly member: CompositeMember }
  /** The same runnable is told its new config, or to read it again; `again` when it is over and starts with that. */
  | { readonly type: 'configure'; readonly id: number; readonly member: CompositeMember; readonly again: boolean }
  /** Is started; what it takes the place of, if anything, is stopped once everything new runs. */
  | { readonly type: 'start'; readonly member: CompositeMember; readonly instead?: number }
  /** Is started after what it takes the place of was stopped. */
  | { readonly type: 'swap'; readonly member: CompositeMember; readonly instead: number };

/** How one membership becomes another. */
export interface MembershipPlan {
  /** In the new order. */
  readonly slots: readonly Slot[];
  /** Those whose place is gone, in the order in which they were started. */
  readonly departed: readonly number[];
}

/**
 * What it takes to get from the members in force to those that are wanted.
 *
 * A runnable given as an object is known by that object, whatever its name is now: it is never started twice. All
 * others are known by name.
 */
export const planMembership = (present: readonly Present[], wanted: readonly CompositeMember[]): MembershipPlan => {
  const claimed = new Map<CompositeMember, Present>();
  const unclaimed = new Set(present);
  const claim = (matches: (before: Present, member: CompositeMember) => boolean): void => {
    for (const member of wanted) {
      if (claimed.has(member)) continue;
      const before = [...unclaimed].find((candidate) => matches(candidate, member));
      if (before === undefined) continue;
      claimed.set(member, before);
      unclaimed.delete(before);
    }
  };
  claim((before, member) => isObject(member) && before.member.runnable === member.runnable);
  claim((before, member) => before.member.name === member.name);
  return {
    slots: wanted.map((member) => slotOf(claimed.get(member), member)),
    departed: present.filter((before) => unclaimed.has(before)).map(({ id }) => id),
  };
};

const slotOf = (before: Present | undefined, member: CompositeMember): Slot => {
  if (before === undefined) return { type: 'start', member };
  const { id, over, canConfigure } = before;
  if (isSame(before.member, member)) return { type: 'keep', id, member };
  if (isObject(member) && before.member.runnable === member.runnable) {
    return canConfigure || (before.canReload && !over)
      ? { type: 'configure', id, member, again: over }
      : { type: 'swap', member, instead: id };
  }
  if (areKeyed(before.member, member) && canConfigure && !over) {
    return { type: 'configure', id, member, again: false };
  }
  return { type: member.replace === 'stop-first' ? 'swap' : 'start', member, instead: id };
};

const isObject = ({ runnable }: CompositeMember): boolean => typeof runnable !== 'function';

/** Two functions that make the same kind of runnable from a config. */
const areKeyed = (before: CompositeMember, member: CompositeMember): boolean =>
  !isObject(before) && !isObject(member) && before.config !== undefined && member.config !== undefined;

const isSame = (before: CompositeMember, member: CompositeMember): boolean =>
  (before.runnable === member.runnable || areKeyed(before, member)) && sameConfig(before.config, member.config);

/** What cannot be compared (it contains itself, or throws when it is read) is not the same. */
const sameConfig = (a: unknown, b: unknown): boolean => {
  try {
    return sameData(a, b);
  } catch {
    return false;
  }
};
