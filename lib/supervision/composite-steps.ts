import {
  type Change,
  type ChangeStep,
  type Child,
  type CompositeLife,
  inForce,
  type Membership,
  newChild,
} from './composite-life.ts';
import { type Present, planMembership, type Slot } from './membership.ts';
import { hasMethod } from './parts.ts';

const nothingYet = {
  current: undefined,
  undo: [],
  refusal: undefined,
  started: [],
  stopped: [],
  reloaded: [],
  failed: [],
  abandoned: [],
} as const;

/** A change before its first step, and the children it brings. */
export interface MembershipChange {
  readonly change: Change;
  readonly newcomers: readonly Child[];
  readonly nextId: number;
}

/**
 * How the members in force become those that are wanted.
 *
 * Whatever can fail and be undone comes before whatever cannot: first what is new is started beside what runs, then
 * what cannot run beside it is exchanged, then configs are handed over, and in the end what has left is stopped.
 */
export const membershipChange = (life: CompositeLife, membership: Membership): MembershipChange => {
  const { slots, departed } = planMembership(inForce(life).map(presentOf), membership.members);
  // Newcomers are numbered by their place.
  const places = slots.map((slot, at) => ({
    slot,
    id: slot.type === 'keep' || slot.type === 'configure' ? slot.id : life.nextId + at,
  }));
  const replaced = slots.flatMap((slot) => (slot.type === 'start' && slot.instead !== undefined ? [slot.instead] : []));
  const leaving = life.order.filter((id) => departed.includes(id) || replaced.includes(id)).toReversed();
  return {
    change: {
      ...nothingYet,
      membership,
      reloads: [],
      todo: [
        ...places.flatMap(({ slot, id }) => (slot.type === 'start' ? startSteps(id) : [])),
        ...places.flatMap(({ slot, id }) => (slot.type === 'swap' ? swapSteps(slot, id) : [])),
        ...slots.flatMap((slot) => (slot.type === 'configure' ? configureSteps(slot) : [])),
        { type: 'commit' },
        // In force from here on, so that a failure is one of theirs and not one of the change.
        ...slots.flatMap((slot) => ('again' in slot && slot.again ? startSteps(slot.id) : [])),
        ...leaving.map((id) => ({ type: 'stop', id }) as const),
      ],
      order: places.map(({ id }) => id),
      adopted: new Map(slots.flatMap((slot) => (slot.type === 'keep' ? [[slot.id, slot.member] as const] : []))),
    },
    newcomers: places.flatMap(({ slot, id }) =>
      slot.type === 'start' || slot.type === 'swap' ? [newChild(id, slot.member)] : [],
    ),
    nextId: life.nextId + slots.length,
  };
};

const presentOf = ({ id, member, canConfigure, canReload, standing }: Child): Present => ({
  id,
  member,
  // One that never came as far as Running has not been asked what it can.
  canConfigure: typeof member.runnable === 'function' ? canConfigure : hasMethod(member.runnable, 'configure'),
  canReload,
  over: standing === 'ended',
});

const startSteps = (id: number): readonly ChangeStep[] => [{ type: 'start', id }];

const swapSteps = (slot: Extract<Slot, { readonly type: 'swap' }>, id: number): readonly ChangeStep[] => [
  { type: 'stop', id: slot.instead },
  { type: 'start', id },
];

const configureSteps = ({ id, member }: Extract<Slot, { readonly type: 'configure' }>): readonly ChangeStep[] => [
  { type: 'configure', id, member },
];

/** All in force are asked to read their configuration again, in order. */
export const reloadChange = (life: CompositeLife): Change => ({
  ...nothingYet,
  membership: undefined,
  reloads: life.reloads,
  todo: life.order.map((id) => ({ type: 'reload', id }) as const),
  order: life.order,
  adopted: new Map(),
});
