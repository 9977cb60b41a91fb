import { andThen } from './decision.ts';
import { type Decision, type Effect, type Life, log, type Member, type Round, take } from './life.ts';

/** Somebody wants configurations read again, or what runs replaced. One round at a time, none while starting or stopping. */
export const beginRound = (life: Life, round: Round, request: symbol): Decision => {
  if (life.state !== 'Running') return { life, effects: [log('info', `${round} ignored while ${whatIsOn(life)}`)] };
  const decision = roundNext({ ...life, state: 'Reloading', request }, round, 0);
  return decision.effects.length > 0 ? decision : { life, effects: [log('info', `nothing to ${round}`)] };
};

/** A restart shows as `Reloading` too; who asks for one more is told what it is. */
const whatIsOn = ({ state, step }: Life): string => (step?.type === 'restart' ? 'restarting' : state);

/** The next that can, in the order they were started. */
export const roundNext = (life: Life, round: Round, from: number): Decision => {
  const index = life.members.findIndex((member, at) => at >= from && can(member, round) && member.standing === 'up');
  const member = life.members[index];
  if (member === undefined)
    return { life: { ...life, state: 'Running', step: undefined, request: undefined }, effects: [] };
  return andThen({ life, effects: [log('info', `${round}ing ${member.name}`)] }, (busy) =>
    take(busy, { type: round, index }),
  );
};

const can = (member: Member, round: Round): boolean => (round === 'reload' ? member.canReload : member.canRestart);

/** What could not be read again, or replaced, is no reason to stop serving with what runs. */
export const roundRejected = (life: Life, round: Round, index: number, cause: unknown): Decision =>
  goOn(life, round, index, log('error', `runnable ${life.members[index]?.name} failed to ${round}`, cause));

/** Nor is what takes too long: it may still get there. */
export const roundOverdue = (life: Life, round: Round, index: number, afterMs: number): Decision =>
  goOn(life, round, index, log('warn', `gave up on ${round}ing ${life.members[index]?.name} after ${afterMs} ms`));

const goOn = (life: Life, round: Round, index: number, effect: Effect): Decision =>
  andThen({ life, effects: [effect] }, (left) => roundNext(left, round, index + 1));
