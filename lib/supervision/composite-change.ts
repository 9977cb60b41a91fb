import {
  type Change,
  type ChangeStep,
  type Child,
  type CompositeDecision,
  type CompositeEffect,
  type CompositeLife,
  childOf,
  halt,
  inForce,
  isHeld,
  launch,
  type Membership,
  withChild,
} from './composite-life.ts';
import type { CompositeOutcome } from './composite-outcome.ts';
import { isRecovering, withoutRecovery } from './composite-recovery.ts';
import { fail } from './composite-shutdown.ts';
import { membershipChange, reloadChange } from './composite-steps.ts';
import { andThen, keep } from './decision.ts';
import { RunnableError, type StartTimeoutError } from './errors.ts';
import { log } from './life.ts';
import { comesBack } from './restart-strategy.ts';

/** Somebody wants the composite to be made of something else. While a change is on its way, the newest one waits. */
export const changeTo = (life: CompositeLife, membership: Membership): CompositeDecision => {
  const informed = { ...life, informed: true };
  if (life.state === 'Stopping') return { life, effects: [settle('cancelled', membership)] };
  if (life.change === undefined) return begin(informed, membership);
  const superseded = life.next === undefined ? [] : [settle('superseded', life.next)];
  return { life: { ...informed, next: membership }, effects: superseded };
};

/** Somebody wants configurations read again. Requests that come while a change is on its way share one reload. */
export const reloadAll = (life: CompositeLife, request: symbol): CompositeDecision => {
  if (life.state === 'Stopping') return { life, effects: [{ type: 'reloaded', requests: [request], failures: [] }] };
  const asked = { ...life, reloads: [...life.reloads, request] };
  return life.change === undefined && life.state !== 'Booting' ? beginReload(asked) : keep(asked);
};

const begin = (life: CompositeLife, membership: Membership): CompositeDecision => {
  const { change, newcomers, nextId } = membershipChange(life, membership);
  const state = life.state === 'Booting' ? 'Booting' : 'Reloading';
  return advance({ ...life, state, children: [...life.children, ...newcomers], nextId, change });
};

const beginReload = (life: CompositeLife): CompositeDecision =>
  advance({ ...life, state: 'Reloading', reloads: [], change: reloadChange(life) });

/** Takes steps until one has to be waited for, or none is left. */
export const advance = (life: CompositeLife): CompositeDecision => {
  const { change } = life;
  if (change === undefined || change.current !== undefined) return keep(life);
  const [step, ...todo] = change.todo;
  if (step === undefined) {
    const again = inForce(life)
      .filter(mayNotEnd)
      .map(({ id }) => ({ type: 'start', id }) as const);
    return again.length > 0 ? advance({ ...life, change: { ...change, todo: again } }) : finish(life, change);
  }
  const current = { ...change, todo, current: step };
  if (step.type === 'commit') return goOn(commit(life, current));
  const child = childOf(life, step.id);
  return child === undefined
    ? goOn({ ...life, change: current })
    : take({ ...life, change: current }, current, step, child);
};

/** One that was let end as what it was, and is something else now. */
const mayNotEnd = ({ standing, error, member: { restart = 'permanent' } }: Child): boolean =>
  standing === 'ended' && comesBack(restart, error === undefined ? 'ended' : 'failed');

/** The present step is done. */
export const goOn = (life: CompositeLife): CompositeDecision =>
  advance(life.change === undefined ? life : { ...life, change: { ...life.change, current: undefined } });

const take = (
  life: CompositeLife,
  change: Change,
  step: Exclude<ChangeStep, { readonly type: 'commit' }>,
  child: Child,
): CompositeDecision => {
  const { id } = child;
  switch (step.type) {
    case 'start': {
      if (isHeld(child)) return goOn(life);
      const undo = [{ type: 'stop', id } as const, ...change.undo];
      return launch({ ...life, change: { ...change, undo, started: [...change.started, child.member.name] } }, child);
    }
    case 'stop': {
      const wasUp = isHeld(child) || isRecovering(life, id);
      const undo = wasUp ? [{ type: 'start', id } as const, ...change.undo] : change.undo;
      const stopped = wasUp ? [...change.stopped, child.member.name] : change.stopped;
      const left = withoutRecovery({ ...life, change: { ...change, undo, stopped } }, id);
      return isHeld(child) ? halt(left, child) : goOn(left);
    }
    case 'configure':
      // One that is down and can only read again does so by starting.
      return child.canConfigure || child.standing === 'up'
        ? tell(life, step, child, child.canConfigure ? 'configure' : 'reload', step.member)
        : goOn(adopted(life, change, step.member, child));
    case 'reload':
      return child.canReload && child.standing === 'up' ? tell(life, step, child, 'reload', child.member) : goOn(life);
  }
};

const tell = (
  life: CompositeLife,
  step: ChangeStep,
  child: Child,
  how: 'configure' | 'reload',
  member: Child['member'],
): CompositeDecision => ({
  life,
  effects: [log('info', `reloading ${child.member.name}`), { type: 'tell', step, id: child.id, member, how }],
});

/** A child runs with what it was told. */
export const taken = (life: CompositeLife, step: ChangeStep): CompositeDecision =>
  onTold(life, step, (change, child) => {
    if (step.type === 'configure') return goOn(adopted(life, change, step.member, child));
    return goOn({ ...life, change: { ...change, reloaded: [...change.reloaded, child.member.name] } });
  });

