import { andThen } from './decision.ts';
import { type Decision, type Effect, type Life, log, take } from './life.ts';

/** Somebody wants configurations read again. One reload at a time, and none while starting or stopping. */
export const reload = (life: Life, request: symbol): Decision => {
  if (life.state !== 'Running') return { life, effects: [log('info', `reload ignored while ${life.state}`)] };
  const decision = reloadNext({ ...life, state: 'Reloading', reload: request }, 0);
  return decision.effects.length > 0 ? decision : { life, effects: [log('info', 'nothing to reload')] };
};

/** The next that can, in the order they were started. */
export const reloadNext = (life: Life, from: number): Decision => {
  const index = life.members.findIndex((member, at) => at >= from && member.canReload && member.standing === 'up');
  const member = life.members[index];
  if (member === undefined)
    return { life: { ...life, state: 'Running', step: undefined, reload: undefined }, effects: [] };
  return andThen({ life, effects: [log('info', `reloading ${member.name}`)] }, (reloading) =>
    take(reloading, { type: 'reload', index }),
  );
};

/** A configuration that could not be read again is no reason to stop serving the one that runs. */
export const reloadRejected = (life: Life, index: number, cause: unknown): Decision =>
  goOn(life, index, log('error', `runnable ${life.members[index]?.name} failed to reload`, cause));

/** Nor is one that takes too long: it may still get there. */
export const reloadOverdue = (life: Life, index: number, afterMs: number): Decision =>
  goOn(life, index, log('warn', `gave up on reloading ${life.members[index]?.name} after ${afterMs} ms`));

const goOn = (life: Life, index: number, effect: Effect): Decision =>
  andThen({ life, effects: [effect] }, (left) => reloadNext(left, index + 1));
