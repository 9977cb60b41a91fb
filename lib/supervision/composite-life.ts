import type { RestartConfig } from '../config/server-config.ts';
import type { CompositeMember } from './composite-member.ts';
import type { CompositeOutcome } from './composite-outcome.ts';
import type { Decided } from './decision.ts';
import type { ChildFailure, CrashLoopError, MembersError, RunnableError, StartTimeoutError } from './errors.ts';
import type { LogEffect, StopOptions, SupervisorState } from './life.ts';
import type { RestartStrategy } from './restart-strategy.ts';

/** Why a composite ends in `Error`. */
export type CompositeError = RunnableError | StartTimeoutError | CrashLoopError | MembersError;

/** How far one child has come. */
export type ChildStanding =
  | 'down' // not started, or no more and to come back
  | 'starting'
  | 'up'
  | 'stopping'
  | 'ended'; // no more, and not to come back by itself

/** One runnable in one place of a composite, for as long as the place is its. */
export interface Child {
  /** Never given to another in the same life. */
  readonly id: number;
  readonly member: CompositeMember;
  readonly standing: ChildStanding;
  /** Whether it is down because it was told to stop; what it says on the way is no failure. */
  readonly asked: boolean;
  /** The last state it reported. */
  readonly state: string;
  readonly canConfigure: boolean;
  readonly canReload: boolean;
  /** When it crashed within the last period, on a clock that does not jump. */
  readonly crashes: readonly number[];
  readonly restarts: number;
  /** Why it was no more the last time it was. */
  readonly error: Error | undefined;
}

/** Children that go down together and come back together. */
export interface Recovery {
  /** Those that still have to stop, in that order. */
  readonly stop: readonly number[];
  /** Those whose wait is not over; nobody starts before. */
  readonly waiting: readonly number[];
  /** Those that still have to start, in that order. */
  readonly start: readonly number[];
}

/** A part of a change; a new object for each. */
export type ChangeStep =
  | { readonly type: 'start' | 'stop' | 'reload'; readonly id: number }
  | { readonly type: 'configure'; readonly id: number; readonly member: CompositeMember }
  /** From here on the new members are those in force. */
  | { readonly type: 'commit' };

/** Another membership on its way, or a reload of the present one. */
export interface Change {
  /** What is wanted; nothing when it is a reload. */
  readonly membership: Membership | undefined;
  readonly reloads: readonly symbol[];
  /** The step that is being waited for. */
  readonly current: ChangeStep | undefined;
  readonly todo: readonly ChangeStep[];
  /** What leads back to how things were, the last done first. */
  readonly undo: readonly ChangeStep[];
  /** Why it is being undone. */
  readonly refusal: ChildFailure | undefined;
  /** Who is in force from the commit on, in order. */
  readonly order: readonly number[];
  /** The members that those which stay become with the commit. */
  readonly adopted: ReadonlyMap<number, CompositeMember>;
  readonly started: readonly string[];
  readonly stopped: readonly string[];
  readonly reloaded: readonly string[];
  readonly failed: readonly ChildFailure[];
  readonly abandoned: readonly string[];
}

/** What somebody wants the composite to be made of. */
export interface Membership {
  readonly revision: number;
  readonly members: readonly CompositeMember[];
}

/** What a composite goes by. */
export interface Policy {
  readonly name: string;
  readonly strategy: RestartStrategy;
  readonly restart: Required<RestartConfig>;
}

/** One life of a composite, from the start to the last stop. */
export interface CompositeLife {
  readonly state: SupervisorState;
  readonly policy: Policy;
  /** In force, on their way in, and on their way out; by age. */
  readonly children: readonly Child[];
  /** Who is in force, in the order in which they are started. */
  readonly order: readonly number[];
  readonly recoveries: readonly Recovery[];
  readonly change: Change | undefined;
  /** The newest membership that has to wait for the change. */
  readonly next: Membership | undefined;
  /** Reloads that have to wait for the change. */
  readonly reloads: readonly symbol[];
  /** Whether a membership has been heard of. */
  readonly informed: boolean;
  readonly nextId: number;
  readonly stopOptions: StopOptions | undefined;
  readonly error: CompositeError | undefined;
  readonly abandoned: readonly string[];
  readonly failedToStop: readonly string[];
}

