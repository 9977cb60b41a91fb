import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { isGivenUp, mayFollow, SLOT_TRANSITIONS } from '../../lib/workers/slot-state.ts';
import type { WorkerState } from '../../lib/workers/worker-state.ts';

const states: readonly WorkerState[] = [
  'starting',
  'active',
  'stopping',
  'stopped',
  'crashed',
  'respawning',
  'disabled',
];
const state = fc.constantFrom(...states);

/** Everything that can follow, in any number of steps. */
const reachable = (from: WorkerState): ReadonlySet<WorkerState> => {
  const found = new Set<WorkerState>();
  const visit = (at: WorkerState): void => {
    for (const next of SLOT_TRANSITIONS[at]) {
      if (found.has(next)) continue;
      found.add(next);
      visit(next);
    }
  };
  visit(from);
  return found;
};

describe('states of a slot', () => {
  test('no state follows itself, and every state follows some other', () => {
    fc.assert(
      fc.property(state, (at) => {
        expect(mayFollow(at, at)).toBe(false);
        expect(states.some((before) => mayFollow(before, at))).toBe(true);
      }),
    );
  });

  test('from every state a slot can become active again, and can be stopped', () => {
    fc.assert(
      fc.property(state, (at) => {
        expect(reachable(at)).toContain('active');
        expect(reachable(at)).toContain('stopped');
      }),
    );
  });

  test('only who crashed is disabled, and who is disabled begins anew', () => {
    fc.assert(
      fc.property(state, (at) => {
        expect(mayFollow(at, 'disabled')).toBe(at === 'crashed');
        expect(mayFollow('disabled', at)).toBe(at === 'starting');
      }),
    );
  });

  test('nobody becomes active without a process that was started', () => {
    fc.assert(
      fc.property(state, (at) => {
        if (isGivenUp(at)) expect(mayFollow(at, 'active')).toBe(false);
      }),
    );
  });
});
