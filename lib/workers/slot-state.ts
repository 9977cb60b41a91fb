import type { WorkerState } from './worker-state.ts';

/**
 * Which state of a slot may follow which; nothing else happens.
 *
 * - A process that is ready makes it `active`, whatever it was before: its first one, one that came back, or one that
 *   took over from a process that was already leaving.
 * - An end that nobody asked for leads to `crashed`, and from there to `respawning` or `disabled`, or nowhere when it is
 *   not to come back. One without a failure leads to `respawning` at once, or to `stopped`.
 * - Only `enable` and the cool-down lead out of `disabled`.
 */
export const SLOT_TRANSITIONS: Readonly<Record<WorkerState, readonly WorkerState[]>> = {
  starting: ['active', 'stopping', 'stopped', 'crashed', 'respawning'],
  active: ['stopping', 'stopped', 'crashed', 'respawning'],
  stopping: ['active', 'stopped', 'crashed', 'respawning'],
  stopped: ['starting'],
  crashed: ['respawning', 'disabled', 'starting'],
  respawning: ['active', 'stopping', 'stopped', 'crashed'],
  disabled: ['starting'],
};

/** Whether `to` may follow `from`. */
export const mayFollow = (from: WorkerState, to: WorkerState): boolean => SLOT_TRANSITIONS[from].includes(to);

/** Nothing is done for the slot any more unless somebody, or a timer, gives it another chance. */
export const isGivenUp = (state: WorkerState): boolean =>
  state === 'stopped' || state === 'crashed' || state === 'disabled';