/** Something that happened; `id` is that of the child it happened to. */
export type CompositeEvent =
  | { readonly type: 'begin' | 'silence' }
  | { readonly type: 'members'; readonly membership: Membership }
  | { readonly type: 'malformed'; readonly revision: number; readonly error: MembersError }
  | { readonly type: 'sourceFailed'; readonly cause: unknown }
  | { readonly type: 'uninformed'; readonly afterMs: number }
  | { readonly type: 'told'; readonly id: number; readonly state: string }
  | { readonly type: 'running'; readonly id: number; readonly canConfigure: boolean; readonly canReload: boolean }
  | { readonly type: 'stopping'; readonly id: number }
  | Gone
  | { readonly type: 'due'; readonly id: number }
  | { readonly type: 'taken'; readonly step: ChangeStep }
  | { readonly type: 'refused'; readonly step: ChangeStep; readonly cause: unknown }
  | { readonly type: 'shutdownOverdue' | 'left'; readonly afterMs: number }
  | { readonly type: 'stop'; readonly options?: StopOptions | undefined }
  | { readonly type: 'reload'; readonly request: symbol };

/** A child is no more: what it held has been let go of, or was given up on. */
export interface Gone {
  readonly type: 'gone';
  readonly id: number;
  /** What it failed with; nothing when it ended by itself or was told to. */
  readonly error: RunnableError | StartTimeoutError | undefined;
  readonly abandoned: boolean;
  readonly failedToStop: boolean;
  readonly atMs: number;
  /** A number in `[0, 1)` that spreads the wait before it comes back. */
  readonly random: number;
}

/** Something to do. */
export type CompositeEffect =
  | { readonly type: 'follow' }
  | { readonly type: 'launch'; readonly id: number; readonly member: CompositeMember }
  | { readonly type: 'halt'; readonly id: number; readonly options: StopOptions | undefined }
  | { readonly type: 'wait'; readonly id: number; readonly delayMs: number }
  /** Ends this life once everything before has been heard. */
  | { readonly type: 'leave'; readonly afterMs: number }
  | {
      readonly type: 'tell';
      readonly step: ChangeStep;
      readonly id: number;
      readonly member: CompositeMember;
      readonly how: 'configure' | 'reload';
    }
  | { readonly type: 'settle'; readonly outcome: CompositeOutcome; readonly membership?: Membership }
  | { readonly type: 'reloaded'; readonly requests: readonly symbol[]; readonly failures: readonly ChildFailure[] }
  | LogEffect;

/** The life that follows, and what to do in which order. */
export type CompositeDecision = Decided<CompositeLife, CompositeEffect>;

/** What is known before anything has been started. */
export const newCompositeLife = (policy: Policy): CompositeLife => ({
  state: 'New',
  policy,
  children: [],
  order: [],
  recoveries: [],
  change: undefined,
  next: undefined,
  reloads: [],
  informed: false,
  nextId: 1,
  stopOptions: undefined,
  error: undefined,
  abandoned: [],
  failedToStop: [],
});

/** A child nobody has started yet. */
export const newChild = (id: number, member: CompositeMember): Child => ({
  id,
  member,
  standing: 'down',
  asked: false,
  state: 'New',
  canConfigure: false,
  canReload: false,
  crashes: [],
  restarts: 0,
  error: undefined,
});

/** The child of that id, while there is one. */
export const childOf = (life: CompositeLife, id: number): Child | undefined =>
  life.children.find((child) => child.id === id);

/** Those in force, in order. */
export const inForce = (life: CompositeLife): readonly Child[] =>
  life.order.flatMap((id) => life.children.filter((child) => child.id === id));

/** Whether there is something to stop, or something that is stopping. */
export const isHeld = ({ standing }: Child): boolean =>
  standing === 'starting' || standing === 'up' || standing === 'stopping';

/** The same life with one child changed. */
export const withChild = (life: CompositeLife, id: number, change: Partial<Child>): CompositeLife => ({
  ...life,
  children: life.children.map((child) => (child.id === id ? { ...child, ...change } : child)),
});

/** Starts a child. */
export const launch = (life: CompositeLife, child: Child): CompositeDecision => ({
  life: withChild(life, child.id, { standing: 'starting', asked: false }),
  effects: [{ type: 'launch', id: child.id, member: child.member }],
});

/** Tells a child to stop; one that is at it already is not told again. */
export const halt = (life: CompositeLife, child: Child): CompositeDecision => ({
  life: withChild(life, child.id, { standing: 'stopping', asked: true }),
  effects: child.standing === 'stopping' ? [] : [{ type: 'halt', id: child.id, options: life.stopOptions }],
});
