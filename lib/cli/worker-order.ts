import { nearest } from '../config/nearest.ts';
import type { WorkersCount } from '../config/workers-config.ts';
import { MOST_WORKERS } from '../config/workers-config.ts';

/** What `sluice workers` is asked to do. */
export type WorkerOrder =
  | { readonly type: 'list' }
  | { readonly type: 'restart' }
  | { readonly type: 'scale'; readonly count: WorkersCount }
  | { readonly type: 'enable'; readonly slot: number }
  /** It was not understood. */
  | { readonly type: 'wrong'; readonly message: string; readonly hint: string };

export const WORKER_VERBS = ['restart', 'scale', 'enable'];

/** How it is called. */
export const WORKERS_USAGE = '[restart | scale <count> | enable <slot>]';

/** Reads what stands behind `sluice workers`. Pure. */
export const readWorkerOrder = ([verb, operand, ...more]: readonly string[]): WorkerOrder => {
  if (more[0] !== undefined) return wrong(`too many words: ${JSON.stringify(more[0])}`, 'leave it out');
  switch (verb) {
    case undefined:
      return { type: 'list' };
    case 'restart':
      return operand === undefined
        ? { type: 'restart' }
        : wrong(`restart takes no operand such as ${JSON.stringify(operand)}`, 'all workers are replaced, one by one');
    case 'scale': {
      const count = readCount(operand ?? '');
      return count === undefined
        ? wrong(`scale to how many?${notThat(operand)}`, COUNT_HINT)
        : { type: 'scale', count };
    }
    case 'enable':
      return /^\d{1,4}$/.test(operand ?? '')
        ? { type: 'enable', slot: Number(operand) }
        : wrong(`enable which worker?${notThat(operand)}`, 'write its number, which sluice workers shows');
    default: {
      const near = nearest(verb, WORKER_VERBS);
      const hint = near === undefined ? `known are ${WORKER_VERBS.join(', ')}` : `did you mean ${near}?`;
      return wrong(`workers cannot ${JSON.stringify(verb)}`, hint);
    }
  }
};

const wrong = (message: string, hint: string): WorkerOrder => ({ type: 'wrong', message, hint });

const notThat = (operand: string | undefined): string =>
  operand === undefined ? '' : ` not ${JSON.stringify(operand)}`;

export const COUNT_HINT = `write a number from 1 to ${MOST_WORKERS}, auto or physical`;

/** How many workers `4`, `auto` and `physical` are; `undefined` for anything else. Pure. */
export const readCount = (text: string): WorkersCount | undefined => {
  if (text === 'auto' || text === 'physical') return text;
  const count = /^\d{1,4}$/.test(text) ? Number(text) : 0;
  return count >= 1 && count <= MOST_WORKERS ? count : undefined;
};
