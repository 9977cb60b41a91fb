import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { isGivenUp } from '../../lib/workers/slot-state.ts';
import { judgeRun, judgeStart, type SlotFacts } from '../../lib/workers/verdict.ts';

const facts: fc.Arbitrary<SlotFacts> = fc.record({
  state: fc.constantFrom('starting', 'active', 'stopping', 'stopped', 'crashed', 'respawning', 'disabled'),
  isPending: fc.boolean(),
  wasActive: fc.boolean(),
  hasEnded: fc.boolean(),
});
const slots = fc.array(facts, { minLength: 1, maxLength: 8 });

describe('a start', () => {
  test('fails only when every slot has lost its first process and none was ever active', () => {
    fc.assert(
      fc.property(slots, (all) => {
        const nobody = all.every(({ wasActive, hasEnded }) => !wasActive && hasEnded);
        expect(judgeStart(all) === 'failed').toBe(nobody);
      }),
    );
  });

  test('waits for exactly those of whom nothing was heard', () => {
    fc.assert(
      fc.property(slots, (all) => {
        const silent = all.some(({ wasActive, hasEnded }) => !wasActive && !hasEnded);
        expect(judgeStart(all) === 'waiting').toBe(silent);
      }),
    );
  });
});

describe('workers that run', () => {
  test('do so while one is not given up, or is to get another chance', () => {
    fc.assert(
      fc.property(slots, (all) => {
        const some = all.some(({ state, isPending }) => isPending || !isGivenUp(state));
        expect(judgeRun(all) === 'running').toBe(some);
      }),
    );
  });

  test('have failed when one of them did', () => {
    const done = { isPending: false, wasActive: true, hasEnded: true };
    expect(judgeRun([{ ...done, state: 'stopped' }])).toBe('finished');
    expect(
      judgeRun([
        { ...done, state: 'stopped' },
        { ...done, state: 'disabled' },
      ]),
    ).toBe('failed');
  });
});