const adopted = (life: CompositeLife, change: Change, member: Child['member'], child: Child): CompositeLife => ({
  ...withChild(life, child.id, { member }),
  change: { ...change, reloaded: [...change.reloaded, member.name] },
});

/** A child keeps what it had: that is no reason to stop it, and the others go on. */
export const refused = (life: CompositeLife, step: ChangeStep, cause: unknown): CompositeDecision =>
  onTold(life, step, (change, child) => {
    const { name } = child.member;
    // Everything but the config is the composite's own to go by.
    const { config, ...kept } = step.type === 'configure' ? step.member : child.member;
    const member = child.member.config === undefined ? kept : { ...kept, config: child.member.config };
    return andThen<CompositeLife, CompositeEffect>(
      {
        life: {
          ...withChild(life, child.id, { member }),
          change: { ...change, failed: [...change.failed, { child: name, cause }] },
        },
        effects: [log('error', `runnable ${name} failed to reload`, cause)],
      },
      goOn,
    );
  });

const onTold = (
  life: CompositeLife,
  step: ChangeStep,
  decide: (change: Change, child: Child) => CompositeDecision,
): CompositeDecision => {
  const child = step.type === 'commit' ? undefined : childOf(life, step.id);
  // Compared by identity: an answer that comes after its deadline is about a step that is over.
  if (life.change?.current !== step || child === undefined) return keep(life);
  return decide(life.change, child);
};

const commit = (life: CompositeLife, change: Change): CompositeLife => {
  const leaving = life.children.filter(({ id }) => !change.order.includes(id)).map(({ id }) => id);
  const left = withoutRecovery(life, ...leaving);
  return {
    ...left,
    order: change.order,
    children: left.children.map((child) => ({ ...child, member: change.adopted.get(child.id) ?? child.member })),
    // From here on nothing is undone.
    change: { ...change, undo: [] },
  };
};

/** Whether it is about to be in force, and is not yet: until then everything can be undone. */
export const isIncoming = (life: CompositeLife, id: number): boolean =>
  !life.order.includes(id) && life.change?.refusal === undefined && (life.change?.order.includes(id) ?? false);

/** Something on its way in failed: all that was done for it is undone; at the very start there is nothing to go back to. */
export const refuse = (
  life: CompositeLife,
  child: Child,
  error: RunnableError | StartTimeoutError | undefined,
): CompositeDecision => {
  const { change } = life;
  const { name } = child.member;
  const cause = error ?? new RunnableError(name, 'end');
  if (life.state === 'Booting') return fail(life, cause);
  if (change === undefined) return keep(life);
  // One that is stopping is waited for first: it may be the one that is started again.
  const waiting = change.current?.type === 'stop' ? [change.current] : [];
  const todo = [...waiting, ...change.undo];
  return advance({
    ...life,
    change: { ...change, current: undefined, todo, undo: [], refusal: { child: name, cause } },
  });
};

/** A child of the change has started, has ended, or is no more: what waited for that goes on. */
export const arrived = (life: CompositeLife, id: number, type: 'start' | 'stop'): CompositeDecision => {
  const step = life.change?.current;
  return step !== undefined && step.type === type && step.id === id ? goOn(life) : keep(life);
};

const finish = (life: CompositeLife, change: Change): CompositeDecision => {
  const gone = life.children.filter((child) => !life.order.includes(child.id) && !isHeld(child));
  const settled: CompositeLife = {
    ...life,
    state: 'Running',
    change: undefined,
    children: life.children.filter((child) => !gone.includes(child)),
  };
  const requests = change.reloads;
  const effects: readonly CompositeEffect[] =
    change.membership === undefined
      ? [{ type: 'reloaded', requests, failures: change.failed }]
      : outcomeEffects(life, change, change.membership);
  return andThen<CompositeLife, CompositeEffect>({ life: settled, effects }, nextInLine);
};

const nextInLine = (life: CompositeLife): CompositeDecision => {
  if (life.next !== undefined) return begin({ ...life, next: undefined }, life.next);
  return life.reloads.length > 0 ? beginReload(life) : keep(life);
};

const outcomeEffects = (life: CompositeLife, change: Change, membership: Membership): readonly CompositeEffect[] => {
  const { revision } = membership;
  const { started, stopped, reloaded, failed, abandoned, refusal } = change;
  const { name } = life.policy;
  if (refusal !== undefined) {
    return [
      log('error', `${name} keeps its members: ${refusal.child} cannot be started`, refusal.cause),
      { type: 'settle', outcome: { status: 'rolledBack', revision, ...refusal } },
    ];
  }
  const isUnchanged = started.length + stopped.length + reloaded.length + failed.length === 0;
  const outcome: CompositeOutcome =
    isUnchanged && life.state !== 'Booting'
      ? { status: 'unchanged', revision }
      : { status: 'committed', revision, started, stopped, reloaded, failed, abandoned };
  return [{ type: 'settle', outcome, membership }];
};

const settle = (status: 'cancelled' | 'superseded', { revision }: Membership): CompositeEffect => ({
  type: 'settle',
  outcome: { status, revision },
});
