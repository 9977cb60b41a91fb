import { andThen, keep } from './decision.ts';
import { RunnableError, StartTimeoutError } from './errors.ts';
import { type Decision, type Life, log, type Member, take, withMember } from './life.ts';
import { fail, stop } from './life-shutdown.ts';

/** The next in line, or all are started. */
export const startNext = (life: Life): Decision => {
  const index = life.members.findIndex((member) => member.standing === 'waiting');
  const member = life.members[index];
  if (member === undefined) return allStarted(life);
  return andThen({ life, effects: [log('debug', `starting ${member.name}`)] }, (starting) =>
    take(withMember(starting, index, { standing: 'calling' }), { type: 'start', index }),
  );
};

const allStarted = (life: Life): Decision =>
  allEnded(life) ? allDone(life) : { life: { ...life, state: 'Running', step: undefined }, effects: [] };

/** Nothing is left to look after. */
const allDone = (life: Life): Decision => stop(life, undefined);

const allEnded = (life: Life): boolean => life.members.every((member) => member.standing === 'ended');

/** `state$` emitted. */
export const heard = (life: Life, index: number, state: string, cause: unknown): Decision =>
  onMember(life, index, (member) => {
    const states = member.state === state ? life.states : { ...life.states, [member.name]: state };
    const fresh = member.standing !== 'waiting';
    return judge({ ...withMember(life, index, { state, cause, fresh }), states }, index);
  });

/** `state$` completed: an end, unless it had nothing to tell from the beginning. */
export const fellSilent = (life: Life, index: number): Decision =>
  onMember(life, index, (member) => {
    if (member.standing === 'waiting') return keep(withMember(life, index, { silent: 'before' }));
    return judge(withMember(life, index, { silent: 'since' }), index);
  });

/** `state$` errored. */
export const broke = (life: Life, index: number, cause: unknown): Decision =>
  onMember(life, index, (member) => {
    if (member.standing === 'waiting') return keep(withMember(life, index, { silent: 'broken' }));
    if (member.standing === 'ended' || member.standing === 'failed') return keep(life);
    return fail(life, index, new RunnableError(member.name, phaseOf(member), { cause }));
  });

/**
 * `start()` has returned. What was heard in between counts now: a runnable that said `Running` and then threw must not
 * have let the next one start.
 */
export const called = (life: Life, index: number): Decision =>
  onMember(life, index, (member) => {
    if (member.standing !== 'calling') return keep(life);
    const starting = withMember(life, index, { standing: 'starting' });
    // Its `state$` told the end of an earlier life and completed or broke; subscribing again is how to hear of this one.
    if (member.silent === 'broken' || (member.silent === 'before' && member.state !== 'Running')) {
      return { life: withMember(starting, index, { silent: undefined }), effects: [{ type: 'observe', index }] };
    }
    return judge(starting, index);
  });

/** The promise of `start()` rejected, or the call threw: a failure however long ago it was started. */
export const startRejected = (life: Life, index: number, cause: unknown): Decision =>
  onMember(life, index, (member) =>
    ['calling', 'starting', 'up'].includes(member.standing)
      ? fail(life, index, new RunnableError(member.name, phaseOf(member), { cause }))
      : keep(life),
  );

/** Not `Running` in time. */
export const startOverdue = (life: Life, index: number, afterMs: number): Decision =>
  onMember(life, index, (member) => fail(life, index, new StartTimeoutError(member.name, afterMs, member.state)));

/** What its state means for a runnable whose `start()` has returned. */
const judge = (life: Life, index: number): Decision =>
  onMember(life, index, (member) => {
    if (member.standing !== 'starting' && member.standing !== 'up') return keep(life);
    if (member.fresh && member.state === 'Error') {
      return fail(life, index, new RunnableError(member.name, phaseOf(member), causedBy(member.cause)));
    }
    if (member.silent === 'since' || (member.fresh && member.state === 'Stopped')) return ended(life, index, member);
    if (member.standing === 'starting' && member.state === 'Running') return ready(life, index, member);
    return keep(life);
  });

const ready = (life: Life, index: number, member: Member): Decision =>
  andThen(
    { life: withMember(life, index, { standing: 'up' }), effects: [log('info', `${member.name} is running`)] },
    startNext,
  );

/** It ended by itself, which is no failure: the others stay. */
const ended = (life: Life, index: number, member: Member): Decision => {
  const left = withMember(life, index, { standing: 'ended' });
  const first = { life: left, effects: [log('info', `${member.name} has ended`)] };
  if (life.state === 'Stopping') return first;
  if (life.state === 'Booting') return life.step?.index === index ? andThen(first, startNext) : first;
  return allEnded(left) ? andThen(first, allDone) : first;
};

const phaseOf = (member: Member): 'start' | 'run' =>
  member.standing === 'calling' || member.standing === 'starting' ? 'start' : 'run';

const causedBy = (cause: unknown): ErrorOptions | undefined => (cause === undefined ? undefined : { cause });

const onMember = (life: Life, index: number, decision: (member: Member) => Decision): Decision => {
  const member = life.members[index];
  return member === undefined ? keep(life) : decision(member);
};
