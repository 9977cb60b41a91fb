import { arrived, changeTo, goOn, isIncoming, refuse, refused, reloadAll, taken } from './composite-change.ts';
import {
  type Child,
  type CompositeDecision,
  type CompositeEffect,
  type CompositeEvent,
  type CompositeLife,
  childOf,
  type Gone,
  withChild,
} from './composite-life.ts';
import { due, lost, recover } from './composite-recovery.ts';
import { fail, leave, shutdownOverdue, stopAll, stopNext } from './composite-shutdown.ts';
import { andThen, keep } from './decision.ts';
import { MembersError, RunnableError } from './errors.ts';
import { log } from './life.ts';
import { isFinal } from './lives.ts';
import { comesBack } from './restart-strategy.ts';

/**
 * What follows from an event: the next life, and what to do about it, in order.
 *
 * Everything a composite decides is decided here and in the other files named `composite-…`; nothing in them waits,
 * calls or reads a clock. Events about what is not there any more change nothing.
 */
export const decideComposite = (life: CompositeLife, event: CompositeEvent): CompositeDecision => {
  if (isFinal(life.state)) return keep(life);
  switch (event.type) {
    case 'begin':
      return life.state === 'New' ? { life: { ...life, state: 'Booting' }, effects: [{ type: 'follow' }] } : keep(life);
    case 'members':
      return changeTo(life, event.membership);
    case 'silence':
      // A source that ends without a word means that there are none.
      return life.informed ? keep(life) : changeTo(life, { revision: 0, members: [] });
    case 'malformed':
      return malformed(life, event.revision, event.error);
    case 'sourceFailed':
      return sourceFailed(life, event.cause);
    case 'uninformed':
      return uninformed(life, [`there were none within ${event.afterMs} ms`]);
    case 'told':
      return keep(withChild(life, event.id, { state: event.state }));
    case 'running':
      return running(life, event);
    case 'stopping':
      return keep(withChild(life, event.id, { standing: 'stopping' }));
    case 'gone':
      return gone(life, event);
    case 'due':
      return due(life, event.id);
    case 'taken':
      return taken(life, event.step);
    case 'refused':
      return refused(life, event.step, event.cause);
    case 'shutdownOverdue':
      return life.state === 'Stopping' ? shutdownOverdue(life, event.afterMs) : keep(life);
    case 'left':
      return leave(life, event.afterMs);
    case 'stop':
      return life.state === 'New' ? keep({ ...life, state: 'Stopped' }) : stopAll(life, event.options);
    case 'reload':
      return reloadAll(life, event.request);
  }
};

const malformed = (life: CompositeLife, revision: number, error: MembersError): CompositeDecision => {
  const told: CompositeDecision = {
    life: { ...life, informed: true },
    effects: [
      log('error', error.message, error.cause),
      { type: 'settle', outcome: { status: 'rejected', revision, error } },
    ],
  };
  return life.informed ? told : andThen(told, (left) => fail(left, error));
};

/** Those that run stay. */
const sourceFailed = (life: CompositeLife, cause: unknown): CompositeDecision =>
  life.informed
    ? { life, effects: [log('error', `the source of the members of ${life.policy.name} failed; they stay`, cause)] }
    : uninformed(life, ['their source failed'], { cause });

const uninformed = (life: CompositeLife, problems: readonly string[], options?: ErrorOptions): CompositeDecision =>
  life.informed ? keep(life) : fail(life, new MembersError(life.policy.name, problems, options));

type EventOf<T extends CompositeEvent['type']> = Extract<CompositeEvent, { readonly type: T }>;

const running = (life: CompositeLife, { id, canConfigure, canReload }: EventOf<'running'>): CompositeDecision => {
  const child = childOf(life, id);
  // Told to stop in the meantime, it is not up any more.
  if (child?.standing !== 'starting') return keep(life);
  const up = withChild(life, id, { standing: 'up', canConfigure, canReload });
  return andThen<CompositeLife, CompositeEffect>(arrived(up, id, 'start'), recover);
};

const gone = (life: CompositeLife, event: Gone): CompositeDecision => {
  const child = childOf(life, event.id);
  if (child === undefined) return keep(life);
  const { name, restart = 'permanent' } = child.member;
  const names = (list: readonly string[], isIn: boolean): readonly string[] => (isIn ? [...list, name] : list);
  const left: CompositeLife = {
    ...withChild(life, child.id, {
      // Stopped with others, a temporary one has had its time.
      standing: child.asked && restart !== 'temporary' ? 'down' : 'ended',
      asked: false,
      error: event.error,
    }),
    abandoned: names(life.abandoned, event.abandoned),
    failedToStop: names(life.failedToStop, event.failedToStop),
  };
  if (life.state === 'Stopping') return stopNext(left);
  if (child.asked) {
    const { change } = left;
    const told =
      change === undefined
        ? left
        : { ...left, change: { ...change, abandoned: names(change.abandoned, event.abandoned) } };
    return andThen(arrived(told, child.id, 'stop'), recover);
  }
  return life.order.includes(child.id) ? lostInForce(left, child, event) : lostOnTheWay(left, child, event);
};

/** What a change waits for from this child will not come; what becomes of the child is another matter. */
const lostInForce = (life: CompositeLife, child: Child, event: Gone): CompositeDecision =>
  andThen(lost(life, child, event), (left) => {
    const step = left.change?.current;
    if (step === undefined || step.type === 'commit' || step.id !== child.id) return keep(left);
    return step.type === 'configure' || step.type === 'reload'
      ? refused(left, step, event.error ?? new RunnableError(child.member.name, 'end'))
      : goOn(left);
  });

/** One that does its thing and ends may be a member too; one that is to run has failed. */
const lostOnTheWay = (life: CompositeLife, child: Child, event: Gone): CompositeDecision => {
  // On its way out: that it need not be told to stop is seen when it is its turn.
  if (!isIncoming(life, child.id)) return keep(life);
  const { restart = 'permanent' } = child.member;
  const isDone = event.error === undefined && !comesBack(restart, 'ended');
  return isDone ? arrived(life, child.id, 'start') : refuse(life, child, event.error);
};
