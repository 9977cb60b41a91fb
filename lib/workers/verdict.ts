import { isGivenUp } from './slot-state.ts';
import type { WorkerState } from './worker-state.ts';

/** One slot, as far as it decides what all of them together are. */
export interface SlotFacts {
  readonly state: WorkerState;
  /** A timer will give it a process. */
  readonly isPending: boolean;
  /** One of its processes has been ready. */
  readonly wasActive: boolean;
  /** One of its processes has ended. */
  readonly hasEnded: boolean;
}

/** What a start has come to: `running` as soon as nobody is waited for any more, `failed` when nobody could be started. */
export type StartVerdict = 'waiting' | 'running' | 'failed';

/**
 * Judges a start. Every slot has one process to become active with; whose process ends before that is left to the rules
 * for crashes, and not waited for.
 */
export const judgeStart = (slots: readonly SlotFacts[]): StartVerdict => {
  if (slots.some(({ wasActive, hasEnded }) => !wasActive && !hasEnded)) return 'waiting';
  return slots.some(({ wasActive }) => wasActive) ? 'running' : 'failed';
};

/** What has become of workers that ran: `finished` when all have ended without a failure. */
export type RunVerdict = 'running' | 'finished' | 'failed';

/** Judges workers that run: as long as one has a process, or is to get one, they do. */
export const judgeRun = (slots: readonly SlotFacts[]): RunVerdict => {
  if (slots.some(({ state, isPending }) => isPending || !isGivenUp(state))) return 'running';
  return slots.every(({ state }) => state === 'stopped') ? 'finished' : 'failed';
};
