import {
  type Child,
  type CompositeDecision,
  type CompositeEffect,
  type CompositeError,
  type CompositeLife,
  halt,
  inForce,
  isHeld,
  withChild,
} from './composite-life.ts';
import { andThen, keep } from './decision.ts';
import { log, type StopOptions } from './life.ts';

/** Somebody wants it to end: whatever else was going on is not any more. */
export const stopAll = (life: CompositeLife, options: StopOptions | undefined): CompositeDecision => {
  if (life.state === 'Stopping') return keep(life);
  const cancelled = [life.change?.membership, life.next].flatMap((membership): readonly CompositeEffect[] =>
    membership === undefined
      ? []
      : [{ type: 'settle', outcome: { status: 'cancelled', revision: membership.revision } }],
  );
  const requests = [...(life.change?.reloads ?? []), ...life.reloads];
  const forgotten: readonly CompositeEffect[] =
    requests.length > 0 ? [{ type: 'reloaded', requests, failures: life.change?.failed ?? [] }] : [];
  return andThen<CompositeLife, CompositeEffect>(
    {
      life: {
        ...life,
        state: 'Stopping',
        recoveries: [],
        change: undefined,
        next: undefined,
        reloads: [],
        stopOptions: options,
        // What took too long before is in the outcome of its change.
        abandoned: [],
        failedToStop: [],
      },
      effects: [...cancelled, ...forgotten],
    },
    stopNext,
  );
};

/** Nothing more can be done: all are stopped, and this is why. */
export const fail = (life: CompositeLife, error: CompositeError): CompositeDecision => {
  if (life.state === 'Stopping') return keep(life);
  return andThen<CompositeLife, CompositeEffect>(
    { life: { ...life, error }, effects: [log('error', error.message, error.cause)] },
    (failed) => stopAll(failed, undefined),
  );
};

/** The last that was started is the first to stop, one at a time. */
export const stopNext = (life: CompositeLife): CompositeDecision => {
  const child = toStop(life)[0];
  if (child === undefined) return finish(life);
  return child.standing === 'stopping' && child.asked ? keep(life) : halt(life, child);
};

/** What is on its way in or out was started, or replaced, after all that are in force. */
const toStop = (life: CompositeLife): readonly Child[] => {
  const others = life.children.filter((child) => !life.order.includes(child.id));
  return [...inForce(life), ...others].filter(isHeld).toReversed();
};

/** No time is left: what still waits for its turn is told to stop too. */
export const shutdownOverdue = (life: CompositeLife, afterMs: number): CompositeDecision => {
  const told = toStop(life).reduce<CompositeDecision>(
    (decision, child) => andThen(decision, (left) => halt(left, child)),
    keep(life),
  );
  // Later, because a child is told by its own life, which ends with this one.
  return { life: told.life, effects: [...told.effects, { type: 'leave', afterMs }] };
};

/** They have been told, and nobody waits for the answer. */
export const leave = (life: CompositeLife, afterMs: number): CompositeDecision => {
  const left = toStop(life);
  const names = left.map(({ member }) => member.name);
  const effects = names.map((name) => log('warn', `gave up on stopping ${name}: stopping all took ${afterMs} ms`));
  const ended = left.reduce((stopped, { id }) => withChild(stopped, id, { standing: 'down' }), life);
  return andThen<CompositeLife, CompositeEffect>(
    { life: { ...ended, abandoned: [...ended.abandoned, ...names] }, effects },
    finish,
  );
};

/** The end of this life. */
const finish = (life: CompositeLife): CompositeDecision =>
  keep({ ...life, state: life.error === undefined ? 'Stopped' : 'Error' });
