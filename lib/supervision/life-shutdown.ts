import { andThen, keep } from './decision.ts';
import type { RunnableError, StartTimeoutError } from './errors.ts';
import { type Decision, type Life, log, type Member, type StopOptions, take, withMember } from './life.ts';

/**
 * What is told to stop: all that was started, whatever became of it, unless it said that it is `Stopped`. A `state$`
 * that merely completed leaves open what is still held.
 */
const isHeld = ({ standing, state }: Member): boolean =>
  standing === 'ended' ? state !== 'Stopped' : ['calling', 'starting', 'up', 'failed'].includes(standing);

/** Somebody wants it to end. What has not been started by now never will be. */
export const stop = (life: Life, options: StopOptions | undefined): Decision => {
  if (life.state === 'New') return finish(life);
  if (life.state === 'Stopping') return keep(life);
  return stopNext({ ...life, state: 'Stopping', request: undefined, stopOptions: options });
};

/** One failed: the rest is stopped, and this is why. A failure while stopping changes nothing any more. */
export const fail = (life: Life, index: number, error: RunnableError | StartTimeoutError): Decision => {
  if (life.state === 'Stopping')
    return { life, effects: [log('warn', `${error.message} while stopping`, error.cause)] };
  return andThen(
    {
      life: { ...withMember(life, index, { standing: 'failed' }), error },
      effects: [log('error', error.message, error.cause)],
    },
    (failed) => stop(failed, undefined),
  );
};

/** The last that was started is the first to stop. */
export const stopNext = (life: Life): Decision => {
  const index = life.members.findLastIndex(isHeld);
  const member = life.members[index];
  if (member === undefined) return finish(life);
  return andThen({ life, effects: [log('debug', `stopping ${member.name}`)] }, (stopping) =>
    take(withMember(stopping, index, { standing: 'stopping' }), { type: 'stop', index }, life.stopOptions),
  );
};

/** It let go of what it had. */
export const stopped = (life: Life, index: number): Decision =>
  andThen(
    {
      life: withMember(life, index, { standing: 'stopped' }),
      effects: [log('info', `stopped ${nameOf(life, index)}`)],
    },
    stopNext,
  );

/** It has been told and did what it could; nobody can do more for it. */
export const failedToStop = (life: Life, index: number, cause: unknown): Decision => {
  const name = nameOf(life, index);
  return andThen(
    {
      life: { ...withMember(life, index, { standing: 'stopped' }), failedToStop: [...life.failedToStop, name] },
      effects: [log('error', `runnable ${name} failed to stop`, cause)],
    },
    stopNext,
  );
};

/** It took too long and is left to itself; the time of the next starts now. */
export const stopOverdue = (life: Life, index: number, afterMs: number): Decision =>
  andThen(abandon(life, index, ` after ${afterMs} ms`), stopNext);

/** No time is left: what still waits for its turn is told to stop too, and nobody waits for the answer. */
export const shutdownOverdue = (life: Life, afterMs: number): Decision => {
  const why = `: stopping all took ${afterMs} ms`;
  const stopping = life.members.findIndex((member) => member.standing === 'stopping');
  const waiting = life.members.flatMap((member, index) => (isHeld(member) ? [index] : [])).toReversed();
  const first = stopping === -1 ? keep(life) : abandon(life, stopping, why);
  const all = waiting.reduce(
    (decision, index) =>
      andThen(
        andThen(decision, (left) => take(left, { type: 'stop', index }, life.stopOptions)),
        (told) => abandon(told, index, why),
      ),
    first,
  );
  return andThen(all, finish);
};

const abandon = (life: Life, index: number, why: string): Decision => {
  const name = nameOf(life, index);
  return {
    life: { ...withMember(life, index, { standing: 'abandoned' }), abandoned: [...life.abandoned, name] },
    effects: [log('warn', `gave up on stopping ${name}${why}`)],
  };
};

/** The end of this life. */
const finish = (life: Life): Decision => ({
  life: { ...life, state: life.error === undefined ? 'Stopped' : 'Error', step: undefined, request: undefined },
  effects: [],
});

const nameOf = (life: Life, index: number): string => life.members[index]?.name ?? '';
